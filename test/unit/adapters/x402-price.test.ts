import { describe, expect, test } from "vitest";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server";
import { PAY_TO } from "../../support/world.js";

const scheme = () => new ExactNanoScheme({ challengeSecret: "5e".repeat(32) });
const NETWORK = "nano:mainnet";

describe("prices", () => {
  test.each([
    ["0.001 XNO", "1000000000000000000000000000"],
    ["1 XNO", "1000000000000000000000000000000"],
    ["1000 raw", "1000"],
    [{ asset: "XNO", amount: "20" }, "20"],
  ])("%j is read exactly", async (price, amount) => {
    expect(await scheme().parsePrice(price, NETWORK)).toEqual({ asset: "XNO", amount });
  });

  test.each([["$0.001"], ["0.001"], [0.001], ["0.001 USD"], ["1e3"], ["XN"]])(
    "%j has no unit of ours",
    async (price) => {
      await expect(scheme().parsePrice(price, NETWORK)).rejects.toMatchObject({ code: "invalid_price" });
    },
  );

  test.each([
    ["0 XNO"],
    ["0 raw"],
    [{ asset: "XNO", amount: "0" }],
    [{ asset: "USDC", amount: "10" }],
    ["1e3 XNO"],
    [{ asset: "XNO", amount: "1.5" }],
    [{ asset: "XNO", amount: "-5" }],
    ["0.0000000000000000000000000000001 XNO"],
  ])("%j is refused", async (price) => {
    await expect(scheme().parsePrice(price, NETWORK)).rejects.toMatchObject({ code: "invalid_price" });
  });

  test("money parsers are asked in turn, and what they give is checked like any other price", async () => {
    const priced = scheme()
      .registerMoneyParser(async () => null)
      .registerMoneyParser(async (money) => ({ asset: "XNO", amount: money === "$0.002" ? "2000" : "0" }));
    expect(await priced.parsePrice("$0.002", NETWORK)).toEqual({ asset: "XNO", amount: "2000" });
    await expect(priced.parsePrice("$7", NETWORK)).rejects.toMatchObject({ code: "invalid_price" });
    const foreign = scheme().registerMoneyParser(async () => ({ asset: "USDC", amount: "20" }));
    await expect(foreign.parsePrice("$1", NETWORK)).rejects.toMatchObject({ code: "invalid_price" });
  });
});

describe("nanoAccepts", () => {
  test("both tracks of one price, Track A one raw more", () => {
    const xrb = PAY_TO.replace("nano_", "xrb_");
    expect(nanoAccepts({ payTo: xrb, price: "0.001 XNO" })).toEqual([
      {
        scheme: "exact",
        network: NETWORK,
        payTo: PAY_TO,
        price: { asset: "XNO", amount: "1000000000000000000000000001" },
        maxTimeoutSeconds: 60,
        extra: { assetTransferMethod: "nanoTxn" },
      },
      {
        scheme: "exact",
        network: NETWORK,
        payTo: PAY_TO,
        price: { asset: "XNO", amount: "1000000000000000000000000000" },
        maxTimeoutSeconds: 60,
        extra: { assetTransferMethod: "nanoSignature" },
      },
    ]);
  });

  test("raw as bigint, a timeout, and the upfront flow on both", () => {
    const entries = nanoAccepts({ payTo: PAY_TO, price: 50n, maxTimeoutSeconds: 9, paymentFlow: "upfront" });
    expect(entries.map(({ price }) => price)).toEqual([
      { asset: "XNO", amount: "51" },
      { asset: "XNO", amount: "50" },
    ]);
    for (const entry of entries)
      expect(entry).toMatchObject({ maxTimeoutSeconds: 9, extra: { paymentFlow: "upfront" } });
  });

  test.each([
    ["a price of zero", { price: "0 XNO" }, "invalid_price"],
    ["an amount that Track B cannot ask", { price: "1005 raw" }, "invalid_price"],
    ["an address with a broken checksum", { payTo: `${PAY_TO.slice(0, -1)}8` }, "invalid_address"],
    ["a time that is no whole number of seconds", { maxTimeoutSeconds: 1.5 }, "invalid_configuration"],
    ["no time at all", { maxTimeoutSeconds: 0 }, "invalid_configuration"],
    ["an address of another network", { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C" }, "invalid_address"],
  ])("%s stops the server when it starts", (_name, wrong, code) => {
    expect(() => nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO", ...wrong })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test("money without a unit is left to the scheme's parsers, which may be registered later", () => {
    expect(nanoAccepts({ payTo: PAY_TO, price: "$0.001" }).map(({ price }) => price)).toEqual(["$0.001", "$0.001"]);
  });
});
