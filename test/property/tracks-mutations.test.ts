import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SignedBlock } from "../../src/nano/index.js";
import { createChallengeAuthority, isReason, parsePayment, spokenChallenge } from "../../src/protocol/index.js";
import { checkNanoSignature } from "../../src/tracks/nano-signature/index.js";
import { checkNanoTxn } from "../../src/tracks/nano-txn/index.js";
import { mutationsOf } from "../support/json-mutations.js";
import {
  NOW_SECONDS,
  nanoSignaturePayment,
  nanoTxnPayment,
  type PaymentJson,
  PRICE_RAW,
  SELLER,
} from "../support/payments.js";
import { SIGNATURE_CONTEXT, TXN_CONTEXT } from "../unit/tracks/scenarios.js";

/**
 * A stranger changes one thing in a valid payment. Either it is refused, or everything that is acted upon is what it
 * was: who pays, what, with which block and which signature, and for Track B under which challenge. So no two different
 * payments pass with one signature, and none passes in two spellings that a store could take for two.
 */
const RUNS = { seed: 13, numRuns: 10_000 };
const authority = createChallengeAuthority("the secret of the resource server");

/** Only what the client sends: the requirements are the server's own word. */
function clientMutations(payment: PaymentJson): fc.Arbitrary<unknown> {
  const once = mutationsOf({ paymentPayload: payment.paymentPayload });
  return fc
    .oneof({ weight: 3, arbitrary: once }, { weight: 1, arbitrary: once.chain(mutationsOf) })
    .map(({ paymentPayload }) => paymentPayload);
}

interface Seen {
  same: number;
  refused: Record<string, number>;
}

function mutationTest(payment: PaymentJson, meaningOf: (paymentPayload: unknown) => object | string): Seen {
  const honest = meaningOf(payment.paymentPayload);
  expect(typeof honest).toBe("object");
  const seen: Seen = { same: 0, refused: {} };
  fc.assert(
    fc.property(clientMutations(payment), (paymentPayload) => {
      const meaning = meaningOf(paymentPayload);
      if (typeof meaning === "string") {
        expect(isReason(meaning)).toBe(true);
        seen.refused[meaning] = (seen.refused[meaning] ?? 0) + 1;
      } else {
        if (!isDeepStrictEqual(meaning, honest)) expect(meaning).toEqual(honest);
        seen.same += 1;
      }
    }),
    RUNS,
  );
  return seen;
}

function withoutWork({ work: _work, ...block }: SignedBlock): object {
  return block;
}

test("Track A: 10,000 mutations", () => {
  const payment = nanoTxnPayment();
  const { paymentRequirements } = payment;
  const seen = mutationTest(payment, (paymentPayload) => {
    const parsed = parsePayment(paymentPayload, paymentRequirements, { allowLease: false });
    if (!parsed.ok) return parsed.reason;
    if (parsed.payment.track !== "nanoTxn") {
      const other = checkNanoSignature(parsed.payment, SIGNATURE_CONTEXT);
      return other.ok ? expect.unreachable("a block became a message signature") : other.reason;
    }
    const { requirements, payload } = parsed.payment;
    const checked = checkNanoTxn(parsed.payment, TXN_CONTEXT);
    return checked.ok ? { ...checked, requirements, block: withoutWork(payload.block) } : checked.reason;
  });
  expect(seen.same).toBeGreaterThan(1_000);
  expect(Object.keys(seen.refused).sort()).toEqual([
    "challenge_invalid",
    "invalid_signature",
    "invalid_work",
    "invalid_x402_version",
    "malformed_payload",
    "payment_expired",
    "requirements_mismatch",
    "wrong_destination",
  ]);
});

test.each([
  ["with the secret", authority],
  ["without it", undefined],
])("Track B %s: 10,000 mutations", (_name, known) => {
  const nonce = authority.issueNonce({
    payTo: SELLER.account,
    amountRaw: PRICE_RAW,
    validBefore: NOW_SECONDS + 60,
  });
  const payment = nanoSignaturePayment({ nonce });
  const { paymentRequirements } = payment;
  const seen = mutationTest(payment, (paymentPayload) => {
    const parsed = parsePayment(paymentPayload, paymentRequirements, { allowLease: false });
    if (!parsed.ok) return parsed.reason;
    if (parsed.payment.track !== "nanoSignature") return expect.unreachable("a message signature became a block");
    const { requirements, payload } = parsed.payment;
    const checked = checkNanoSignature(parsed.payment, { ...SIGNATURE_CONTEXT, authority: known });
    if (!checked.ok) return checked.reason;
    return { ...checked, requirements, signature: payload.signature, spoken: spokenChallenge(parsed.payment) };
  });
  expect(seen.same).toBeGreaterThan(1_000);
  expect(Object.keys(seen.refused).sort()).toEqual([
    "challenge_invalid",
    "invalid_signature",
    "invalid_x402_version",
    "malformed_payload",
    "payment_expired",
    "requirements_mismatch",
  ]);
});
