import { describe, expect, test } from "vitest";
import { Latencies } from "../../../../src/ledger/pool/latencies.js";

function patienceAfter(...samples: readonly number[]): number {
  const latencies = new Latencies();
  for (const ms of samples) latencies.add(ms);
  return latencies.patienceMs;
}
const times = (count: number, ms: number): number[] => Array.from({ length: count }, () => ms);

describe("patience", () => {
  test("is a guess until eight answers came", () => {
    expect([patienceAfter(), patienceAfter(...times(7, 100))]).toEqual([300, 300]);
    expect(patienceAfter(...times(8, 100))).toBe(150);
  });

  test("is half as long again as 19 of 20 answers took", () => {
    expect(patienceAfter(...times(60, 100), ...times(4, 200))).toBe(300);
    expect(patienceAfter(...times(61, 100), ...times(3, 900))).toBe(150);
  });

  test("does not depend on the order, and compares numbers as numbers", () => {
    expect(patienceAfter(9, 10, 100, 9, 10, 9, 10, 9)).toBe(150);
    expect(patienceAfter(100, 9, 10, 9, 10, 9, 10, 9)).toBe(150);
  });

  test("forgets all but the last 64", () => {
    expect(patienceAfter(...times(64, 1_000), ...times(64, 40))).toBe(60);
    expect(patienceAfter(...times(64, 40), ...times(64, 1_000))).toBe(1_500);
  });

  test("is neither shorter nor longer than makes sense", () => {
    expect(patienceAfter(...times(64, 0))).toBe(20);
    expect(patienceAfter(...times(64, 60_000))).toBe(2_000);
  });
});
