import { NanoError } from "../errors/index.js";
import { bigintToBytes, bytesToBigint, reverseBytes } from "./bytes.js";
import { assembleWorkModule } from "./work-kernel-code.js";

/**
 * Tries `attempts` works (at most 2^31 - 1) from `start` on. Works are 8 bytes in the order they are printed; undefined
 * where none of them is worth `threshold` on `root`.
 */
export type WorkKernel = (
  root: Uint8Array,
  threshold: bigint,
  start: Uint8Array,
  attempts: number,
) => Uint8Array | undefined;

/** What the module exports as `search`: how many nonces from `start` on are not enough, at most `attempts`. */
export type WorkSearch = (
  start: bigint,
  attempts: number,
  ...rootAndThreshold: readonly [bigint, bigint, bigint, bigint, bigint]
) => number;

let compiling: Promise<WebAssembly.Module> | undefined;

/**
 * Compiled once; threads are handed the module. Never synchronously: browsers refuse that for more than 4 KB. Throws
 * `missing_dependency` where WebAssembly is switched off, by a content security policy for one.
 */
export function compileWorkModule(): Promise<WebAssembly.Module> {
  compiling ??= compile();
  return compiling;
}

export async function loadWorkKernel(): Promise<WorkKernel> {
  const module = await compileWorkModule();
  const { exports } = await WebAssembly.instantiate(module);
  const search: unknown = exports["search"];
  if (!isWorkSearch(search)) throw new NanoError("missing_dependency", { package: "WebAssembly" });
  return (root, threshold, start, attempts) => {
    const first = bytesToBigint(start);
    const tried = search(first, attempts, ...rootWords(root), threshold);
    return tried === attempts ? undefined : bigintToBytes(BigInt.asUintN(64, first + BigInt(tried)), 8);
  };
}

/** A root's 32 bytes as the kernel takes them: four words, little-endian. */
export function rootWords(root: Uint8Array): [bigint, bigint, bigint, bigint] {
  const word = (index: number): bigint => bytesToBigint(reverseBytes(root.subarray(8 * index, 8 * index + 8)));
  return [word(0), word(1), word(2), word(3)];
}

async function compile(): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(assembleWorkModule());
  } catch (cause) {
    throw new NanoError("missing_dependency", { package: "WebAssembly" }, cause);
  }
}

function isWorkSearch(value: unknown): value is WorkSearch {
  return typeof value === "function";
}
