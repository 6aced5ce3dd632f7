import { z } from "zod";
import type { BlockHash } from "../../nano/index.js";
import { decodeHeader } from "../../protocol/index.js";
import { type PaymentOutcome, type PaymentProof, type Purse, readSettlement } from "../../purse/index.js";
import type { TrafficAnswer, TrafficListener } from "./fetch-traffic.js";

/**
 * The proofs that were handed to Faremeter's client, until it is known what became of them. The client tells nobody, so
 * the requests that carry them are listened to.
 */
export interface Presentations {
  readonly listener: TrafficListener;
  /** The proof leaves now. `resource` is the URL it is for. */
  expect(proof: PaymentProof, resource: string): void;
  /**
   * Before the same resource is paid for again: what is known has reached the purse. A proof that no request was seen
   * with counts as refused: most likely that is why the client asks again, and presenting it again costs nothing.
   */
  review(resource: string): Promise<void>;
}

export interface PresentationsOptions {
  readonly purse: Pick<Purse, "report">;
  readonly listen: (listener: TrafficListener) => () => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly warn: (message: string) => void;
}

interface Presentation {
  readonly hash: BlockHash;
  readonly resource: string;
  isSeen: boolean;
  readonly seen: Promise<void>;
  readonly tellSeen: () => void;
}

/** A `fetch` that does something else first, as getting a token, may take its time before it sends. */
const UNSEEN_FOR_MS = 1_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const SETTLEMENT_HEADERS = ["PAYMENT-RESPONSE", "X-PAYMENT-RESPONSE"] as const;
const UNHEARD =
  "x402-nano: what became of a payment cannot be heard, because this fetch is not Node's; hand `handler.watch(fetch)` to wrap.";

const envelopeSchema = z.object({
  payload: z.union([
    z.object({ blockHash: z.string() }).transform(({ blockHash }) => blockHash),
    z.object({ block: z.object({ signature: z.string() }) }).transform(({ block }) => block.signature),
  ]),
});

export function createPresentations({ purse, listen, sleep, warn }: PresentationsOptions): Presentations {
  const open = new Map<string, Presentation>();
  const reports = new Set<Promise<void>>();
  let stopListening: (() => void) | undefined;
  let isWarned = false;

  const conclude = (key: string, { hash, tellSeen }: Presentation, outcome: PaymentOutcome): void => {
    open.delete(key);
    tellSeen();
    if (open.size === 0) {
      stopListening?.();
      stopListening = undefined;
    }
    const report = purse
      .report(hash, outcome)
      .catch(() => undefined)
      .then(() => {
        reports.delete(report);
      });
    reports.add(report);
  };
  const whenOpen = (header: string, act: (presentation: Presentation, key: string) => void): void => {
    const key = keyOf(header);
    const presentation = key === undefined ? undefined : open.get(key);
    if (key !== undefined && presentation !== undefined) act(presentation, key);
  };
  const listener: TrafficListener = {
    onSent(header) {
      whenOpen(header, (presentation) => {
        presentation.isSeen = true;
        presentation.tellSeen();
      });
    },
    onAnswer(header, answer) {
      if (answer.status < 200 || REDIRECTS.has(answer.status)) return;
      whenOpen(header, (presentation, key) => {
        conclude(key, presentation, judge(presentation.hash, answer));
      });
    },
    onFailure(header) {
      whenOpen(header, (presentation, key) => {
        conclude(key, presentation, { isServed: false, reason: "no_answer" });
      });
    },
  };
  const unseenFor = (resource: string): [string, Presentation][] =>
    [...open].filter(([, presentation]) => presentation.resource === resource && !presentation.isSeen);

  return {
    listener,
    expect({ hash, payload }, resource) {
      const read = envelopeSchema.safeParse({ payload });
      if (!read.success) return;
      let tellSeen = (): void => undefined;
      const seen = new Promise<void>((resolve) => {
        tellSeen = resolve;
      });
      open.set(read.data.payload, { hash, resource, isSeen: false, seen, tellSeen });
      stopListening ??= listen(listener);
    },
    async review(resource) {
      const waiting = unseenFor(resource).map(([, { seen }]) => seen);
      if (waiting.length > 0) await Promise.race([Promise.all(waiting), sleep(UNSEEN_FOR_MS)]);
      for (const [key, presentation] of unseenFor(resource)) {
        if (!isWarned) warn(UNHEARD);
        isWarned = true;
        conclude(key, presentation, { isServed: false, reason: "unheard" });
      }
      await Promise.all(reports);
    },
  };
}

/** What tells our own proofs in a request: a block's hash, or its signature where the whole block is presented. */
function keyOf(header: string): string | undefined {
  try {
    const read = envelopeSchema.safeParse(decodeHeader(header));
    return read.success ? read.data.payload : undefined;
  } catch {
    return undefined;
  }
}

/** The settlement decides, whatever the status: an error page after it has been paid for all the same. */
function judge(hash: BlockHash, { status, header }: TrafficAnswer): PaymentOutcome {
  for (const name of SETTLEMENT_HEADERS) {
    const text = header(name);
    const outcome = text === undefined ? undefined : readSettlement(hash, tryDecode(text) ?? null);
    if (outcome !== undefined) return outcome;
  }
  if (status !== 402) return { isServed: false, reason: "no_settlement" };
  const error = tryDecode(header("PAYMENT-REQUIRED") ?? "")?.["error"];
  return { isServed: false, reason: typeof error === "string" ? error : "payment_required" };
}

function tryDecode(header: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}
