import fc from "fast-check";
import { expect, test } from "vitest";
import { acceptedSchema, isReason, type Payment, parsePayment, requirementsSchema } from "../../src/protocol/index.js";
import { hostileValue, mutationsOf } from "../support/json-mutations.js";
import { nanoSignaturePayment, nanoTxnPayment, requirementsJson } from "../support/payments.js";

const RUNS = { seed: 11, numRuns: 10_000 };
const HEX_64 = /^[0-9a-f]{64}$/;
const offers = [
  requirementsJson("nanoTxn"),
  requirementsJson("nanoSignature", {}, { nonce: "ab".repeat(32), work: "optional" }),
];

/** Anything at all; valid offers with one or two changes; objects with the right keys and wrong values. */
const hostileOffer = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...offers).chain(mutationsOf) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...offers)
      .chain(mutationsOf)
      .chain(mutationsOf),
  },
  { weight: 1, arbitrary: hostileValue },
  {
    weight: 1,
    arbitrary: fc.record(Object.fromEntries(Object.keys(offers[0] ?? {}).map((key) => [key, hostileValue])), {
      requiredKeys: [],
    }),
  },
);

function expectWholeOffer(offer: { amount: bigint; payTo: string; extra: Readonly<Record<string, unknown>> }): void {
  expect(offer.amount > 0n && offer.amount < 2n ** 128n).toBe(true);
  expect(offer.payTo).toMatch(HEX_64);
  const { nonce, validBefore, assetTransferMethod, work } = offer.extra;
  if (nonce !== undefined) expect(nonce).toMatch(HEX_64);
  if (validBefore !== undefined) expect(Number.isSafeInteger(validBefore) && Number(validBefore) >= 0).toBe(true);
  expect([undefined, "nanoTxn", "nanoSignature"]).toContain(assetTransferMethod);
  expect([undefined, "optional", "required"]).toContain(work);
  expect(Object.getPrototypeOf(offer.extra)).toBe(Object.prototype);
}

test("requirementsSchema: 10,000 hostile offers", () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(hostileOffer, (offer) => {
      const result = requirementsSchema.safeParse(offer);
      seen[result.success ? "taken" : "refused"] += 1;
      if (!result.success) return;
      expectWholeOffer(result.data);
      expect(Number.isSafeInteger(result.data.maxTimeoutSeconds) && result.data.maxTimeoutSeconds > 0).toBe(true);
    }),
    RUNS,
  );
  expect(seen.taken).toBeGreaterThan(1_000);
  expect(seen.refused).toBeGreaterThan(5_000);
});

test("acceptedSchema: 10,000 hostile echoes", () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(hostileOffer, (offer) => {
      const result = acceptedSchema.safeParse(offer);
      seen[result.success ? "taken" : "refused"] += 1;
      if (result.success) expectWholeOffer(result.data);
    }),
    RUNS,
  );
  expect(seen.taken).toBeGreaterThan(1_000);
  expect(seen.refused).toBeGreaterThan(5_000);
});

const payments = [nanoTxnPayment(), nanoSignaturePayment()];
const hostileBodies = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...payments).chain(mutationsOf) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...payments)
      .chain(mutationsOf)
      .chain(mutationsOf),
  },
  { weight: 1, arbitrary: fc.record({ paymentPayload: hostileValue, paymentRequirements: hostileValue }) },
);
const request = fc.record(
  { x402Version: fc.oneof(fc.constant(2), hostileValue), allowLease: fc.boolean() },
  { requiredKeys: ["allowLease"] },
);

function expectWhole(payment: Payment): void {
  expectWholeOffer(payment.requirements);
  expectWholeOffer(payment.accepted);
  if (payment.track === "nanoSignature") {
    const { blockHash, account, signature } = payment.payload;
    expect([blockHash, account].every((hex) => HEX_64.test(hex))).toBe(true);
    expect(signature).toMatch(/^[0-9a-f]{128}$/);
    return;
  }
  const { block, workForm } = payment.payload;
  expect([block.account, block.previous, block.representative, block.link].every((hex) => HEX_64.test(hex))).toBe(true);
  expect(block.balanceRaw >= 0n && block.balanceRaw < 2n ** 128n).toBe(true);
  expect(block.signature).toMatch(/^[0-9a-f]{128}$/);
  expect(block.work !== undefined).toBe(workForm === "present");
  if (block.work !== undefined) expect(block.work).toMatch(/^[0-9a-f]{16}$/);
}

test("parsePayment: 10,000 hostile bodies", () => {
  const seen = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(hostileBodies, request, ({ paymentPayload, paymentRequirements }, from) => {
      const result = parsePayment(paymentPayload, paymentRequirements, from);
      seen[result.ok ? "taken" : "refused"] += 1;
      if (result.ok) {
        expectWhole(result.payment);
        if (!from.allowLease) expect(result.payment.payload.lease).toBeUndefined();
      } else {
        expect(isReason(result.reason) && ["malformed_payload", "invalid_x402_version"].includes(result.reason)).toBe(
          true,
        );
        expect(result.message.length).toBeLessThan(200);
      }
    }),
    RUNS,
  );
  expect(seen.taken).toBeGreaterThan(1_000);
  expect(seen.refused).toBeGreaterThan(5_000);
});
