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
import { createNode, networkOf } from "./create-node.js";
import { type FundedAccount, Funding } from "./funding.js";
import { listenBoth } from "./listen.js";
import { checkOptions, type DevLedgerOptions } from "./options.js";

export interface DevLedger {
  readonly rpcUrl: string;
  /** The node's websocket with its topic `confirmation`, on a port of its own. */
  readonly websocketUrl: string;
  /** The account that owns everything at the start. Its key is public. */
  readonly genesis: { readonly address: string; readonly secretKey: string; readonly hash: BlockHash };
  /** What blocks on this ledger need. */
  readonly workThresholds: WorkThresholds;
  /** Sends from genesis, confirmed at once; the owner has yet to receive it. Returns the send's hash. */
  fund(address: string, raw: bigint): Promise<BlockHash>;
  /** The same, and receives it with the owner's key, confirmed too: the account is opened and can pay. */
  fundAccount(options: { readonly secretKey: string; readonly raw: bigint }): Promise<FundedAccount>;
  /** Confirms a block and all it stands on; throws `ledger_refused` for one that is not on the ledger. */
  confirm(hash: string): readonly BlockHash[];
  /** Confirms whatever is not confirmed yet. */
  confirmAll(): readonly BlockHash[];
  /** Frees both ports, drops open connections, calls pending confirmations and work off. */
  close(): Promise<void>;
}

/** An in-process Nano network with one node, on a loopback port. For tests and demonstrations: its keys are public. */
export async function startDevLedger(options: DevLedgerOptions = {}): Promise<DevLedger> {
  checkOptions(options);
  await cryptoReady();
  const network = networkOf(options);
  const closing = new AbortController();
  const { node, feed } = createNode(network, options, closing.signal);
  const funding = new Funding(node);
  const servers = await listenBoth(node, feed, options);
  return {
    rpcUrl: servers.rpcUrl,
    websocketUrl: servers.websocketUrl,
    genesis: {
      address: addressOf(network.genesis.account),
      secretKey: bytesToHex(network.genesisSecretKey),
      hash: node.state.genesisHash,
    },
    workThresholds: network.work.required,
    fund: async (address, raw) => funding.fund(parseAddress(address), raw),
    fundAccount: async ({ secretKey, raw }) => funding.fundAccount(secretKey, raw),
    confirm: (text) => {
      const hash = parseBlockHash(text);
      if (node.state.block(hash) === undefined) throw new NanoError("ledger_refused", { nodeError: "Block not found" });
      return node.confirmations.confirm(hash);
    },
    confirmAll: () => node.state.unconfirmed().flatMap((hash) => node.confirmations.confirm(hash)),
    close: async () => {
      closing.abort();
      node.confirmations.close();
      await servers.close();
    },
  };
}
