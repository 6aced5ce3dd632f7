import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_RAW } from "../../src/nano/index.js";
import { amountFor, trackAAmount, trackBAmount } from "../../src/protocol/index.js";

const RUNS = { seed: 3, numRuns: 10_000 };
/** Prices of every magnitude that both tracks can ask for. */
const price = fc
  .tuple(fc.bigInt({ min: 1n, max: MAX_RAW / 10n }), fc.integer({ min: 0, max: 120 }))
  .map(([tens, shift]) => 10n * ((tens >> BigInt(shift)) + 1n))
  .filter((raw) => raw <= MAX_RAW);

test("no Track A amount is ever some Track B amount, of this price or of another", () => {
  fc.assert(
    fc.property(price, price, (one, other) => {
      expect(trackAAmount(one)).not.toBe(trackBAmount(other));
      expect(trackAAmount(one)).toBe(trackBAmount(one) + 1n);
    }),
    RUNS,
  );
});

test("whichever entry Faremeter hands over, each track is asked for its own amount", () => {
  fc.assert(
    fc.property(price, (raw) => {
      expect(amountFor("nanoTxn", "nanoSignature", trackBAmount(raw))).toBe(trackAAmount(raw));
      expect(amountFor("nanoSignature", "nanoTxn", trackAAmount(raw))).toBe(trackBAmount(raw));
    }),
    RUNS,
  );
});
