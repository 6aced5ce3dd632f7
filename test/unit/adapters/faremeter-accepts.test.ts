import { x402PaymentRequirements as v1Requirements } from "@faremeter/types/x402";
import { describe, expect, test } from "vitest";
import { nanoExact, nanoPricing } from "x402-nano/faremeter";
import { PAY_TO } from "../../support/world.js";

const OLD_PAY_TO = PAY_TO.replace("nano_", "xrb_");
const both = [
  ["nanoExact", nanoExact],
  ["nanoPricing", nanoPricing],
] as const;

function refusal(code: string, facts: Record<string, unknown> = {}): unknown {
  return expect.objectContaining({ code, facts: expect.objectContaining(facts) });
}

describe("what they come to", () => {
  test("nanoExact is an entry of Faremeter's accepts, with a time that its skeletons lack", () => {
    expect(nanoExact({ payTo: OLD_PAY_TO, amount: "0.001 XNO" })).toEqual({
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      payTo: PAY_TO,
      maxAmountRequired: `1${"0".repeat(27)}`,
      maxTimeoutSeconds: 60,
    });
  });

  test("nanoPricing is what Faremeter asks for in process", () => {
    expect(nanoPricing({ payTo: OLD_PAY_TO, amount: 1000n })).toEqual({
      network: "nano:mainnet",
      asset: "XNO",
      recipient: PAY_TO,
      amount: "1000",
    });
  });

  test("a description and a time are passed on", () => {
    const description = "café, £1";
    expect(nanoExact({ payTo: PAY_TO, amount: 10n, description, maxTimeoutSeconds: 5 })).toMatchObject({
      description,
      maxTimeoutSeconds: 5,
    });
    expect(nanoPricing({ payTo: PAY_TO, amount: 10n, description })).toMatchObject({ description });
  });

  test("Faremeter's own validator takes the entry, once the host has named the resource", () => {
    const entry = {
      description: "",
      ...nanoExact({ payTo: PAY_TO, amount: 10n }),
      resource: "https://shop.example/weather",
      mimeType: "",
    };
    expect(v1Requirements(entry)).toEqual(entry);
  });
});

describe.each(both)("%s", (_name, price) => {
  const amountOf = (amount: string | bigint): string => {
    const priced = price({ payTo: PAY_TO, amount });
    return "amount" in priced ? priced.amount : priced.maxAmountRequired;
  };

  test.each([
    ["0.001 XNO", 10n ** 27n],
    ["1 XNO", 10n ** 30n],
    ["1000 raw", 1000n],
    ["1000", 1000n],
    [1000n, 1000n],
    ["0.00000000000000000000000000001 XNO", 10n],
    ["340282366920938463463374607431768211450", 340282366920938463463374607431768211450n],
  ])("reads %s", (amount, raw) => {
    expect(amountOf(amount)).toBe(String(raw));
  });

  test.each([
    ...["", " ", "0", "0 XNO", "-5", "-5 raw", "1.5", "1.5 raw", "1e3", "0x10", "1,000", "$1", "0.001", "01", "１０"],
    ...["1001", "1001 raw", "15 raw", "0.000000000000000000000000000001 XNO", "1 BTC"],
    ...["340282366920938463463374607431768211460", `1${"0".repeat(400)}`],
  ])("refuses the amount %j", (amount) => {
    expect(() => price({ payTo: PAY_TO, amount })).toThrow(refusal("invalid_price"));
  });

  test.each([0n, -10n, 1001n, 2n ** 128n, 10n ** 400n])("refuses %s raw", (amount) => {
    expect(() => price({ payTo: PAY_TO, amount })).toThrow(refusal("invalid_price"));
  });

  test.each(["", "nano_", `${PAY_TO}1`, PAY_TO.replace("h56", "h57")])("refuses the receiver %j", (payTo) => {
    expect(() => price({ payTo, amount: 10n })).toThrow(refusal("invalid_address"));
  });

  test.each(["Ӿ1", "🥦", "a\u0000b", "line\nbreak", "\u2028"])(
    "refuses the description %j, which fits in no header",
    (description) => {
      const refused = refusal("invalid_configuration", { setting: "description" });
      expect(() => price({ payTo: PAY_TO, amount: 10n, description })).toThrow(refused);
    },
  );

  test.each(["", "weather", "café", "~", "\u00a0ÿ"])("takes the description %j, which btoa does", (description) => {
    expect(price({ payTo: PAY_TO, amount: 10n, description })).toMatchObject({ description });
    expect(() => btoa(description)).not.toThrow();
  });
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
  "nanoExact refuses a time of %s, which Faremeter would send as it is",
  (maxTimeoutSeconds) => {
    const refused = refusal("invalid_configuration", { setting: "maxTimeoutSeconds" });
    expect(() => nanoExact({ payTo: PAY_TO, amount: 10n, maxTimeoutSeconds })).toThrow(refused);
  },
);
