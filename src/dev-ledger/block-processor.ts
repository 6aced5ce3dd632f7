import { hashBlock, ZERO_HASH } from "../nano/index.js";
import { GapBlocks } from "./gap-blocks.js";
import { destinationOf, type StateBlock, sourceOf } from "./ledger-block.js";
import type { LedgerEntry } from "./ledger-entry.js";
import type { LedgerState } from "./ledger-state.js";
import type { WorkRules } from "./network.js";
import { checkBlock, type ProcessRefusal } from "./process.js";

export interface BlockProcessorOptions {
  readonly state: LedgerState;
  readonly work: WorkRules;
  readonly nowSeconds: () => number;
  readonly onAccepted: (entry: LedgerEntry) => void;
  readonly onRemoved: (entry: LedgerEntry) => void;
  /** A rival was removed, and the block that was forced in its place has been tried. */
  readonly onForced?: () => void;
}

/** The way onto the ledger for every block: from `process`, from a gap that closed, or by force. */
export class BlockProcessor {
  readonly #gaps = new GapBlocks();
  readonly #options: BlockProcessorOptions;

  constructor(options: BlockProcessorOptions) {
    this.#options = options;
  }

  get gapCount(): number {
    return this.#gaps.count;
  }

  /** undefined when the block got in; then those that waited for it are tried, and those that waited for them. */
  process(block: StateBlock): ProcessRefusal | undefined {
    const refusal = this.#processOne(block);
    if (refusal !== undefined) return refusal;
    const arrived = this.#takeWaiting(block);
    for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) {
      if (this.#processOne(next) === undefined) arrived.push(...this.#takeWaiting(next));
    }
    return undefined;
  }

  /** Removes an unconfirmed rival on the same `previous` with all that stands on it, then tries the block. */
  force(block: StateBlock): ProcessRefusal | undefined {
    const { state, nowSeconds, onRemoved, onForced } = this.#options;
    const isFirst = block.previous === ZERO_HASH;
    const rival = isFirst ? state.account(block.account)?.openBlock : state.block(block.previous)?.successor;
    const removed = rival === undefined ? [] : state.rollback(rival, nowSeconds());
    for (const entry of removed) onRemoved(entry);
    const refusal = this.process(block);
    if (removed.length > 0) onForced?.();
    return refusal;
  }

  #processOne(block: StateBlock): ProcessRefusal | undefined {
    const { state, work, nowSeconds, onAccepted } = this.#options;
    const result = checkBlock(block, state, work);
    if (result.outcome === "passed") {
      onAccepted(state.insert(result.checked, nowSeconds()));
      return undefined;
    }
    if (result.refusal === "gap_previous") this.#gaps.keep(block.previous, hashBlock(block), block);
    if (result.refusal === "gap_source") this.#gaps.keep(sourceOf(block), hashBlock(block), block);
    return result.refusal;
  }

  #takeWaiting(block: StateBlock): StateBlock[] {
    const hash = hashBlock(block);
    const waiting = [...this.#gaps.take(hash)];
    const isSend = this.#options.state.block(hash)?.kind === "send";
    return isSend ? [...waiting, ...this.#gaps.take(destinationOf(block))] : waiting;
  }
}
