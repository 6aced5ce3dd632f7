import { describe, expect, test } from "vitest";
import { hasCode } from "../../../src/errors/index.js";
import { MAX_RAW } from "../../../src/nano/index.js";
import { amountFor, isTrackBAmount, type Track, trackAAmount, trackBAmount } from "../../../src/protocol/index.js";

function whyRefused(price: () => bigint): unknown {
  try {
    return price();
  } catch (error) {
    if (hasCode(error, "invalid_price")) return error.facts["why"];
    throw error;
  }
}

describe("the amount of a Track A entry", () => {
  test.each([
    [10n, 11n],
    [1000n, 1001n],
    [10n ** 27n, 10n ** 27n + 1n],
    [MAX_RAW - 5n, MAX_RAW - 4n],
  ])("%s raw, a multiple of 10, becomes %s", (raw, expected) => {
    expect(trackAAmount(raw)).toBe(expected);
  });

  test.each([1n, 11n, 10n ** 27n + 1n, 7n, 19n, MAX_RAW])("%s raw stays as its seller asks", (raw) => {
    expect(trackAAmount(raw)).toBe(raw);
  });

  test("asking for it twice adds one raw once", () => {
    expect(trackAAmount(trackAAmount(10n ** 27n))).toBe(10n ** 27n + 1n);
  });
});

describe("the amount of a Track B entry", () => {
  test.each([10n, 10n ** 27n, MAX_RAW - 5n])("%s raw", (raw) => {
    expect(trackBAmount(raw)).toBe(raw);
    expect(isTrackBAmount(raw)).toBe(true);
  });

  test.each([1n, 9n, 11n, 10n ** 27n + 1n, MAX_RAW])("%s raw is no multiple of 10: a configuration error", (raw) => {
    expect(whyRefused(() => trackBAmount(raw))).toBe("a nanoSignature amount must be a multiple of 10 raw");
    expect(isTrackBAmount(raw)).toBe(false);
  });
});

describe.each([
  ["trackAAmount", trackAAmount],
  ["trackBAmount", trackBAmount],
])("%s refuses what nobody can pay", (_name, price) => {
  test.each([0n, -1n, -10n])("%s raw", (raw) => {
    expect(whyRefused(() => price(raw))).toBe("the price must be more than zero");
  });

  test("more than exists", () => {
    expect(whyRefused(() => price(MAX_RAW + 5n))).toBe("more than exists");
  });
});

/** SPEC 3: the requirements judge by their own method; Faremeter hands over its first entry for both tracks. */
describe("amountFor", () => {
  const rows: [Track, Track | undefined, bigint, bigint][] = [
    ["nanoTxn", "nanoTxn", 1001n, 1001n],
    ["nanoTxn", "nanoTxn", 1000n, 1000n],
    ["nanoTxn", undefined, 1000n, 1000n],
    ["nanoTxn", "nanoSignature", 1000n, 1001n],
    ["nanoTxn", "nanoSignature", 1007n, 1008n],
    ["nanoSignature", "nanoSignature", 1000n, 1000n],
    ["nanoSignature", "nanoSignature", 1001n, 1001n],
    ["nanoSignature", undefined, 1001n, 1001n],
    ["nanoSignature", "nanoTxn", 1001n, 1000n],
    ["nanoSignature", "nanoTxn", 1000n, 1000n],
    ["nanoSignature", "nanoTxn", 1007n, 1007n],
  ];

  test.each(rows)("%s under %s of %s raw: %s", (track, method, raw, expected) => {
    expect(amountFor(track, method, raw)).toBe(expected);
  });

  test("at the ends it is no amount, and nobody can have accepted it", () => {
    expect(amountFor("nanoSignature", "nanoTxn", 1n)).toBe(0n);
    expect(amountFor("nanoTxn", "nanoSignature", MAX_RAW)).toBe(MAX_RAW + 1n);
  });
});
