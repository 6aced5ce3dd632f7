import { x402ResourceServer } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";
import { describe, expect, test } from "vitest";
import { ExactNanoScheme, registerExactNanoScheme } from "x402-nano/server";
import { parseAddress } from "../../../src/nano/index.js";
import { createChallengeAuthority } from "../../../src/protocol/index.js";
import { createTestClock } from "../../support/clock.js";
import { CHALLENGE_SECRET, PAY_TO } from "../../support/world.js";

const NOW = 1_800_000_000;
const scheme = () => new ExactNanoScheme({ challengeSecret: CHALLENGE_SECRET, clock: createTestClock(NOW * 1000) });
const entry = (changes: Partial<PaymentRequirements> = {}): PaymentRequirements => ({
  scheme: "exact",
  network: "nano:mainnet",
  asset: "XNO",
  amount: "1000",
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: {},
  ...changes,
});
const contextOf = (requirements: PaymentRequirements[]) => ({
  requirements,
  resourceInfo: { url: "http://127.0.0.1/weather" },
  paymentRequiredResponse: { x402Version: 2, resource: { url: "http://127.0.0.1/weather" }, accepts: requirements },
});

describe("enhancePaymentRequirements", () => {
  test("an entry that names no track is marked, so that it cannot swallow the other track's payloads", async () => {
    expect((await scheme().enhancePaymentRequirements(entry())).extra).toEqual({
      assetTransferMethod: "nanoSignature",
    });
  });

  test.each([
    ["nanoTxn", "1000", "1001"],
    ["nanoTxn", "1001", "1001"],
    ["nanoTxn", "1007", "1007"],
    ["nanoSignature", "1000", "1000"],
  ])(
    "%s of %s raw asks for %s raw, and again the same for what it gave",
    async (assetTransferMethod, amount, expected) => {
      const first = await scheme().enhancePaymentRequirements(entry({ amount, extra: { assetTransferMethod } }));
      expect(first.amount).toBe(expected);
      expect(await scheme().enhancePaymentRequirements(first)).toEqual(first);
    },
  );

  test("a Track B amount that is no multiple of 10 raw is a configuration error", async () => {
    const wrong = entry({ amount: "1005", extra: { assetTransferMethod: "nanoSignature" } });
    await expect(scheme().enhancePaymentRequirements(wrong)).rejects.toMatchObject({ code: "invalid_price" });
  });

  test.each([
    ["network", { network: "nano:testnet" as const }],
    ["asset", { asset: "USDC" }],
    ["payTo", { payTo: "nano_1" }],
    ["amount", { amount: "1.5" }],
    ["assetTransferMethod", { extra: { assetTransferMethod: "eip3009" } }],
  ])("a wrong %s is the seller's error", async (_name, changes) => {
    await expect(scheme().enhancePaymentRequirements(entry(changes))).rejects.toMatchObject({
      code: "invalid_requirements",
    });
  });

  test("payTo is emitted with the nano_ prefix, and no nonce is minted yet", async () => {
    const enhanced = await scheme().enhancePaymentRequirements(entry({ payTo: PAY_TO.replace("nano_", "xrb_") }));
    expect(enhanced.payTo).toBe(PAY_TO);
    expect(enhanced.extra).not.toHaveProperty("nonce");
  });
});

describe("enrichPaymentRequiredResponse", () => {
  test("each 402 gets a fresh challenge that its own secret recognises; entries of other networks stay as they are", async () => {
    const server = scheme();
    const ours = await server.enhancePaymentRequirements(entry());
    const evm = entry({ network: "eip155:8453", asset: "0xabc", payTo: "0xdef", extra: { name: "USDC" } });
    const [first] = await server.enrichPaymentRequiredResponse(contextOf([ours, evm]));
    const [second, untouched] = await server.enrichPaymentRequiredResponse(contextOf([ours, evm]));
    expect(untouched).toBe(evm);
    expect(first?.extra["nonce"]).not.toBe(second?.extra["nonce"]);
    const authority = createChallengeAuthority(CHALLENGE_SECRET);
    const terms = { payTo: parseAddress(PAY_TO), amountRaw: 1000n, validBefore: NOW + 60 };
    expect(authority.isOwnNonce(String(first?.extra["nonce"]), terms)).toBe(true);
    expect(first?.extra["validBefore"]).toBe(NOW + 60);
  });

  test("core calls it once per entry: what is there stays", async () => {
    const server = scheme();
    const once = await server.enrichPaymentRequiredResponse(
      contextOf([await server.enhancePaymentRequirements(entry())]),
    );
    expect(await server.enrichPaymentRequiredResponse(contextOf(once))).toEqual(once);
  });

  test("Track A gets its time and no nonce", async () => {
    const server = scheme();
    const ours = await server.enhancePaymentRequirements(entry({ extra: { assetTransferMethod: "nanoTxn" } }));
    const [enriched] = await server.enrichPaymentRequiredResponse(contextOf([ours]));
    expect(enriched?.extra).toEqual({ assetTransferMethod: "nanoTxn", validBefore: NOW + 60 });
  });
});

describe("the secret", () => {
  test("without one the process makes its own and says so, once", () => {
    const warnings: string[] = [];
    new ExactNanoScheme({ onWarning: (message) => warnings.push(message) });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("challengeSecret");
  });

  test("a weak one is refused", () => {
    expect(() => new ExactNanoScheme({ challengeSecret: "short" })).toThrow(
      expect.objectContaining({ code: "invalid_configuration" }),
    );
  });
});

test("what the host reads of the scheme", () => {
  const server = new x402ResourceServer();
  const registered = registerExactNanoScheme(server, { challengeSecret: CHALLENGE_SECRET });
  expect(server.getRegisteredScheme("nano:mainnet", "exact")).toBe(registered);
  expect(registered.getAssetDecimals()).toBe(30);
  expect(registered.dynamicExtraFields).toEqual(["nonce", "validBefore"]);
  expect(Object.keys(registered.paymentFlows)).toEqual(["nanoTxn", "nanoSignature"]);
});
