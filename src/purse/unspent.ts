import { addressOf, type BlockHash } from "../nano/index.js";
import { requirementsSchema, type Track, trackOfOffer } from "../protocol/index.js";
import { isInFlight, type JournalEntry } from "./journal.js";
import { purchaseKey } from "./offer.js";
import type { PurseParts } from "./parts.js";

export interface UnspentPayment {
  readonly hash: BlockHash;
  readonly payTo: string;
  readonly amountRaw: bigint;
  readonly track: Track;
  readonly resource: string | undefined;
  readonly sinceMs: number;
  /** How often it was presented, and whether the last time is still being waited for. */
  readonly presented: number;
  readonly isInFlight: boolean;
  readonly lastReason: string | undefined;
}

export function listUnspent({ journal, settings }: PurseParts): UnspentPayment[] {
  const unserved = journal.list().filter((entry) => !entry.isServed);
  return unserved.map((entry) => describe(entry, settings.clock()));
}

/** A policy has no time to ask the ledger: this is what was last seen of it, and doubt counts as landed. */
export function needsProofOfPayer({ journal, settings }: PurseParts, requirements: unknown): boolean {
  const read = requirementsSchema.safeParse(requirements);
  if (!read.success) return false;
  const { payTo, amount: amountRaw } = read.data;
  const offered = { payTo, amountRaw, track: trackOfOffer(read.data) };
  const nowMs = settings.clock();
  return journal.list().some((entry) => {
    const { resource } = entry;
    if (entry.isServed || isInFlight(entry, nowMs)) return false;
    if (purchaseKey(entry) !== purchaseKey({ ...offered, resource })) return false;
    return entry.track === "nanoSignature" || entry.sighting !== "absent";
  });
}

function describe(entry: JournalEntry, nowMs: number): UnspentPayment {
  const { hash, amountRaw, track, resource, sinceMs, presented, lastReason } = entry;
  const payTo = addressOf(entry.payTo);
  const inFlight = isInFlight(entry, nowMs);
  return { hash, payTo, amountRaw, track, resource, sinceMs, presented, isInFlight: inFlight, lastReason };
}
