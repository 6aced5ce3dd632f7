import type { BlockHash, PublicKey } from "../nano/index.js";
import type { StateBlock } from "./ledger-block.js";

/** What the node keeps in memory. Beyond it, the first goes that waits for what has been missing longest. */
const MAX_GAP_BLOCKS = 65_536;

/**
 * Blocks whose predecessor or source is not on the ledger yet, by what they wait for: a hash, or the account that a
 * send pays (the node looks there too, because of epoch opens). They come in by themselves, which is why a refusal
 * with "Gap previous block" is no refusal unless the request named a subtype (SPEC R10).
 */
export class GapBlocks {
  readonly #waiting = new Map<BlockHash | PublicKey, Map<BlockHash, StateBlock>>();
  readonly #maxBlocks: number;
  #count = 0;

  constructor(maxBlocks = MAX_GAP_BLOCKS) {
    this.#maxBlocks = maxBlocks;
  }

  get count(): number {
    return this.#count;
  }

  keep(missing: BlockHash | PublicKey, hash: BlockHash, block: StateBlock): void {
    const blocks = this.#waiting.get(missing) ?? new Map<BlockHash, StateBlock>();
    if (blocks.has(hash)) return;
    this.#waiting.set(missing, blocks.set(hash, block));
    this.#count += 1;
    if (this.#count > this.#maxBlocks) this.#dropOldest();
  }

  /** Hands out, and forgets, what waited for this. */
  take(arrived: BlockHash | PublicKey): readonly StateBlock[] {
    const blocks = this.#waiting.get(arrived);
    if (blocks === undefined) return [];
    this.#waiting.delete(arrived);
    this.#count -= blocks.size;
    return [...blocks.values()];
  }

  #dropOldest(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [missing, blocks] = first;
    const [oldest] = blocks.keys();
    if (oldest !== undefined && blocks.delete(oldest)) this.#count -= 1;
    if (blocks.size === 0) this.#waiting.delete(missing);
  }
}
