import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, test } from "vitest";
import { createPurse, type PurseOptions } from "../../../src/purse/index.js";
import { readSettings } from "../../../src/purse/options.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { SEED, startPurse } from "../../support/purse-world.js";

const ledger = new FakeLedger(createManualTime());

test("defaults", () => {
  expect(readSettings({})).toMatchObject({
    perPaymentRaw: 10n ** 29n,
    perDayRaw: 10n ** 30n,
    representative: undefined,
    workThresholds: { send: 0xfffffff800000000n, receive: 0xfffffe0000000000n },
    confirmMs: 10_000,
    inFlightMs: undefined,
  });
});

test.each<{ setting: string; options: Partial<PurseOptions> }>([
  { setting: "maxPerPayment", options: { maxPerPayment: "0.1" } },
  { setting: "maxPerPayment", options: { maxPerPayment: 0n } },
  { setting: "maxPerDay", options: { maxPerDay: -1n } },
  { setting: "maxPerDay", options: { maxPerDay: "$1" } },
  { setting: "representative", options: { representative: "nano_1" } },
  { setting: "workThresholds.send", options: { workThresholds: { send: 2n ** 64n, receive: 1n } } },
  { setting: "confirmSeconds", options: { confirmSeconds: 0 } },
  { setting: "inFlightSeconds", options: { inFlightSeconds: Number.NaN } },
  { setting: "ledger, rpcUrls", options: { ledger: undefined } },
  { setting: "ledger, rpcUrls", options: { rpcUrls: "http://127.0.0.1:7076" } },
])("refused: $setting %#", async ({ setting, options }) => {
  await expect(createPurse({ seed: SEED, ledger, ...options })).rejects.toMatchObject({
    code: "invalid_configuration",
    facts: { setting },
  });
});

test("a ledger opened by the purse is closed with it", async () => {
  const node = createServer();
  const asked = once(node, "request");
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  const address = node.address();
  if (address === null || typeof address === "string") throw new TypeError("no port");
  const purse = await createPurse({ seed: SEED, rpcUrls: `http://127.0.0.1:${String(address.port)}` });
  const unanswered = purse.balance().catch((error: unknown) => error);
  await asked;
  await purse.close();
  expect(await unanswered).toMatchObject({ code: "ledger_unavailable", facts: { why: "closed" } });
  node.closeAllConnections();
  await new Promise((resolve) => node.close(resolve));
});

describe("offers that cannot be paid", () => {
  test.each<{ name: string; change: Record<string, unknown> }>([
    { name: "another scheme", change: { scheme: "upto" } },
    { name: "another network", change: { network: "nano:testnet" } },
    { name: "another asset", change: { asset: "USDC" } },
    { name: "no amount", change: { amount: "0" } },
    { name: "a decimal amount", change: { amount: "1.5" } },
    { name: "a negative amount", change: { amount: "-5" } },
    { name: "a bad address", change: { payTo: "nano_1" } },
    { name: "no time", change: { maxTimeoutSeconds: 0 } },
    { name: "an unknown track", change: { extra: { assetTransferMethod: "nanoMagic" } } },
    { name: "Track B without a nonce", change: { extra: { assetTransferMethod: "nanoSignature", validBefore: 9e9 } } },
    {
      name: "Track B without a time",
      change: { extra: { assetTransferMethod: "nanoSignature", nonce: "ab".repeat(32) } },
    },
  ])("$name", async ({ change }) => {
    const { purse, ledger: untouched, offer } = await startPurse();
    await expect(purse.payOffer({ ...offer(), ...change })).rejects.toMatchObject({ code: "invalid_requirements" });
    expect(untouched.processCalls).toEqual([]);
    expect(purse.spentTodayRaw()).toBe(0n);
  });

  test.each([undefined, null, "offer", 5, []])("no offer at all: %s", async (value) => {
    const { purse } = await startPurse();
    await expect(purse.payOffer(value)).rejects.toMatchObject({ code: "invalid_requirements" });
  });
});

test("an offer without extra, as upstream's sellers send it, is Track A; with a nonce it is Track B", async () => {
  const { purse, offer } = await startPurse();
  const { extra: _extra, ...bare } = offer({ amountRaw: 500n });
  await expect(purse.payOffer(bare)).resolves.toMatchObject({ track: "nanoTxn" });
  const unmarked = { nonce: "ab".repeat(32), validBefore: 1_800_000_050 };
  const marked = { ...offer({ amountRaw: 510n }), extra: unmarked };
  await purse.report(purse.unspent()[0]?.hash ?? "", { isServed: false });
  await expect(purse.payOffer(marked)).resolves.toMatchObject({ track: "nanoSignature" });
});
