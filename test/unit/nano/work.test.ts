import { expect, test } from "vitest";
import { hexToBytes, isWorkValid, MAINNET_WORK_THRESHOLDS, workValue } from "../../../src/nano/index.js";

const ROOT = hexToBytes("e59f7c7a89dc59e82173f4c9a8c3a06f6049b0e839eef2d63e6c536296b8ce7a", 32);
/** Recorded from a node: step 36 of main.jsonl. */
const WORK = hexToBytes("ca298b67dea95e86", 8);
const VALUE = 0xfff3de8898d751fdn;

test("the thresholds of the live network", () => {
  expect(MAINNET_WORK_THRESHOLDS).toEqual({ send: 0xfffffff800000000n, receive: 0xfffffe0000000000n });
});

test("the threshold itself is enough", () => {
  expect(workValue(WORK, ROOT)).toBe(VALUE);
  expect(isWorkValid(WORK, ROOT, VALUE)).toBe(true);
  expect(isWorkValid(WORK, ROOT, VALUE + 1n)).toBe(false);
  expect(isWorkValid(WORK, ROOT, 0n)).toBe(true);
});

test("work is read in the order in which it is printed, not reversed", () => {
  expect(workValue(Uint8Array.from(WORK).reverse(), ROOT)).not.toBe(VALUE);
});

test("work of another length is never valid", () => {
  for (const length of [0, 7, 9]) expect(isWorkValid(new Uint8Array(length), ROOT, 0n)).toBe(false);
});

test("neither argument is changed, also where it is a Buffer", () => {
  const [work, root] = [Buffer.from(WORK), Buffer.from(ROOT)];
  expect(workValue(work, root)).toBe(VALUE);
  expect([work.toString("hex"), root.toString("hex")]).toEqual([
    Buffer.from(WORK).toString("hex"),
    Buffer.from(ROOT).toString("hex"),
  ]);
});
