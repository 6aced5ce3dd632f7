import type { BlockHash } from "../../nano/index.js";
import type { PaymentOutcome, PaymentProof, Purse } from "../../purse/index.js";
import type { TrafficListener } from "./fetch-traffic.js";
import { judge, keyOf, keyOfHeader } from "./fetch-traffic-reading.js";

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
   * with counts as refused: most likely that is why the client asks again, and presenting it again costs nothing. Of
   * other URLs only what is long overdue.
   */
  review(resource: string): Promise<void>;
  /** Payments for the resource that were not served when they were presented last, moments ago. */
  refusedLately(resource: string): ReadonlySet<string>;
}

export interface PresentationsOptions {
  readonly purse: Pick<Purse, "report" | "unspent">;
  readonly listen: (listener: TrafficListener) => () => void;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly warn: (message: string) => void;
}

interface Presentation {
  readonly hash: BlockHash;
  readonly key: string;
  readonly resource: string;
  readonly sinceMs: number;
  isSeen: boolean;
  readonly seen: Promise<void>;
  readonly tellSeen: () => void;
}

/** A `fetch` that does something else first, as getting a token, may take its time before it sends. */
const UNSEEN_FOR_MS = 1_000;
/** Of another URL nobody asks again, and nobody is kept waiting for it. */
const UNSEEN_ELSEWHERE_FOR_MS = 10_000;
/** Far longer than the client's pauses between its retries, 0.1 and 0.2 s, and than what a broken seller adds to them. */
const LATELY_MS = 30_000;
const UNHEARD =
  "x402-nano: what became of a payment cannot be heard, because this fetch is not Node's; hand `handler.watch(fetch)` to wrap.";

export function createPresentations(options: PresentationsOptions): Presentations {
  const { purse, listen, clock, sleep, warn } = options;
  const open = new Set<Presentation>();
  /** Of every proof that was handed out and not served yet, by what tells it in a request. */
  const unserved = new Map<string, BlockHash>();
  const refused = new Map<BlockHash, { readonly resource: string; readonly atMs: number }>();
  const reports = new Set<Promise<void>>();
  let stopListening: (() => void) | undefined;
  let isWarned = false;

  const close = (presentation: Presentation): void => {
    open.delete(presentation);
    presentation.tellSeen();
    if (open.size > 0) return;
    stopListening?.();
    stopListening = undefined;
  };
  const tell = (hash: BlockHash, outcome: PaymentOutcome): void => {
    const report = purse
      .report(hash, outcome)
      .catch(() => undefined)
      .then(() => {
        reports.delete(report);
      });
    reports.add(report);
  };
  const refuse = (presentation: Presentation, outcome: PaymentOutcome): void => {
    if (!open.has(presentation)) return;
    const { hash, resource } = presentation;
    refused.set(hash, { resource, atMs: clock() });
    close(presentation);
    tell(hash, outcome);
  };
  /** Of whichever presentation: the block has bought its response, and the others will be refused for that. */
  const serve = (hash: BlockHash, outcome: PaymentOutcome): void => {
    const keys = [...unserved].filter(([, other]) => other === hash).map(([key]) => key);
    if (keys.length === 0) return;
    for (const key of keys) unserved.delete(key);
    refused.delete(hash);
    for (const presentation of open) if (presentation.hash === hash) close(presentation);
    tell(hash, outcome);
  };
  const listener: TrafficListener = {
    onSent(header) {
      const key = keyOfHeader(header);
      const hash = key === undefined ? undefined : unserved.get(key);
      if (hash === undefined) return undefined;
      // Two of one block may be open where the purse's patience was shorter than the seller's: the later one leaves now.
      const presentation = [...open].findLast((other) => other.key === key);
      if (presentation !== undefined) {
        presentation.isSeen = true;
        presentation.tellSeen();
      }
      const note = (outcome: PaymentOutcome): void => {
        if (outcome.isServed) serve(hash, outcome);
        else if (presentation !== undefined) refuse(presentation, outcome);
      };
      return {
        onAnswer(answer) {
          note(judge(hash, answer));
        },
        onFailure() {
          note({ isServed: false, reason: "no_answer" });
        },
      };
    },
  };
  const giveUp = (presentation: Presentation): void => {
    if (!isWarned) warn(UNHEARD);
    isWarned = true;
    refuse(presentation, { isServed: false, reason: "unheard" });
  };
  const forgetOld = (): void => {
    const unspent = new Set(purse.unspent().map(({ hash }) => hash));
    for (const [key, hash] of unserved) if (!unspent.has(hash)) unserved.delete(key);
    const sinceMs = clock() - LATELY_MS;
    for (const [hash, { atMs }] of refused) if (!unspent.has(hash) || atMs < sinceMs) refused.delete(hash);
  };

  return {
    listener,
    expect({ hash, payload }, resource) {
      const key = keyOf(payload);
      if (key === undefined) return;
      forgetOld();
      let tellSeen = (): void => undefined;
      const seen = new Promise<void>((resolve) => {
        tellSeen = resolve;
      });
      unserved.set(key, hash);
      open.add({ hash, key, resource, sinceMs: clock(), isSeen: false, seen, tellSeen });
      stopListening ??= listen(listener);
    },
    async review(resource) {
      // Only these: what is handed out during the wait has a wait of its own.
      const unseen = [...open].filter(({ isSeen }) => !isSeen);
      const here = unseen.filter((presentation) => presentation.resource === resource);
      if (here.length > 0) await Promise.race([Promise.all(here.map(({ seen }) => seen)), sleep(UNSEEN_FOR_MS)]);
      const sinceMs = clock() - UNSEEN_ELSEWHERE_FOR_MS;
      for (const presentation of unseen) {
        if (presentation.isSeen || !open.has(presentation)) continue;
        if (presentation.resource === resource || presentation.sinceMs < sinceMs) giveUp(presentation);
      }
      await Promise.all(reports);
    },
    refusedLately(resource) {
      forgetOld();
      return new Set([...refused].filter(([, { resource: of }]) => of === resource).map(([hash]) => hash));
    },
  };
}
