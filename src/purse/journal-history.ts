import { NanoError } from "../errors/index.js";
import type { BlockHash, PublicKey } from "../nano/index.js";
import { createRecordSums, type LimitRecord } from "./limits/index.js";

/** Only what is void did not cost anything. What was written off may still land, and stays counted. */
export const FINISH_OUTCOMES = ["served", "void", "written_off"] as const;
export type FinishOutcome = (typeof FINISH_OUTCOMES)[number];

/** What is left of a payment that nothing more is to be done about. */
export interface FinishedPayment {
  readonly hash: BlockHash;
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
  readonly resource: string | undefined;
  readonly host: string | undefined;
  /** The UTC day on which it counts, and with how much: the price, without Track A's one raw. */
  readonly day: number;
  readonly countedRaw: bigint;
  readonly sinceMs: number;
  readonly finishedAtMs: number;
  readonly outcome: FinishOutcome;
}

export interface HistoryQuery {
  /** 1 to 1000, default 100. */
  readonly limit?: number | undefined;
  /** `next` of the page before; without it the newest page. */
  readonly before?: number | undefined;
}

/** Newest first. `next` is undefined on the last page. */
export interface HistoryPage {
  readonly payments: readonly FinishedPayment[];
  readonly next: number | undefined;
}

export interface PageRequest {
  readonly limit: number;
  readonly before: number;
}

const MAX_PAGE = 1000;

/** Throws `invalid_request`. */
export function readHistoryQuery({ limit = 100, before = Number.MAX_SAFE_INTEGER }: HistoryQuery = {}): PageRequest {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw new NanoError("invalid_request", { setting: "limit", accepted: `1 to ${String(MAX_PAGE)}` });
  }
  if (!Number.isSafeInteger(before)) throw new NanoError("invalid_request", { setting: "before" });
  return { limit, before };
}

/** `found`: the payments before the request's, with their numbers, newest first; one more than the page tells of a next. */
export function makePage(
  found: readonly { readonly number: number; readonly payment: FinishedPayment }[],
  { limit }: PageRequest,
): HistoryPage {
  const shown = found.slice(0, limit);
  return {
    payments: shown.map(({ payment }) => payment),
    next: found.length > limit ? shown.at(-1)?.number : undefined,
  };
}

export interface MemoryHistory {
  add(payment: FinishedPayment): void;
  page(request: PageRequest): HistoryPage;
  records(): readonly LimitRecord[];
}

/** Remembers the newest `capacity` payments; of all others only what counts against the limits. */
export function createMemoryHistory(capacity: number): MemoryHistory {
  const kept = new Map<number, FinishedPayment>();
  const sums = createRecordSums();
  let count = 0;
  return {
    add(payment) {
      count += 1;
      kept.set(count, payment);
      kept.delete(count - capacity);
      const { day, countedRaw, host, payTo, outcome } = payment;
      if (outcome !== "void") sums.add({ day, amountRaw: countedRaw, host, payTo });
    },
    page(request) {
      const found = [...kept].filter(([number]) => number < request.before).reverse();
      return makePage(
        found.map(([number, payment]) => ({ number, payment })),
        request,
      );
    },
    records: () => sums.list(),
  };
}
