import { NanoError } from "../errors/index.js";
import type { BlockHash, PublicKey, SignedBlock } from "../nano/index.js";
import type { Track } from "../protocol/index.js";
import { createEntries, type Entries } from "./journal-entries.js";
import {
  createMemoryHistory,
  type FinishedPayment,
  type HistoryPage,
  type HistoryQuery,
  type PageRequest,
  readHistoryQuery,
} from "./journal-history.js";
import type { LimitRecord } from "./limits/index.js";
import { type PurchaseTerms, paysFor } from "./offer.js";

/** What the ledger was last seen to say about a block. A Track A block in a stranger's hands is "unknown" at once. */
export type Sighting = "unknown" | "absent" | "landed" | "confirmed";

/** A payment that was signed: kept until its response was served, or the ledger proves that it can never land. */
export interface JournalEntry {
  readonly hash: BlockHash;
  readonly block: SignedBlock;
  /** What it was signed for. A Track A block that has landed is claimed through Track B. */
  readonly track: Track;
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
  readonly resource: string | undefined;
  /** What it counts against the limits. The same object as long as the entry is listed, see `createLimits`. */
  readonly reservation: LimitRecord;
  readonly sinceMs: number;
  readonly sighting: Sighting;
  /** A response came for it; kept only until the ledger has confirmed the block. */
  readonly isServed: boolean;
  /** Presentations whose outcome is unknown, each until when it is waited for. */
  readonly inFlightUntilMs: readonly number[];
  readonly presented: number;
  readonly lastReason: string | undefined;
}

export type EntryChanges = Partial<
  Pick<JournalEntry, "sighting" | "isServed" | "inFlightUntilMs" | "presented" | "lastReason">
>;

/** Why an entry goes: what was spent (served, or written off) counts for ever, a void block cost nothing. */
export type EntryEnd = "spent" | "void";

/**
 * Reads are immediate, so that a decision and the limit's reservation can be one step: they show a write at once.
 * Writes resolve when they are as durable as the journal is, and a send is written before it is broadcast. One that
 * rejects has not happened: what it changed is as before.
 */
export interface Journal {
  /** Oldest first. */
  list(): readonly JournalEntry[];
  get(hash: BlockHash): JournalEntry | undefined;
  add(entry: JournalEntry): Promise<void>;
  /** An entry that is gone stays gone. */
  change(hash: BlockHash, changes: EntryChanges): Promise<void>;
  /** Into the history: void, else served where it was, else written off. */
  remove(hash: BlockHash, end: EntryEnd): Promise<void>;
  /** Resolves at the next write. */
  nextChange(): Promise<void>;
  /** What was removed. Throws `invalid_request`. */
  history(query?: HistoryQuery): Promise<HistoryPage>;
  /** What the history counts against the limits, summed up by day, host and receiver. */
  finished(): readonly LimitRecord[];
  /** Later writes reject. */
  close(): Promise<void>;
}

/** `entry` as it is from now on; undefined: gone, and `finished` is what is left of it. */
export interface JournalWrite {
  readonly hash: BlockHash;
  readonly entry: JournalEntry | undefined;
  readonly finished?: FinishedPayment | undefined;
}

/** Where a journal's writes go. */
export interface JournalKeeper {
  /**
   * Resolves when it is kept. Throws at once where it is closed; where it rejects it has made the entries again what
   * they were.
   */
  keep(write: JournalWrite): Promise<void>;
  /** Resolves when everything is kept that was written before. */
  settled(): Promise<void>;
  history(request: PageRequest): Promise<HistoryPage>;
  finished(): readonly LimitRecord[];
  close(): Promise<void>;
}

export function createJournal(
  entries: Entries<JournalEntry>,
  keeper: JournalKeeper,
  clock: () => number = Date.now,
): Journal {
  return {
    list: () => entries.list(),
    get: (hash) => entries.get(hash),
    nextChange: () => entries.nextChange(),
    async add(entry) {
      const kept = keeper.keep({ hash: entry.hash, entry });
      entries.set(entry);
      await kept;
    },
    async change(hash, changes) {
      const before = entries.get(hash);
      if (before === undefined) return keeper.settled();
      const entry = { ...before, ...changes };
      const kept = keeper.keep({ hash, entry });
      entries.set(entry);
      await kept;
    },
    async remove(hash, end) {
      const entry = entries.get(hash);
      if (entry === undefined) return keeper.settled();
      const finished = finish(entry, end, clock());
      const kept = keeper.keep({ hash, entry: undefined, finished });
      entries.delete(hash);
      await kept;
    },
    history: async (query) => keeper.history(readHistoryQuery(query)),
    finished: () => keeper.finished(),
    close: () => keeper.close(),
  };
}

/** About half a kilobyte each. */
const MEMORY_HISTORY = 10_000;

/** Ends with the process: then the limits begin anew, and what was paid and not served is forgotten. */
export function createMemoryJournal(options: { readonly clock?: (() => number) | undefined } = {}): Journal {
  const history = createMemoryHistory(MEMORY_HISTORY);
  let isClosed = false;
  const keeper: JournalKeeper = {
    keep({ finished }) {
      if (isClosed) throw closedError();
      if (finished !== undefined) history.add(finished);
      return Promise.resolve();
    },
    settled: () => Promise.resolve(),
    history: async (request) => history.page(request),
    finished: () => history.records(),
    async close() {
      isClosed = true;
    },
  };
  return createJournal(createEntries(), keeper, options.clock);
}

export function closedError(): NanoError<"store_unavailable"> {
  return new NanoError("store_unavailable", { why: "the journal is closed" });
}

function finish(entry: JournalEntry, end: EntryEnd, finishedAtMs: number): FinishedPayment {
  const { hash, payTo, amountRaw, resource, reservation, sinceMs, isServed } = entry;
  const outcome = end === "void" ? "void" : isServed ? "served" : "written_off";
  const { day, amountRaw: countedRaw, host } = reservation;
  return { hash, payTo, amountRaw, resource, host, day, countedRaw, sinceMs, finishedAtMs, outcome };
}

export function isInFlight(entry: JournalEntry, nowMs: number): boolean {
  return entry.inFlightUntilMs.some((untilMs) => untilMs > nowMs);
}

/** The payment that was made for this purchase and is not served yet. */
export function findPayment(journal: Journal, offer: PurchaseTerms): JournalEntry | undefined {
  return journal.list().find((entry) => !entry.isServed && paysFor(entry, offer));
}
