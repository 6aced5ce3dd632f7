import { expect, test } from "vitest";
import { GapBlocks } from "../../src/dev-ledger/gap-blocks.js";
import type { StateBlock } from "../../src/dev-ledger/ledger-block.js";
import { parseAddress, parseBlockHash, ZERO_HASH } from "../../src/nano/index.js";

const account = parseAddress("nano_3e3j5tkog48pnny9dmfzj1r16pg8t1e76dz5tmac6iq689wyjfpiij4txtdo");
const hash = (digit: string) => parseBlockHash(digit.repeat(64));

function blockWith(balanceRaw: bigint): StateBlock {
  const fields = { account, previous: ZERO_HASH, representative: account, link: ZERO_HASH, balanceRaw };
  return { type: "state", ...fields, signature: "0".repeat(128), work: "0".repeat(16) };
}

test("hands out what waited, once", () => {
  const gaps = new GapBlocks();
  gaps.keep(hash("a"), hash("1"), blockWith(1n));
  gaps.keep(hash("a"), hash("1"), blockWith(1n));
  gaps.keep(hash("a"), hash("2"), blockWith(2n));
  gaps.keep(hash("b"), hash("3"), blockWith(3n));
  expect(gaps.count).toBe(3);
  expect(gaps.take(hash("a"))).toEqual([blockWith(1n), blockWith(2n)]);
  expect(gaps.take(hash("a"))).toEqual([]);
  expect(gaps.count).toBe(1);
});

test("is bounded: a flood of blocks with gaps pushes the oldest out", () => {
  const gaps = new GapBlocks(3);
  for (const digit of ["1", "2", "3", "4"]) gaps.keep(hash("a"), hash(digit), blockWith(BigInt(digit)));
  gaps.keep(hash("b"), hash("5"), blockWith(5n));
  expect(gaps.count).toBe(3);
  expect(gaps.take(hash("a"))).toEqual([blockWith(3n), blockWith(4n)]);
  expect(gaps.take(hash("b"))).toEqual([blockWith(5n)]);
  expect(gaps.count).toBe(0);
});
