import fc from "fast-check";
import { expect, test } from "vitest";
import type { OfferedEntry } from "x402-nano/facilitator";
import { isNanoError } from "../../src/errors/index.js";
import { encodeAddress, MAX_RAW, parseAddress } from "../../src/nano/index.js";
import { createChallengeAuthority, requirementsSchema } from "../../src/protocol/index.js";
import { hostileValue, mutationsOf } from "../support/json-mutations.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import { NOW_SECONDS, openWithoutIo } from "../unit/facilitator/no-io.js";

/** Whatever a seller writes, its buyers are offered what they can pay, or nothing (UPSTREAM 3.1, 3.9). */

const RUNS = { seed: 5, numRuns: 500 };
const HOSTILE_RUNS = { seed: 6, numRuns: 4_000 };

const world = openWithoutIo({ challengeSecret: CHALLENGE_SECRET, payTo: PAY_TO, workPolicy: "attach" });
const openToAll = openWithoutIo({ challengeSecret: CHALLENGE_SECRET });
const authority = createChallengeAuthority(CHALLENGE_SECRET);

/** Of every magnitude, and a price of both tracks. */
const amount = fc
  .tuple(fc.bigInt({ min: 1n, max: MAX_RAW / 10n }), fc.integer({ min: 0, max: 124 }))
  .map(([tens, shift]) => String(10n * (tens >> BigInt(shift) || 1n)));
const address = fc
  .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom("nano_", "xrb_"))
  .map(([key, prefix]) => encodeAddress(key).replace("nano_", prefix));
/** No own extra of a seller's: these say something to us. */
const KNOWN = new Set(["assetTransferMethod", "nonce", "validBefore", "work", "workThreshold", "__proto__"]);
const surplus = fc.dictionary(
  fc.string().filter((key) => !KNOWN.has(key)),
  fc.jsonValue({ maxDepth: 2 }),
  { maxKeys: 3 },
);
const entry = fc.record(
  {
    scheme: fc.constant("exact"),
    network: fc.constant("nano:mainnet"),
    asset: fc.constant("XNO"),
    amount,
    payTo: address,
    maxTimeoutSeconds: fc.integer({ min: 0, max: 1_000_000 }),
    extra: surplus,
  },
  { requiredKeys: ["network", "amount", "payTo"] },
);

function trackAndAmount({ extra, amount: asked }: OfferedEntry): unknown[] {
  return [extra["assetTransferMethod"], asked];
}

test("both tracks, payable as they stand, and Track B's challenge is known to whoever has the secret", () => {
  fc.assert(
    fc.property(entry, (seller) => {
      const offered = openToAll.engine.accepts([seller]);
      const raw = BigInt(seller.amount);
      expect(offered.map(trackAndAmount)).toEqual([
        ["nanoTxn", String(raw + 1n)],
        ["nanoSignature", String(raw)],
      ]);
      for (const one of offered) {
        const { payTo, maxTimeoutSeconds, extra } = requirementsSchema.parse(one);
        expect(one.extra).toMatchObject(seller.extra ?? {});
        expect(payTo).toBe(parseAddress(seller.payTo));
        expect(maxTimeoutSeconds).toBe(seller.maxTimeoutSeconds || 60);
        expect(extra.validBefore).toBe(NOW_SECONDS + maxTimeoutSeconds);
        const terms = { payTo, amountRaw: raw, validBefore: extra.validBefore ?? 0 };
        expect(authority.isOwnNonce(extra.nonce ?? "", terms)).toBe(extra.assetTransferMethod === "nanoSignature");
      }
    }),
    RUNS,
  );
});

test("what was offered once is offered again for the same, however often it goes round", () => {
  fc.assert(
    fc.property(entry, (seller) => {
      const offered = openToAll.engine.accepts([seller]);
      const again = openToAll.engine.accepts(JSON.parse(JSON.stringify(offered)));
      expect(again.map(trackAndAmount)).toEqual(offered.map(trackAndAmount));
      const withoutNonce = (one: OfferedEntry): unknown => ({ ...one, extra: { ...one.extra, nonce: undefined } });
      expect(again.map(withoutNonce)).toEqual(offered.map(withoutNonce));
      expect(again[1]?.extra["nonce"]).not.toBe(offered[1]?.extra["nonce"]);
    }),
    RUNS,
  );
});

test("anything else is left out, or refused in our own words, and nobody is asked", () => {
  const fine = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "1000", payTo: PAY_TO };
  const full = { ...fine, maxTimeoutSeconds: 60, extra: { assetTransferMethod: "nanoTxn", brand: "x" } };
  const spoilt = fc.oneof(mutationsOf(full), mutationsOf(fine), hostileValue, entry);
  let offers = 0;
  let refusals = 0;
  fc.assert(
    fc.property(fc.array(spoilt, { maxLength: 2 }), (entries) => {
      try {
        for (const offered of world.engine.accepts(entries)) {
          requirementsSchema.parse(JSON.parse(JSON.stringify(offered)));
          expect(offered.payTo).toBe(PAY_TO);
          offers += 1;
        }
      } catch (error) {
        if (!isNanoError(error)) throw error;
        expect(["invalid_requirements", "invalid_price"]).toContain(error.code);
        refusals += 1;
      }
    }),
    HOSTILE_RUNS,
  );
  expect(Math.min(offers, refusals)).toBeGreaterThan(300);
  expect([...world.calls(), ...openToAll.calls()]).toEqual([]);
});
