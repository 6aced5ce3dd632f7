import { describe, expect, test } from "vitest";
import { judgeAtServer } from "../../../src/adapters/x402/server-judge.js";
import { createChallengeAuthority } from "../../../src/protocol/index.js";
import { aPayer, edited, NOW_SECONDS, nanoSignaturePayment, nanoTxnPayment, SELLER } from "../../support/payments.js";
import { CHALLENGE_SECRET } from "../../support/world.js";

const authority = createChallengeAuthority(CHALLENGE_SECRET);
const context = { authority, nowSeconds: NOW_SECONDS };
type Json = ReturnType<typeof nanoTxnPayment>;
const judge = ({ paymentPayload, paymentRequirements }: Json, at = context) =>
  judgeAtServer(paymentPayload, paymentRequirements, at)?.reason;

const validBefore = NOW_SECONDS + 60;
const trackB = (amountRaw = 1000n) =>
  nanoSignaturePayment({
    payer: aPayer(1),
    amountRaw,
    validBefore,
    nonce: authority.issueNonce({ payTo: SELLER.account, amountRaw, validBefore }),
  });
const trackA = () => nanoTxnPayment({ payer: aPayer(1), validBefore });

describe("what the server lets through to the facilitator", () => {
  test("honest payments of both tracks, and a Track A payment without an expiry", () => {
    expect(judge(trackA())).toBeUndefined();
    expect(judge(trackB())).toBeUndefined();
    expect(judge(edited(trackA(), "paymentPayload.accepted.extra", {}))).toBeUndefined();
  });
});

describe("what it refuses by itself", () => {
  test("a payload that calls itself version 1: core skips the matching of terms for it", () => {
    expect(judge(edited(trackB(), "paymentPayload.x402Version", 1))).toBe("invalid_x402_version");
  });

  test("a lease that a client invented", () => {
    expect(judge(edited(trackB(), "paymentPayload.payload.lease", "mine"))).toBe("malformed_payload");
  });

  test.each(["paymentPayload.accepted", "paymentRequirements"])(
    "a Track B payload whose %s names Track A, although amount and challenge are right",
    (place) => {
      // 1007 raw is the same on both tracks: no rule of amounts stops it.
      const crossed = edited(trackB(1007n), `${place}.extra.assetTransferMethod`, "nanoTxn");
      expect(judge(trackB(1007n))).toBeUndefined();
      expect(judge(crossed)).toBe("requirements_mismatch");
    },
  );

  test("a Track A payload whose entry names Track B", () => {
    const crossed = edited(trackA(), "paymentPayload.accepted.extra.assetTransferMethod", "nanoSignature");
    expect(judge(crossed)).toBe("requirements_mismatch");
  });

  test("a challenge of another secret, and one without nonce or time", () => {
    const other = { ...context, authority: createChallengeAuthority("7f".repeat(32)) };
    expect(judge(trackB(), other)).toBe("challenge_invalid");
    for (const field of ["nonce", "validBefore"]) {
      expect(judge(edited(trackB(), `paymentPayload.accepted.extra.${field}`, undefined))).toBe("challenge_invalid");
    }
  });

  test.each([
    ["Track A", trackA],
    ["Track B", trackB],
  ])("%s: expired, after five seconds of grace", (_name, payment) => {
    expect(judge(payment(), { authority, nowSeconds: validBefore + 5 })).toBeUndefined();
    expect(judge(payment(), { authority, nowSeconds: validBefore + 6 })).toBe("payment_expired");
  });

  test("rotation: what an older secret issued is still recognised", () => {
    const rotated = createChallengeAuthority(["7f".repeat(32), CHALLENGE_SECRET]);
    expect(judge(trackB(), { ...context, authority: rotated })).toBeUndefined();
  });
});
