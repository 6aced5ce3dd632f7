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
import { hashLegacyOpen, type LegacyOpenBlock } from "./ledger-block.js";
import type { DevNetwork } from "./network.js";
import { searchWorkSync } from "./work-search.js";

export interface DevWorkThresholds extends WorkThresholds {
  readonly entry: bigint;
}

/** 128 attempts for a send and 16 for a receive on average: `work_generate` answers at once. */
export const TINY_WORK_THRESHOLDS: WorkThresholds = { send: 0xfe00000000000000n, receive: 0xf000000000000000n };

/** A network of our own with a fixed key, so that every run has the same genesis account. Needs `cryptoReady()`. */
export function createDevNetwork(thresholds: DevWorkThresholds): DevNetwork {
  const { entry, send, receive } = thresholds;
  const genesisSecretKey = blake2b(new TextEncoder().encode("x402-nano dev ledger: genesis"), 32);
  return {
    genesis: signGenesis(genesisSecretKey, receive),
    genesisSecretKey,
    work: { entry, required: { send, receive }, advertised: { send, receive } },
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
 * The private network of `node-recordings/`. Its accounts are of epoch 0, where a node wants fe00… of every block,
 * while its RPC names the thresholds of epoch 2: the recordings take sends of fe62… and call f655… insufficient.
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
    work: {
      entry: 0xf000000000000000n,
      required: { send: 0xfe00000000000000n, receive: 0xfe00000000000000n },
      advertised: { send: 0xffc0000000000000n, receive: 0xf000000000000000n },
    },
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
