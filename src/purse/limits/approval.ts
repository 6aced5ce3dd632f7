import { NanoError } from "../../errors/index.js";
import type { Sleep } from "../../ledger/index.js";
import type { Track } from "../../protocol/index.js";
import { waitForEither } from "../waiting.js";

/** What a person, or a policy, is asked about before it is signed. */
export interface PaymentToApprove {
  /** undefined where the resource is not known, or no http URL. */
  readonly host: string | undefined;
  /** As the seller names it: show it as text. */
  readonly resource: string | undefined;
  readonly payTo: string;
  /** What leaves the account, the one raw that marks Track A included; `"0.01 XNO"` in words. */
  readonly amountRaw: bigint;
  readonly amount: string;
  readonly track: Track;
  /** Of the UTC day, without this payment; others that wait for an answer count. */
  readonly spentTodayRaw: bigint;
  /** Milliseconds since 1970: an answer after this is too late, the offer has run out. */
  readonly untilMs: number;
}

/** Only `true` is a yes. */
export type Approve = (payment: PaymentToApprove) => boolean | Promise<boolean>;

export interface ApprovalTools {
  readonly clock: () => number;
  readonly sleep: Sleep;
  readonly closing: AbortSignal;
}

/** Throws `approval_refused` for a no, an error of the callback's and an answer that did not come in time. */
export async function askApproval(approve: Approve, payment: PaymentToApprove, tools: ApprovalTools): Promise<void> {
  const { clock, sleep, closing } = tools;
  const verdict: { refusal: NanoError | undefined } = {
    refusal: refused(payment, "no answer came while the offer was good"),
  };
  const answered = (async () => approve(payment))().then(
    (answer: unknown) => {
      verdict.refusal = answer === true ? undefined : refused(payment, "the answer was no");
    },
    (error: unknown) => {
      verdict.refusal = refused(payment, "the question failed", error);
    },
  );
  await waitForEither(answered, payment.untilMs - clock(), sleep, closing);
  if (closing.aborted) throw new NanoError("purse_closed");
  if (verdict.refusal !== undefined) throw verdict.refusal;
}

function refused({ host = "unknown", payTo, amount, amountRaw }: PaymentToApprove, why: string, cause?: unknown) {
  return new NanoError("approval_refused", { why, amount, amountRaw: amountRaw.toString(), host, payTo }, cause);
}
