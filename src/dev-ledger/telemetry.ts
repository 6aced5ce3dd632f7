import {
  bigintToBytes,
  blake2b,
  bytesToHex,
  concatBytes,
  derivePublicKey,
  encodeAddress,
  hexToBytes,
  keyBytes,
  signMessage,
} from "../nano/index.js";
import type { DevNode } from "./node.js";

/** What a node tells of itself, in the order in which it is signed. */
export interface TelemetryFacts {
  readonly nodeId: Uint8Array;
  readonly blockCount: number;
  readonly cementedCount: number;
  readonly uncheckedCount: number;
  readonly accountCount: number;
  readonly uptimeSeconds: number;
  readonly genesisHash: string;
  readonly version: readonly [number, number, number, number];
  readonly timestampMs: number;
  readonly activeDifficulty: bigint;
}

const BANDWIDTH_CAP = 10_485_760;
const PEER_COUNT = 0;
const PROTOCOL_VERSION = 21;
const MAKER = 0;

/** The signed bytes of a telemetry message; the recorded signature verifies over them. */
export function encodeTelemetry(facts: TelemetryFacts): Uint8Array {
  const unsigned = (value: number | bigint, bytes: number): Uint8Array => bigintToBytes(BigInt(value), bytes);
  return concatBytes(
    facts.nodeId,
    unsigned(facts.blockCount, 8),
    unsigned(facts.cementedCount, 8),
    unsigned(facts.uncheckedCount, 8),
    unsigned(facts.accountCount, 8),
    unsigned(BANDWIDTH_CAP, 8),
    unsigned(PEER_COUNT, 4),
    unsigned(PROTOCOL_VERSION, 1),
    unsigned(facts.uptimeSeconds, 8),
    hexToBytes(facts.genesisHash, 32),
    ...facts.version.map((part) => unsigned(part, 1)),
    unsigned(MAKER, 1),
    unsigned(facts.timestampMs, 8),
    unsigned(facts.activeDifficulty, 8),
  );
}

export function describeTelemetry(node: DevNode): Readonly<Record<string, string>> {
  const secretKey = blake2b(keyBytes(node.state.genesisHash), 32);
  const facts = gatherFacts(node, derivePublicKey(secretKey));
  const [major, minor, patch, preRelease] = facts.version;
  return {
    block_count: facts.blockCount.toString(),
    cemented_count: facts.cementedCount.toString(),
    unchecked_count: facts.uncheckedCount.toString(),
    account_count: facts.accountCount.toString(),
    bandwidth_cap: BANDWIDTH_CAP.toString(),
    peer_count: PEER_COUNT.toString(),
    protocol_version: PROTOCOL_VERSION.toString(),
    uptime: facts.uptimeSeconds.toString(),
    genesis_block: facts.genesisHash.toUpperCase(),
    major_version: major.toString(),
    minor_version: minor.toString(),
    patch_version: patch.toString(),
    pre_release_version: preRelease.toString(),
    maker: MAKER.toString(),
    timestamp: facts.timestampMs.toString(),
    active_difficulty: facts.activeDifficulty.toString(16).padStart(16, "0"),
    node_id: encodeAddress(facts.nodeId).replace("nano_", "node_"),
    signature: bytesToHex(signMessage(encodeTelemetry(facts), secretKey)).toUpperCase(),
  };
}

function gatherFacts({ state, processor, network, clock, startedAtMs }: DevNode, nodeId: Uint8Array): TelemetryFacts {
  const timestampMs = clock();
  return {
    nodeId,
    blockCount: state.blockCount,
    cementedCount: state.confirmedCount,
    uncheckedCount: processor.gapCount,
    accountCount: state.accountCount,
    uptimeSeconds: Math.floor((timestampMs - startedAtMs) / 1000),
    genesisHash: state.genesisHash,
    version: network.nodeVersion,
    timestampMs,
    activeDifficulty: network.work.advertised.send,
  };
}
