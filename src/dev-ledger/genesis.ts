import {
  blake2b,
  bytesToHex,
  derivePublicKey,
  hexToBytes,
  keyBytes,
  type PublicKey,
  parseAddress,
  publicKeyOf,
  signMessage,
  type WorkThresholds,
} from "../nano/index.js";
import { easierOf, harderOf } from "./difficulty.js";
import { hashLegacyOpen, type LegacyOpenBlock } from "./ledger-block.js";
import type { DevNetwork, Epoch, WorkRules } from "./network.js";
import { searchWorkSync } from "./work-search.js";

/** A network's thresholds as a node knows them. `MAINNET_WORK_THRESHOLDS` alone make the live network's rules of today. */
export interface DevWorkThresholds extends WorkThresholds {
  /** Below it a block is not looked at. Default: the lowest of the others. */
  readonly entry: bigint;
  /** What every block of an account of epoch 0 or 1 needs; `send` and `receive` are those of epoch 2. Default: `send`. */
  readonly epoch1: bigint;
  /** Of all accounts; default 2, as on the live network. */
  readonly epoch: Epoch;
}

/** 128 attempts for a send and 16 for a receive on average: `work_generate` answers at once. */
export const TINY_WORK_THRESHOLDS: WorkThresholds = { send: 0xfe00000000000000n, receive: 0xf000000000000000n };

/**
 * A node asks for the work of the account's epoch, and since epoch 2 for less where a block receives. What it names and
 * generates by default is enough for every account: the hardest of all, and epoch 2's receive.
 */
export function workRulesOf(thresholds: Partial<DevWorkThresholds> = {}): WorkRules {
  const { send, receive } = { ...TINY_WORK_THRESHOLDS, ...thresholds };
  const { epoch1 = send, epoch = 2, entry = easierOf(easierOf(send, receive), epoch1) } = thresholds;
  return {
    entry,
    required: epoch === 2 ? { send, receive } : { send: epoch1, receive: epoch1 },
    advertised: { send: harderOf(harderOf(send, receive), epoch1), receive },
  };
}

/** A network of our own with a fixed key, so that every run has the same genesis account. Needs `cryptoReady()`. */
export function createDevNetwork(thresholds: Partial<DevWorkThresholds> = {}): DevNetwork {
  const genesisSecretKey = blake2b(new TextEncoder().encode("x402-nano dev ledger: genesis"), 32);
  const work = workRulesOf(thresholds);
  return {
    // Nobody checks the work of genesis, so it never takes long.
    genesis: signGenesis(genesisSecretKey, easierOf(work.required.receive, TINY_WORK_THRESHOLDS.receive)),
    genesisSecretKey,
    epoch: thresholds.epoch ?? 2,
    work,
    version: {
      rpc_version: "1",
      store_version: "24",
      protocol_version: "21",
      node_vendor: "x402-nano dev ledger",
      store_vendor: "memory",
      network: "dev",
      build_info: "x402-nano dev ledger",
    },
    nodeVersion: [28, 0, 0, 0],
  };
}

/**
 * The private network of `node-recordings/`, with the thresholds that nodes have for such. Its accounts are of epoch 0:
 * the recordings take sends of fe62… and call f655… insufficient, while the RPC names ffc0… and f000….
 */
export function recordedDevNetwork(): DevNetwork {
  const account = parseAddress("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo");
  return {
    genesis: {
      type: "open",
      account,
      source: account,
      representative: account,
      signature:
        "ecda914373a2f0ca1296475baee40500a7f0a7ad72a5a80c81d7fab7f6c802b2cc7db50f5dd0fb25b2ef11761fa7344a158dd5a700b21bd47de5bd0f63153a02",
      work: "7b42a00ee91d5810",
    },
    genesisSecretKey: hexToBytes("34F0A37AAD20F4A260F0A5B3CB3D7FB50673212263E58A380BC10474BB039CE4", 32),
    epoch: 0,
    work: workRulesOf({
      send: 0xffc0000000000000n,
      receive: 0xf000000000000000n,
      epoch1: 0xfe00000000000000n,
      epoch: 0,
    }),
    version: {
      rpc_version: "1",
      store_version: "24",
      protocol_version: "21",
      node_vendor: "Nano V28.0",
      store_vendor: "LMDB 0.9.70",
      network: "dev",
      build_info: '9efd84972 "GNU C++ version " "12.2.0" "BOOST 108100" BUILT "Nov 20 2026"',
    },
    nodeVersion: [28, 0, 0, 99],
  };
}

function signGenesis(secretKey: Uint8Array, threshold: bigint): LegacyOpenBlock {
  const account: PublicKey = publicKeyOf(derivePublicKey(secretKey));
  const unsigned = { type: "open", account, source: account, representative: account } as const;
  const hash = hashLegacyOpen(unsigned);
  return {
    ...unsigned,
    signature: bytesToHex(signMessage(keyBytes(hash), secretKey)),
    work: searchWorkSync(keyBytes(account), threshold),
  };
}
