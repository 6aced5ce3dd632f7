import { NanoError } from "../errors/index.js";
import {
  addressOf,
  type BlockHash,
  bytesToHex,
  cryptoReady,
  parseAddress,
  parseBlockHash,
  type WorkThresholds,
} from "../nano/index.js";
import { networkOf } from "./create-node.js";
import type { NodeFaults } from "./faults/index.js";
import { type FundedAccount, Funding } from "./funding.js";
import type { DevNode } from "./node.js";
import { AddedNodes, type DevLedgerNode, type DevLedgerNodeOptions, Gossip, openNode } from "./nodes/index.js";
import { checkOptions, type DevLedgerOptions } from "./options.js";

export interface DevLedger {
  readonly rpcUrl: string;
  /** The node's websocket with its topic `confirmation`, on a port of its own. */
  readonly websocketUrl: string;
  /** The account that owns everything at the start. Its key is public. */
  readonly genesis: { readonly address: string; readonly secretKey: string; readonly hash: BlockHash };
  /** What blocks on this ledger need. */
  readonly workThresholds: WorkThresholds;
  /** What goes wrong at this node's ports, when a test says so. */
  readonly faults: NodeFaults;
  /** Sends from genesis, confirmed at once; the owner has yet to receive it. Returns the send's hash. */
  fund(address: string, raw: bigint): Promise<BlockHash>;
  /** The same, and receives it with the owner's key, confirmed too: the account is opened and can pay. */
  fundAccount(options: { readonly secretKey: string; readonly raw: bigint }): Promise<FundedAccount>;
  /** Confirms a block and all it stands on; throws `ledger_refused` for one that is not on the ledger. */
  confirm(hash: string): readonly BlockHash[];
  /** Confirms whatever is not confirmed yet. */
  confirmAll(): readonly BlockHash[];
  /** One more node on the same network, which has caught up when this resolves. */
  addNode(options?: DevLedgerNodeOptions): Promise<DevLedgerNode>;
  /** Frees the ports of all nodes, drops open connections, calls pending confirmations, work and faults off. */
  close(): Promise<void>;
}

/**
 * An in-process Nano network, on loopback ports: one node, and more with `addNode`. For tests and demonstrations: its
 * keys are public.
 */
export async function startDevLedger(options: DevLedgerOptions = {}): Promise<DevLedger> {
  checkOptions(options);
  await cryptoReady();
  const shared = { network: networkOf(options), options, gossip: new Gossip() };
  const first = await openNode(shared);
  const { node } = first;
  const { genesis, genesisSecretKey, work } = shared.network;
  const others = new AddedNodes(shared);
  const funding = new Funding(node);
  return {
    rpcUrl: first.rpcUrl,
    websocketUrl: first.websocketUrl,
    genesis: {
      address: addressOf(genesis.account),
      secretKey: bytesToHex(genesisSecretKey),
      hash: node.state.genesisHash,
    },
    workThresholds: work.required,
    faults: first.faults,
    fund: async (address, raw) => funding.fund(parseAddress(address), raw),
    fundAccount: async ({ secretKey, raw }) => funding.fundAccount(secretKey, raw),
    confirm: (text) => {
      const hash = parseBlockHash(text);
      if (node.state.block(hash) === undefined) throw new NanoError("ledger_refused", { nodeError: "Block not found" });
      return node.confirmations.confirm(hash);
    },
    confirmAll: () => confirmAll(node),
    addNode: (own = {}) => others.add(own),
    close: async () => {
      await Promise.all([others.close(), first.close()]);
    },
  };
}

/** Once more where a rival at another node gave way, and let in what waited behind it. */
function confirmAll({ state, confirmations }: DevNode): readonly BlockHash[] {
  const confirmed: (readonly BlockHash[])[] = [];
  for (let waiting = state.unconfirmed(); waiting.length > 0; waiting = state.unconfirmed()) {
    for (const hash of waiting) confirmed.push(confirmations.confirm(hash));
  }
  return confirmed.flat();
}
