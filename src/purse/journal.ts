import type { BlockHash, PublicKey, SignedBlock } from "../nano/index.js";
import type { Track } from "../protocol/index.js";
import type { Reservation } from "./limits.js";
import { type PurchaseTerms, purchaseKey } from "./offer.js";

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
  readonly reservation: Reservation;
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

/**
 * Reads are immediate, so that a decision and the limit's reservation can be one step; writes resolve when they are
 * as durable as the journal is, and a send is written before it is broadcast.
 */
export interface Journal {
  /** Oldest first. */
  list(): readonly JournalEntry[];
  get(hash: BlockHash): JournalEntry | undefined;
  add(entry: JournalEntry): Promise<void>;
  /** An entry that is gone stays gone. */
  change(hash: BlockHash, changes: EntryChanges): Promise<void>;
  remove(hash: BlockHash): Promise<void>;
  /** Resolves at the next write. */
  nextChange(): Promise<void>;
}

export function createMemoryJournal(): Journal {
  const entries = new Map<BlockHash, JournalEntry>();
  let tell: () => void = () => undefined;
  let change = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const changed = (): void => {
    const tellNow = tell;
    change = new Promise<void>((resolve) => {
      tell = resolve;
    });
    tellNow();
  };
  return {
    list: () => [...entries.values()],
    get: (hash) => entries.get(hash),
    async add(entry) {
      entries.set(entry.hash, entry);
      changed();
    },
    async change(hash, changes) {
      const entry = entries.get(hash);
      if (entry === undefined) return;
      entries.set(hash, { ...entry, ...changes });
      changed();
    },
    async remove(hash) {
      if (entries.delete(hash)) changed();
    },
    nextChange: () => change,
  };
}

export function isInFlight(entry: JournalEntry, nowMs: number): boolean {
  return entry.inFlightUntilMs.some((untilMs) => untilMs > nowMs);
}

/** The payment that was made for this purchase and is not served yet. */
export function findPayment(journal: Journal, offer: PurchaseTerms): JournalEntry | undefined {
  const key = purchaseKey(offer);
  return journal.list().find((entry) => !entry.isServed && purchaseKey(entry) === key && fits(entry, offer));
}

/** One key can stand for two Track A amounts, a multiple of ten and one more; such a block pays only its own. */
function fits(entry: JournalEntry, offer: PurchaseTerms): boolean {
  return entry.track !== "nanoTxn" || offer.track !== "nanoTxn" || entry.amountRaw === offer.amountRaw;
}
