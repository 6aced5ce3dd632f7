import { type BlockHash, blake2b, bytesToHex, type PublicKey } from "../nano/index.js";
import { type Payment, type Refusal, refuse, spokenChallenge } from "../protocol/index.js";
import type { EntryKey } from "../store/port.js";
import { checkNanoSignature } from "../tracks/nano-signature/index.js";
import { checkNanoTxn } from "../tracks/nano-txn/index.js";
import type { FacilitatorSettings } from "./options.js";

/** A payment that passed every check which needs neither ledger nor store. */
export interface CheckedPayment {
  readonly payment: Payment;
  readonly hash: BlockHash;
  readonly payer: PublicKey;
  readonly amountRaw: bigint;
  readonly key: EntryKey;
  readonly paymentId: string;
}

/** `payer` is known once the signature was checked, and from then on it is in every refusal (SPEC 6). */
export type Refused = Refusal & { readonly payer?: PublicKey | undefined; readonly hash?: BlockHash | undefined };

export type CheckResult = { readonly ok: true; readonly checked: CheckedPayment } | Refused;

/** Rows 2–6 of Track A, 2–4 of Track B. */
export function checkPayment(payment: Payment, judgeExpiry: boolean, settings: FacilitatorSettings): CheckResult {
  const nowSeconds = Math.floor(settings.clock() / 1000);
  const { authority, workPolicy, sendWorkThreshold: sendThreshold } = settings;
  const result =
    payment.track === "nanoTxn"
      ? checkNanoTxn(payment, { nowSeconds, judgeExpiry, workPolicy, sendThreshold })
      : checkNanoSignature(payment, { nowSeconds, judgeExpiry, authority });
  if (!result.ok) return result;
  const { hash, payer, amountRaw } = result;
  if (settings.receivers?.includes(payment.requirements.payTo) === false) {
    return { ...refuse("requirements_mismatch", "This facilitator does not serve that payTo."), payer };
  }
  const paymentId = identifyPayment(payment, hash, amountRaw);
  return { ok: true, checked: { payment, hash, payer, amountRaw, key: entryKey(payment, hash), paymentId } };
}

function entryKey(payment: Payment, hash: BlockHash): EntryKey {
  return payment.track === "nanoTxn"
    ? { account: payment.payload.block.account, hash, previous: payment.payload.block.previous }
    : { account: payment.payload.account, hash };
}

/**
 * What makes two proofs the same payment (R3): track, hash, receiver, amount and the challenge it answers. Never the
 * signature: it is malleable for others, and a payer may sign again.
 */
function identifyPayment(payment: Payment, hash: BlockHash, amountRaw: bigint): string {
  const { nonce, validBefore } = spokenChallenge(payment);
  const terms = [
    payment.track,
    hash,
    payment.requirements.payTo,
    String(amountRaw),
    nonce ?? "",
    String(validBefore ?? ""),
  ];
  return bytesToHex(blake2b(new TextEncoder().encode(terms.join("\n")), 32));
}
