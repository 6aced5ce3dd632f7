import { NanoError } from "../errors/index.js";
import { bigintToBytes, bytesToHex, workValue } from "../nano/index.js";

/** About ten milliseconds between two looks at other requests. */
const ATTEMPTS_PER_TURN = 4096;

/**
 * The first work that meets `threshold` on `root`, counting from zero: the same question always has the same answer.
 * Lets other requests in from time to time, so a threshold like the live network's is slow but stops nothing.
 */
export async function searchWork(root: Uint8Array, threshold: bigint, signal: AbortSignal): Promise<string> {
  for (let from = 0n; ; from += BigInt(ATTEMPTS_PER_TURN)) {
    if (signal.aborted) throw new NanoError("work_unavailable", { why: "cancelled" });
    const found = tryRange(root, threshold, from);
    if (found !== undefined) return found;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** For thresholds that take a few attempts. */
export function searchWorkSync(root: Uint8Array, threshold: bigint): string {
  for (let from = 0n; ; from += BigInt(ATTEMPTS_PER_TURN)) {
    const found = tryRange(root, threshold, from);
    if (found !== undefined) return found;
  }
}

function tryRange(root: Uint8Array, threshold: bigint, from: bigint): string | undefined {
  for (let attempt = 0; attempt < ATTEMPTS_PER_TURN; attempt += 1) {
    const work = bigintToBytes(from + BigInt(attempt), 8);
    if (workValue(work, root) >= threshold) return bytesToHex(work);
  }
  return undefined;
}
