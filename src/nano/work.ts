import { blake2b } from "./blake2b.js";
import { bytesToBigint, concatBytes, reverseBytes } from "./bytes.js";

/** Thresholds of the live network since epoch 2 (SPEC 2). They are configuration: a private network has its own. */
export interface WorkThresholds {
  readonly send: bigint;
  readonly receive: bigint;
}

export const MAINNET_WORK_THRESHOLDS: WorkThresholds = {
  send: 0xfffffff800000000n,
  receive: 0xfffffe0000000000n,
};

/** What `work` (8 bytes in the order they are printed) is worth on `root`: Blake2b-64(work reversed ‖ root). */
export function workValue(work: Uint8Array, root: Uint8Array): bigint {
  return bytesToBigint(reverseBytes(blake2b(concatBytes(reverseBytes(work), root), 8)));
}

export function isWorkValid(work: Uint8Array, root: Uint8Array, threshold: bigint): boolean {
  return work.length === 8 && workValue(work, root) >= threshold;
}
