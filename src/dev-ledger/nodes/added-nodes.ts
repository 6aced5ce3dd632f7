import { NanoError } from "../../errors/index.js";
import type { NodeFaults } from "../faults/index.js";
import { checkOptions, type DevLedgerOptions } from "../options.js";
import { type OpenNode, type OpenNodeOptions, openNode } from "./open-node.js";

/** What may differ from node to node; the rest is the network's. */
export type DevLedgerNodeOptions = Pick<
  DevLedgerOptions,
  "port" | "websocketPort" | "control" | "workGeneration" | "clock"
>;

/**
 * One more node of the same network, with a ledger of its own. While it is connected it has every block of the
 * network, and the network every block of its; what is confirmed is decided by the first node, the `DevLedger` itself.
 */
export interface DevLedgerNode {
  readonly rpcUrl: string;
  readonly websocketUrl: string;
  /** Faults of this node alone. */
  readonly faults: NodeFaults;
  readonly isConnected: boolean;
  /**
   * Leaves it behind: it hears neither of blocks nor of confirmations, and what it takes stays with it, but it answers
   * as before. Two blocks on one `previous`, one here and one at the network, are two nodes that disagree.
   */
  disconnect(): void;
  /**
   * Lets it catch up, before this returns: what was confirmed meanwhile wins over a rival here, then blocks go both
   * ways. Two rivals that are both unconfirmed stay where they are until the network confirms one.
   */
  reconnect(): void;
  /** Frees both ports; `close` of the ledger does it too. */
  close(): Promise<void>;
}

export class AddedNodes {
  readonly #shared: OpenNodeOptions;
  readonly #opening = new Set<Promise<OpenNode>>();
  #isClosed = false;

  constructor(shared: OpenNodeOptions) {
    this.#shared = shared;
  }

  async add(own: DevLedgerNodeOptions): Promise<DevLedgerNode> {
    const options: DevLedgerOptions = {
      ...this.#shared.options,
      port: 0,
      websocketPort: 0,
      ...own,
      // It follows the network.
      confirm: "never",
    };
    checkOptions(options);
    this.#checkOpen();
    const opening = openNode({ ...this.#shared, options });
    this.#opening.add(opening);
    const open = await opening.catch((error: unknown) => {
      this.#opening.delete(opening);
      throw error;
    });
    this.#checkOpen();
    return this.#expose(open, opening);
  }

  /** Those that are just being opened too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const opened = await Promise.allSettled(this.#opening);
    await Promise.all(opened.map(async (result) => result.status === "fulfilled" && result.value.close()));
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed();
  }

  #expose(open: OpenNode, opening: Promise<OpenNode>): DevLedgerNode {
    const { gossip } = this.#shared;
    const { peer, rpcUrl, websocketUrl, faults, node } = open;
    return {
      rpcUrl,
      websocketUrl,
      faults,
      get isConnected() {
        return gossip.isConnected(peer);
      },
      disconnect: () => {
        gossip.disconnect(peer);
      },
      reconnect: () => {
        if (node.closing.aborted) throw closed();
        gossip.connect(peer);
      },
      close: async () => {
        this.#opening.delete(opening);
        await open.close();
      },
    };
  }
}

function closed(): NanoError {
  return new NanoError("ledger_unavailable", { why: "closed" });
}
