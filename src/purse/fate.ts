import { hasCode, NanoError } from "../errors/index.js";
import type { CallOptions, Ledger } from "../ledger/index.js";
import { hashBlock, type SignedBlock, ZERO_HASH } from "../nano/index.js";
import type { Journal } from "./journal.js";

/**
 * What the ledger says about a block of ours (SPEC R8, R10). Only "void" proves that it can never land: another
 * *confirmed* block follows its `previous`. "contested": another one does, unconfirmed. "absent": neither is there.
 */
export type Fate = "confirmed" | "landed" | "contested" | "void" | "absent";

/** Throws `ledger_unavailable` where the node could not be asked: an outage decides nothing. */
export async function askFate(
  sources: { readonly ledger: Ledger; readonly journal: Journal },
  block: SignedBlock,
  options?: CallOptions,
): Promise<Fate> {
  const { ledger, journal } = sources;
  const hash = hashBlock(block);
  const own = await ledger.blockInfo(hash, options);
  if (own !== undefined) return own.confirmed ? "confirmed" : "landed";
  if (block.previous === ZERO_HASH) return askFateOfOpen(ledger, block, options);
  const previous = await ledger.blockInfo(block.previous, options);
  if (previous === undefined) {
    // A block of ours that was rolled back takes what stands on it along.
    const parent = journal.get(block.previous);
    return parent !== undefined && (await askFate(sources, parent.block, options)) === "void" ? "void" : "absent";
  }
  if (previous.successor === undefined) return "absent";
  if (previous.successor === hash) return "landed";
  const rival = await ledger.blockInfo(previous.successor, options);
  if (rival === undefined) return "absent";
  if (rival.block !== undefined && rival.block.previous !== block.previous) {
    throw new NanoError("ledger_unavailable", { why: "the node names a successor that follows another block" });
  }
  return rival.confirmed ? "void" : "contested";
}

/** The first block of a chain has no `previous` to ask about: a chain that is there without it began with another. */
async function askFateOfOpen(ledger: Ledger, block: SignedBlock, options: CallOptions | undefined): Promise<Fate> {
  const info = await ledger.accountInfo(block.account, options);
  if (info === undefined) return "absent";
  return info.confirmedFrontier === undefined ? "contested" : "void";
}

/** The same; undefined where the node could not be asked. */
export async function tryAskFate(...question: Parameters<typeof askFate>): Promise<Fate | undefined> {
  try {
    return await askFate(...question);
  } catch (error) {
    if (hasCode(error, "ledger_unavailable")) return undefined;
    throw error;
  }
}
