import { describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorOptions, memoryStore } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";

const ledger = createLedger({ rpcUrls: "http://127.0.0.1:9" });
const open = (options: Partial<FacilitatorOptions>) =>
  createFacilitatorEngine({ ledger, store: memoryStore(), ...options });

describe("options that would switch a check off without a word are refused", () => {
  const settings = ["paymentAgeSeconds", "confirmationTimeoutSeconds", "verifyTimeoutSeconds"] as const;

  test.each(settings)("%s", (setting) => {
    for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      const facts = expect.objectContaining({ setting });
      expect(() => open({ [setting]: value })).toThrow(
        expect.objectContaining({ code: "invalid_configuration", facts }),
      );
    }
  });

  test("an age limit of nothing, but not a wait of nothing", () => {
    expect(() => open({ paymentAgeSeconds: 0 })).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
    expect(open({ confirmationTimeoutSeconds: 0, verifyTimeoutSeconds: 0 })).toBeDefined();
  });

  test.each(["", "short", "ab".repeat(31), []])("a challenge secret that is none: %j", (challengeSecret) => {
    expect(() => open({ challengeSecret })).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
  });
});
