import { type BlockHash, hashBlock, type SignedBlock } from "../nano/index.js";
import { askFate, type Fate, tryAskFate } from "./fate.js";
import type { JournalEntry } from "./journal.js";
import type { PurseParts } from "./parts.js";

/** Writes down what the ledger said about a payment, and draws the conclusions. */
export async function noteFate(parts: PurseParts, entry: JournalEntry, fate: Fate): Promise<void> {
  if (fate === "void") return dropVoid(parts, entry);
  if (fate === "confirmed") return noteConfirmed(parts, entry.block);
  if (fate === "landed") parts.chain.noteLanded(entry.block);
  const sighting = fate === "landed" ? "landed" : "absent";
  if (entry.sighting !== sighting) await parts.journal.change(entry.hash, { sighting });
}

/** A confirmed block excludes every other one on its `previous`; whatever was reserved for those is free again. */
export async function noteConfirmed(parts: PurseParts, block: SignedBlock): Promise<void> {
  const { journal, chain } = parts;
  const hash = hashBlock(block);
  chain.noteLanded(block);
  if (journal.get(hash)?.isServed === true) await journal.remove(hash, "spent");
  else await journal.change(hash, { sighting: "confirmed" });
  for (const entry of journal.list()) {
    if (entry.block.previous === block.previous && entry.hash !== hash) await dropVoid(parts, entry);
  }
}

/** Asks about every payment whose fate is open. Those that follow the head are known to be absent. */
export async function reviewOpenPayments(parts: PurseParts, head: BlockHash | undefined): Promise<void> {
  for (const entry of parts.journal.list()) {
    if (entry.sighting === "confirmed" || entry.block.previous === head) continue;
    const fate = await tryAskFate(parts, entry.block);
    if (fate !== undefined) await noteFate(parts, entry, fate);
  }
}

/** Throws `ledger_unavailable`. */
export async function lookUp(parts: PurseParts, entry: JournalEntry): Promise<Fate> {
  const fate = await askFate(parts, entry.block);
  await noteFate(parts, entry, fate);
  return fate;
}

/** One that was written off stays counted as spent. */
async function dropVoid({ journal, limits }: PurseParts, { hash }: JournalEntry): Promise<void> {
  const listed = journal.get(hash);
  if (listed === undefined) return;
  await journal.remove(hash, "void");
  limits.giveBack(listed.reservation);
}
