import type { NodeEvents, WiredNode } from "../create-node.js";
import type { StateBlock } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import { vouchFor } from "../vouched-blocks.js";

export type CreatePeer = (events: NodeEvents) => WiredNode;

/** A node as the others see it. Each checks and keeps every block by itself. */
export class Peer {
  readonly wired: WiredNode;

  constructor(create: CreatePeer, events: NodeEvents) {
    this.wired = create(events);
  }

  /** A block that another node took. What this one has is let be, what it cannot take it refuses or keeps for later. */
  receive(entry: LedgerEntry): void {
    const block = this.#findNew(entry);
    if (block !== undefined) this.wired.node.processor.process(block);
  }

  /** What the network confirmed together. That is final: a rival here gives way, with all that stands on it. */
  follow(entries: readonly LedgerEntry[]): void {
    const { processor, confirmations } = this.wired.node;
    for (const entry of entries) {
      const block = this.#findNew(entry);
      if (block !== undefined) processor.force(block);
    }
    const meant = entries.at(-1);
    if (meant !== undefined) confirmations.confirm(meant.hash);
  }

  /** Hands over what is not confirmed yet, in the order in which it came. */
  offerTo(other: Peer): void {
    const { state } = this.wired.node;
    for (const hash of state.unconfirmed()) {
      const entry = state.block(hash);
      if (entry !== undefined) other.receive(entry);
    }
  }

  #findNew({ hash, block }: LedgerEntry): StateBlock | undefined {
    if (block.type !== "state" || this.wired.node.state.block(hash) !== undefined) return undefined;
    vouchFor(block);
    return block;
  }
}
