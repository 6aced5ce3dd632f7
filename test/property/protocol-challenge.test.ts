import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_RAW, publicKeyOf } from "../../src/nano/index.js";
import { type ChallengeTerms, createChallengeAuthority } from "../../src/protocol/index.js";

const RUNS = { seed: 5, numRuns: 3_000 };
const authority = createChallengeAuthority("the property test's own secret, long enough");

const terms: fc.Arbitrary<ChallengeTerms> = fc.record({
  payTo: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(publicKeyOf),
  amountRaw: fc.bigInt({ min: 1n, max: MAX_RAW }),
  validBefore: fc.maxSafeNat(),
});

test("the issuer recognises its own nonce for its own terms", () => {
  fc.assert(
    fc.property(terms, (own) => {
      expect(authority.isOwnNonce(authority.issueNonce(own), own)).toBe(true);
    }),
    RUNS,
  );
});

test("and for no others", () => {
  fc.assert(
    fc.property(terms, terms, fc.constantFrom("payTo", "amountRaw", "validBefore"), (own, other, field) => {
      fc.pre(own[field] !== other[field]);
      expect(authority.isOwnNonce(authority.issueNonce(own), { ...own, [field]: other[field] })).toBe(false);
    }),
    RUNS,
  );
});

test("no other text passes for a nonce, whatever the terms, and none throws", () => {
  const hexLike = fc.string({ unit: fc.constantFrom(..."0123456789abcdefABCDEF"), minLength: 64, maxLength: 64 });
  const hostile = fc.oneof(
    hexLike,
    fc.string({ unit: "binary", maxLength: 80 }),
    fc.constantFrom("__proto__", "0".repeat(64)),
  );
  const anyTerms = fc.record({
    payTo: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(publicKeyOf),
    amountRaw: fc.bigInt({ min: -(2n ** 130n), max: 2n ** 130n }),
    validBefore: fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()),
  });
  fc.assert(
    fc.property(hostile, anyTerms, (nonce, offered) => {
      expect(authority.isOwnNonce(nonce, offered)).toBe(false);
    }),
    { seed: 6, numRuns: 10_000 },
  );
});
