import { isNanoError, NanoError } from "../../errors/index.js";
import { hexToBytes, isWorkValid, keyBytes } from "../../nano/index.js";
import type { WorkCallOptions, WorkRoot, WorkSource } from "../port.js";

const WORK = /^[0-9a-fA-F]{16}$/;
const ALL_WORKS = 2 ** 64;

export function isEnough(work: string, root: WorkRoot, threshold: bigint): boolean {
  return WORK.test(work) && isWorkValid(hexToBytes(work, 8), keyBytes(root), threshold);
}

/** Whatever a source says is checked: with weak work a block would be signed, journalled and refused. */
export async function askSource(
  source: WorkSource,
  root: WorkRoot,
  threshold: bigint,
  options: WorkCallOptions,
): Promise<string> {
  const work = await source.generateWork(root, threshold, options);
  if (isEnough(work, root, threshold)) return work.toLowerCase();
  throw new NanoError("work_unavailable", { why: "the work found is too weak" });
}

/** Of sources that all failed. A stranger's error may quote anything, so it shows in the cause alone. */
export function noneOf(failures: readonly unknown[]): NanoError<"work_unavailable"> {
  const reasons = failures.map((failure, index): [string, string] => [
    `source ${index + 1}`,
    isNanoError(failure) ? failure.message : "an error of its own",
  ]);
  return new NanoError("work_unavailable", Object.fromEntries(reasons), new AggregateError(failures));
}

/** How many works have to be tried on average. */
export function expectedAttempts(threshold: bigint): number {
  return ALL_WORKS / Number(BigInt(ALL_WORKS) - threshold);
}

/** A display or a log that fails must not cost anybody the work. */
export function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    return;
  }
}
