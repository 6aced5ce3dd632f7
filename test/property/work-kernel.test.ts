import * as nanocurrency from "nanocurrency";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesToHex, cryptoReady, loadWorkKernel, type WorkKernel, workValue } from "../../src/nano/index.js";
import { createRandom } from "../support/nano.js";

const random = createRandom(0xb1a4e2b);
let kernel: WorkKernel;

beforeAll(async () => {
  await cryptoReady();
  kernel = await loadWorkKernel();
});

/** Roots and works at the edges, then random ones: a message word that is zero must not be left out. */
function* samples(count: number): Generator<{ root: Uint8Array; work: Uint8Array }> {
  const edges = (length: number): Uint8Array[] =>
    [0x00, 0x01, 0x80, 0xff].map((byte) => new Uint8Array(length).fill(byte));
  for (const root of edges(32)) for (const work of edges(8)) yield { root, work };
  for (let index = 0; index < 4; index += 1) {
    const root = new Uint8Array(32);
    root[8 * index] = 1;
    yield { root, work: new Uint8Array(8) };
  }
  for (let index = 0; index < count; index += 1) yield { root: random.bytes(32), work: random.bytes(8) };
}

describe("the kernel", () => {
  test("1,000 works: worth on a root what Blake2b says, to the last bit", () => {
    for (const { root, work } of samples(1_000)) {
      const value = workValue(work, root);
      expect(kernel(root, value, work, 1)).toEqual(work);
      expect(kernel(root, value + 1n, work, 1)).toBeUndefined();
    }
  });

  test("60 searches: what is found nanocurrency takes, and everything before it nobody does", () => {
    const threshold = 0xff00000000000000n;
    for (const { root, work: start } of samples(60)) {
      const found = kernel(root, threshold, start, 100_000);
      if (found === undefined) throw new Error("nothing in 100,000 attempts at 1 in 256");
      const isValid = (work: string): boolean =>
        nanocurrency.validateWork({ blockHash: bytesToHex(root), work, threshold: threshold.toString(16) });
      expect(isValid(bytesToHex(found))).toBe(true);
      const [first, last] = [start, found].map((bytes) => BigInt(`0x${bytesToHex(bytes)}`)) as [bigint, bigint];
      for (let nonce = first; nonce !== last; nonce = BigInt.asUintN(64, nonce + 1n)) {
        const earlier = nonce.toString(16).padStart(16, "0");
        if (isValid(earlier)) throw new Error(`${earlier} comes before ${bytesToHex(found)}`);
      }
    }
  });
});
