import { x402Client } from "@x402/core/client";
import type { Network, PaymentRequired, PaymentRequirements, SchemeNetworkClient } from "@x402/core/types";
import { describe, expect, test } from "vitest";
import { nanoSpendControl, registerExactNanoScheme } from "../../../src/adapters/x402/client-register.js";
import { xno } from "../../../src/nano/index.js";
import type { Track } from "../../../src/protocol/index.js";
import { blockOf, OTHER_PAY_TO, refused, startPurse } from "../../support/purse-world.js";

const URL_A = "https://seller.example/a";
const EVM: Network = "eip155:8453";
const evmEntry = {
  scheme: "exact",
  network: EVM,
  asset: "0xUSDC",
  amount: "1000",
  payTo: "0x1",
  maxTimeoutSeconds: 60,
};

const evmScheme: SchemeNetworkClient = {
  scheme: "exact",
  findDefaultAsset: (asset) => ({ asset, decimals: 6, symbol: "USDC" }),
  createPaymentPayload: async (x402Version) => ({ x402Version, payload: { evm: true } }),
};

function require402(accepts: Record<string, unknown>[]): PaymentRequired {
  return { x402Version: 2, resource: { url: URL_A }, accepts } as unknown as PaymentRequired;
}

async function start(prefer?: Track) {
  const world = await startPurse();
  /** What the policies leave of these entries; nothing is paid. */
  const select = async (entries: Record<string, unknown>[]) => {
    let left: PaymentRequirements[] = [];
    const client = new x402Client((_version, offered) => {
      left = offered;
      return offered[0] ?? expect.fail("nothing left");
    }).onBeforePaymentCreation(async () => ({ abort: true, reason: "only looking" }));
    registerExactNanoScheme(client, { purse: world.purse, prefer }).register(EVM, evmScheme);
    await expect(client.createPaymentPayload(require402(entries))).rejects.toThrow("only looking");
    return left.map(({ network, payTo, extra }) => [
      network,
      payTo === OTHER_PAY_TO ? "other" : "",
      extra?.["assetTransferMethod"],
    ]);
  };
  const pair = (spec: { payTo?: string } = {}) => [
    world.offer({ ...spec, track: "nanoTxn" }),
    world.offer({ ...spec, track: "nanoSignature" }),
  ];
  return { ...world, select, pair };
}

const A = ["nano:mainnet", "", "nanoTxn"];
const B = ["nano:mainnet", "", "nanoSignature"];
const evm = [EVM, "", undefined];

describe("the policy", () => {
  test("without a preference nothing is dropped", async () => {
    const { select, pair } = await start();
    expect(await select([evmEntry, ...pair()])).toEqual([evm, A, B]);
  });

  test.each<{ prefer: Track; kept: unknown[] }>([
    { prefer: "nanoTxn", kept: A },
    { prefer: "nanoSignature", kept: B },
  ])("prefers $prefer among the Nano entries, and leaves other networks where they are", async ({ prefer, kept }) => {
    const { select, pair } = await start(prefer);
    expect(await select([...pair(), evmEntry])).toEqual([kept, evm]);
    expect(await select([evmEntry, ...pair()])).toEqual([evm, kept]);
  });

  test("a track that a seller does not offer is no reason to drop the other", async () => {
    const { select, offer } = await start("nanoSignature");
    expect(await select([offer({ track: "nanoTxn" })])).toEqual([A]);
    expect(await select([offer({ track: "nanoTxn" }), offer({ payTo: OTHER_PAY_TO })])).toEqual([
      A,
      ["nano:mainnet", "other", "nanoSignature"],
    ]);
  });

  test("entries that cannot be read are left to others", async () => {
    const { select, offer, pair } = await start("nanoSignature");
    expect(await select([{ ...offer({ track: "nanoTxn" }), payTo: "nobody" }, ...pair()])).toEqual([A, B]);
  });

  test("a Track A block that has landed unspent leaves only Track B, even against the preference", async () => {
    const { select, pair, nanoTxn, nanoSignature, purse, ledger } = await start("nanoTxn");
    const kept = await nanoTxn();
    ledger.land(blockOf(kept));
    await purse.report(kept.hash, refused("settlement_pending"));
    expect(await select([evmEntry, ...pair()])).toEqual([evm, B]);
    expect(await select(pair({ payTo: OTHER_PAY_TO }))).toEqual([["nano:mainnet", "other", "nanoTxn"]]);

    const { hash } = await nanoSignature();
    expect(hash).toBe(kept.hash);
    await purse.report(hash, { isServed: true });
    expect(await select(pair())).toEqual([A]);
  });

  test("one that has not landed is still Track A's", async () => {
    const { select, pair, nanoTxn, purse } = await start("nanoTxn");
    const { hash } = await nanoTxn();
    await purse.report(hash, refused("invalid_work"));
    expect(await select(pair())).toEqual([A]);
  });

  test("where nothing was heard, doubt counts as landed: Track B can claim it either way", async () => {
    const { select, pair, nanoTxn, time } = await start("nanoTxn");
    await nanoTxn();
    expect(await select(pair())).toEqual([A]);
    await time.advance(30_000);
    expect(await select(pair())).toEqual([B]);
  });

  test("an unspent Track B send is claimed through Track B", async () => {
    const { select, pair, nanoSignature, purse } = await start("nanoTxn");
    const { hash } = await nanoSignature();
    await purse.report(hash, refused("facilitator_unavailable"));
    expect(await select(pair())).toEqual([B]);
  });

  test("so is one that never left", async () => {
    const { select, pair, nanoSignature, nanoTxn, ledger } = await start("nanoTxn");
    ledger.faults.push("unsent");
    await expect(nanoSignature()).rejects.toMatchObject({ code: "payment_unresolved" });
    await expect(nanoTxn()).rejects.toMatchObject({ code: "payment_unresolved" });
    expect(await select(pair())).toEqual([B]);
  });

  test("where only Track A is offered the last entry stays, and the purse says what is the matter", async () => {
    const { offer, purse, ledger } = await start();
    const client = registerExactNanoScheme(new x402Client(), { purse });
    await client.createPaymentPayload(require402([offer({ track: "nanoTxn" })]));
    const [kept] = purse.unspent();
    const signed = ledger.processCalls.length;
    await purse.report(kept?.hash ?? "", refused("settlement_pending"));
    const block = blockOf(await purse.payOffer(offer({ track: "nanoTxn" }), { resource: URL_A }));
    ledger.land(block);
    await purse.report(kept?.hash ?? "", refused("block_already_landed"));
    const again = client.createPaymentPayload(require402([offer({ track: "nanoTxn" })]));
    await expect(again).rejects.toMatchObject({ code: "payment_unresolved", facts: { hash: kept?.hash } });
    expect(ledger.processCalls).toHaveLength(signed);
  });
});

describe("spend controls", () => {
  test("the ready-made entry", () => {
    const raw = xno("25").toString();
    const entry = { network: "nano:mainnet", asset: "XNO", maxAmountPerPayment: raw };
    expect(nanoSpendControl({ maxAmountPerPayment: "25 XNO" })).toEqual(entry);
    expect(nanoSpendControl({ maxAmountPerPayment: xno("25") })).toEqual(entry);
    expect(() => nanoSpendControl({ maxAmountPerPayment: "25" })).toThrow(
      expect.objectContaining({ code: "ambiguous_amount" }),
    );
  });

  test("the host's default reads as 1 XNO; the entry raises it", async () => {
    const { purse, offer, ledger } = await startPurse({ maxPerPayment: "5 XNO", maxPerDay: "5 XNO" });
    const client = registerExactNanoScheme(new x402Client(), { purse });
    const expensive = require402([offer({ amountRaw: xno("2") })]);
    await expect(client.createPaymentPayload(expensive)).rejects.toThrow("spendControls");
    expect(ledger.processCalls).toEqual([]);
    client.setSpendControls({ allowedAssets: [nanoSpendControl({ maxAmountPerPayment: "3 XNO" })] });
    await expect(client.createPaymentPayload(expensive)).resolves.toMatchObject({ x402Version: 2 });
  });

  test("registering changes no controls that were set before", async () => {
    const { purse, offer, ledger } = await startPurse();
    const client = new x402Client().setSpendControls({ maxAmountPerPayment: "$0.001" });
    registerExactNanoScheme(client, { purse });
    await expect(client.createPaymentPayload(require402([offer()]))).rejects.toThrow("$0.001");
    expect(ledger.processCalls).toEqual([]);
  });
});
