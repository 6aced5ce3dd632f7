import { type BlockHash, hashBlock, type SignedBlock } from "../nano/index.js";
import type { BlockSubtype } from "./port.js";

export interface HandedInOptions {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Gives the block to every endpoint that does not show it. */
  readonly spread: (block: SignedBlock, subtype: BlockSubtype) => Promise<unknown>;
}

export interface HandedIn {
  note(block: SignedBlock, subtype: BlockSubtype): void;
  /** No endpoint has it. */
  forget(hash: BlockHash): void;
  /** Somebody who waits for it has looked. */
  noteLook(hash: BlockHash, isConfirmed: boolean): void;
}

/** A confirmation takes 0.3–0.7 s on the live network; by now most nodes should show it. */
const FIRST_PATIENCE_MS = 2_000;
/** Half a kilobyte each; what is forgotten is not spread. */
const MAX_BLOCKS = 4_096;

interface Unconfirmed {
  readonly block: SignedBlock;
  readonly subtype: BlockSubtype;
  dueMs: number;
  patienceMs: number;
}

/**
 * A node that is cut off takes a block, answers with its hash, and tells nobody. So a block that somebody waits for in
 * vain is given to the other endpoints too, then again after twice the time.
 */
export function createHandedIn({ now, spread }: HandedInOptions): HandedIn {
  const blocks = new Map<BlockHash, Unconfirmed>();
  return {
    note(block, subtype) {
      const patienceMs = FIRST_PATIENCE_MS;
      blocks.set(hashBlock(block), { block, subtype, dueMs: now() + patienceMs, patienceMs });
      const oldest = blocks.keys().next();
      if (blocks.size > MAX_BLOCKS && oldest.done !== true) blocks.delete(oldest.value);
    },
    forget: (hash) => blocks.delete(hash),
    noteLook(hash, isConfirmed) {
      const entry = blocks.get(hash);
      if (entry === undefined) return;
      if (isConfirmed) {
        blocks.delete(hash);
        return;
      }
      if (now() < entry.dueMs) return;
      entry.patienceMs *= 2;
      entry.dueMs = now() + entry.patienceMs;
      // Whatever comes of it, the ledger is looked at again.
      spread(entry.block, entry.subtype).catch(() => undefined);
    },
  };
}
