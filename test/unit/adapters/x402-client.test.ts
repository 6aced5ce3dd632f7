import { x402Client } from "@x402/core/client";
import type { PaymentPayload, PaymentRequired, PaymentRequirements, SettleResponse } from "@x402/core/types";
import { describe, expect, test } from "vitest";
import { ExactNanoScheme } from "../../../src/adapters/x402/client.js";
import { xno } from "../../../src/nano/index.js";
import { PRICE, type PurseWorld, startPurse, watch } from "../../support/purse-world.js";

interface ClientWorld extends PurseWorld {
  readonly client: x402Client;
  readonly scheme: ExactNanoScheme;
  /** What a 402 for one URL says; a fresh one each time. */
  challenge(url?: string, entries?: Record<string, unknown>[]): PaymentRequired;
  /** What the host does when the paid request has been answered. */
  answer(
    payload: PaymentPayload,
    answer?: { settle?: Partial<SettleResponse>; again?: PaymentRequired },
  ): Promise<unknown>;
}

async function startClient(options: Parameters<typeof startPurse>[0] = {}): Promise<ClientWorld> {
  const world = await startPurse(options);
  const scheme = new ExactNanoScheme(world.purse);
  const client = new x402Client().register("nano:mainnet", scheme);
  return {
    ...world,
    client,
    scheme,
    challenge: (url = "https://seller.example/a", entries = [world.offer()]) =>
      JSON.parse(JSON.stringify({ x402Version: 2, resource: { url }, accepts: entries })) as PaymentRequired,
    answer: (paymentPayload, { settle, again } = {}) =>
      client.handlePaymentResponse({
        paymentPayload,
        requirements: paymentPayload.accepted,
        ...(settle === undefined
          ? {}
          : { settleResponse: { success: true, transaction: "", network: "nano:mainnet", ...settle } }),
        ...(again === undefined ? {} : { paymentRequired: again }),
      }),
  };
}

const hashOf = (payload: PaymentPayload): string => String(payload.payload["blockHash"]);

test("one registered line pays: XNO is a default asset with 30 decimals", async () => {
  const { client, scheme, challenge } = await startClient();
  expect(scheme.findDefaultAsset("XNO", "nano:mainnet")).toEqual({ asset: "XNO", decimals: 30, symbol: "XNO" });
  expect(scheme.findDefaultAsset("USDC", "nano:mainnet")).toBeUndefined();
  expect(scheme.findDefaultAsset("XNO", "eip155:8453")).toBeUndefined();
  const required = challenge();
  const payload = await client.createPaymentPayload(required);
  expect(payload).toMatchObject({ x402Version: 2, accepted: required.accepts[0], resource: required.resource });
  expect(Object.keys(payload.payload).sort()).toEqual(["account", "blockHash", "signature"]);
});

test("only version 2 is paid", async () => {
  const { scheme, offer, ledger } = await startClient();
  const v1 = scheme.createPaymentPayload(1, offer() as unknown as PaymentRequirements);
  await expect(v1).rejects.toMatchObject({ code: "invalid_requirements" });
  expect(ledger.processCalls).toEqual([]);
});

test("the host's cap counts where it is stricter than the purse's limit", async () => {
  const { client, challenge, offer, ledger } = await startClient({ maxPerPayment: "5 XNO", maxPerDay: "50 XNO" });
  client.setSpendControls({
    allowedAssets: [{ network: "nano:mainnet", asset: "XNO", maxAmountPerPayment: xno("2").toString() }],
  });
  const tooMuch = challenge("https://seller.example/a", [offer({ amountRaw: xno("3") })]);
  await expect(client.createPaymentPayload(tooMuch)).rejects.toThrow("spendControls");

  const { purse } = await startPurse({ maxPerPayment: "5 XNO", maxPerDay: "5 XNO" });
  const scheme = new ExactNanoScheme(purse);
  const entry = offer({ amountRaw: xno("3") }) as unknown as PaymentRequirements;
  const capped = scheme.createPaymentPayload(2, entry, { maxAmountPerPayment: xno("2").toString() });
  await expect(capped).rejects.toMatchObject({ code: "limit_per_payment", facts: { limit: "2 XNO" } });
  const unreadable = scheme.createPaymentPayload(2, entry, { maxAmountPerPayment: "$2" });
  await expect(unreadable).rejects.toMatchObject({ code: "invalid_configuration" });
  const beyondSupply = scheme.createPaymentPayload(2, entry, { maxAmountPerPayment: "9".repeat(45) });
  await expect(beyondSupply).resolves.toMatchObject({ x402Version: 2 });
  expect(ledger.processCalls).toEqual([]);
});

test("the purse's own limit is on without any spend controls", async () => {
  const { client, challenge, offer, ledger } = await startClient();
  client.setSpendControls(false);
  const required = challenge("https://seller.example/a", [offer({ amountRaw: xno("0.2") })]);
  await expect(client.createPaymentPayload(required)).rejects.toMatchObject({ code: "limit_per_payment" });
  expect(ledger.processCalls).toEqual([]);
});

test("the hooks work without this, as the host calls them", async () => {
  const { scheme, challenge, purse } = await startClient();
  const { onBeforePaymentCreation } = scheme.schemeHooks;
  const paymentRequired = challenge("https://seller.example/only");
  const [selectedRequirements] = paymentRequired.accepts;
  if (selectedRequirements === undefined) throw new TypeError("no entry");
  await onBeforePaymentCreation?.({ paymentRequired, selectedRequirements });
  await scheme.createPaymentPayload(2, selectedRequirements);
  expect(purse.unspent()).toMatchObject([{ resource: "https://seller.example/only" }]);
});

test("the URL that is bought tells purchases apart", async () => {
  const { client, challenge, ledger, account } = await startClient();
  const first = await client.createPaymentPayload(challenge("https://seller.example/a"));
  const second = await client.createPaymentPayload(challenge("https://seller.example/b"));
  expect(hashOf(second)).not.toBe(hashOf(first));
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test.each([{ resource: undefined }, { resource: null }, { resource: { url: 5 } }, { resource: "https://x.example" }])(
  "a 402 without a usable resource is paid all the same: %j",
  async ({ resource }) => {
    const { client, challenge, purse } = await startClient();
    await client.createPaymentPayload({ ...challenge(), resource } as unknown as PaymentRequired);
    expect(purse.unspent()).toMatchObject([{ resource: undefined }]);
  },
);

describe("what a response means", () => {
  test("settled with this block's hash, in any case, or with none: forgotten", async () => {
    for (const spell of [(hash: string) => hash.toUpperCase(), (hash: string) => hash, () => ""]) {
      const { client, challenge, answer, purse } = await startClient();
      const payload = await client.createPaymentPayload(challenge());
      await answer(payload, { settle: { transaction: spell(hashOf(payload)) } });
      expect(purse.unspent()).toEqual([]);
    }
  });

  test.each([
    {
      name: "settled with another hash",
      settle: { transaction: "AB".repeat(32) },
      reason: "settlement_of_another_block",
    },
    {
      name: "not settled",
      settle: { success: false, errorReason: "settlement_pending" },
      reason: "settlement_pending",
    },
    { name: "not settled, no reason", settle: { success: false }, reason: "settlement_failed" },
    { name: "unreadable", settle: { success: "yes" as unknown as boolean }, reason: "unreadable_settlement" },
    { name: "no settlement at all", reason: "no_settlement" },
  ])("$name: kept, and presented again", async ({ settle, reason }) => {
    const { client, challenge, answer, purse, ledger, account } = await startClient();
    const payload = await client.createPaymentPayload(challenge());
    await answer(payload, settle === undefined ? {} : { settle });
    expect(purse.unspent()).toMatchObject([{ isInFlight: false, lastReason: reason }]);
    const again = await client.createPaymentPayload(challenge());
    expect(hashOf(again)).toBe(hashOf(payload));
    expect(again.payload["signature"]).not.toBe(payload.payload["signature"]);
    expect(ledger.sendsOf(account)).toHaveLength(1);
  });

  test("402 again: kept, with the seller's words", async () => {
    const { client, challenge, answer, purse } = await startClient();
    const payload = await client.createPaymentPayload(challenge());
    await answer(payload, { again: { ...challenge(), error: "payment_expired" } });
    expect(purse.unspent()).toMatchObject([{ lastReason: "payment_expired" }]);
    await answer(await client.createPaymentPayload(challenge()), { again: challenge() });
    expect(purse.unspent()).toMatchObject([{ lastReason: "payment_required" }]);
  });

  test("the hook never throws and never asks the host to retry with the stale 402", async () => {
    const { client, challenge, answer, scheme } = await startClient();
    const payload = await client.createPaymentPayload(challenge());
    await expect(answer(payload, { settle: { success: false } })).resolves.toBeUndefined();
    const strange = { paymentPayload: { ...payload, payload: { blockHash: 5 } }, requirements: payload.accepted };
    await expect(scheme.schemeHooks.onPaymentResponse?.(strange)).resolves.toBeUndefined();
  });

  test("a journal that fails does not take the response from the buyer", async () => {
    const { purse, challenge } = await startClient();
    const failing = { ...purse, report: () => Promise.reject(new TypeError("the disk is full")) };
    const client = new x402Client().register("nano:mainnet", new ExactNanoScheme(failing));
    const paymentPayload = await client.createPaymentPayload(challenge());
    const response = { paymentPayload, requirements: paymentPayload.accepted };
    await expect(client.handlePaymentResponse(response)).resolves.toBeUndefined();
  });

  test("a payload that an extension copied is recognised by its hash", async () => {
    const { client, challenge, answer, purse } = await startClient();
    const payload = await client.createPaymentPayload(challenge());
    const copy = JSON.parse(JSON.stringify(payload)) as PaymentPayload;
    await answer(copy, { settle: { transaction: hashOf(payload).toUpperCase() } });
    expect(purse.unspent()).toEqual([]);
  });

  test("Track A is recognised by the block", async () => {
    const { client, challenge, answer, purse, offer } = await startClient();
    const required = challenge("https://seller.example/a", [offer({ track: "nanoTxn" })]);
    const payload = await client.createPaymentPayload(required);
    const [open] = purse.unspent();
    await answer(payload, { settle: { transaction: open?.hash.toUpperCase() ?? "" } });
    expect(purse.unspent()).toEqual([]);
  });
});

test("a proof that was made and not sent is free at once", async () => {
  const { client, challenge, purse } = await startClient();
  client.onAfterPaymentCreation(async () => {
    throw new TypeError("the user's own hook");
  });
  await expect(client.createPaymentPayload(challenge())).rejects.toThrow("the user's own hook");
  expect(purse.unspent()).toMatchObject([{ isInFlight: false, lastReason: "not_sent" }]);
});

test("a user's hook that recovers gets the same payment again at once, though ours never heard of the outcome", async () => {
  const { client, challenge, answer, ledger, account, time } = await startClient();
  client.onPaymentResponse(async () => ({ recovered: true }));
  const required = challenge();
  const first = await client.createPaymentPayload(required);
  await expect(answer(first, { settle: { success: false } })).resolves.toEqual({ recovered: true });
  const second = watch(client.createPaymentPayload(required));
  await time.settle();
  expect(second.outcome()).toMatchObject({ payload: { blockHash: hashOf(first) } });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a call that failed before anything was signed leaves nothing behind", async () => {
  const { client, challenge, purse, ledger } = await startClient();
  ledger.isOffline = true;
  await expect(client.createPaymentPayload(challenge())).rejects.toMatchObject({ code: "ledger_unavailable" });
  expect(purse.unspent()).toEqual([]);
  ledger.isOffline = false;
  await client.createPaymentPayload(challenge());
  expect(purse.spentTodayRaw()).toBe(PRICE);
});
