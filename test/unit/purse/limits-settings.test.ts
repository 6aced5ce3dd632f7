import { describe, expect, test } from "vitest";
import { parseAddress, xno } from "../../../src/nano/index.js";
import { createPurse, type PurseOptions } from "../../../src/purse/index.js";
import { readSettings } from "../../../src/purse/options.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { OTHER_PAY_TO, PAY_TO, SEED } from "../../support/purse-world.js";

const ledger = new FakeLedger(createManualTime());
const read = (options: Partial<PurseOptions>) => readSettings({ seed: SEED, ledger, ...options });
const approve = () => true;

test("without settings: per payment and per day, and nothing else", () => {
  expect(read({})).toMatchObject({
    perPaymentRaw: xno("0.1"),
    perDayRaw: xno("1"),
    perHost: undefined,
    perPayTo: undefined,
    totalRaw: undefined,
    allowHosts: undefined,
    denyHosts: undefined,
    allowPayTo: undefined,
    denyPayTo: undefined,
    approve: undefined,
    approveAboveRaw: undefined,
  });
});

test("amounts in XNO or raw, for each or by name in any spelling", () => {
  expect(
    read({
      maxPerHost: "0.2 XNO",
      maxPerPayTo: 7n,
      maxTotal: "1000 raw",
      approve,
      approveAbove: 0n,
    }),
  ).toMatchObject({
    perHost: { named: new Map(), otherRaw: xno("0.2") },
    perPayTo: { named: new Map(), otherRaw: 7n },
    totalRaw: 1000n,
    approve,
    approveAboveRaw: 0n,
  });
  const { perHost, perPayTo } = read({
    maxPerHost: { "Bücher.example": "0.2 XNO", "b.example:8443": 3n, "*": "5 raw" },
    maxPerPayTo: { [PAY_TO.replace("nano_", "xrb_")]: 3n, [`nano:mainnet:${OTHER_PAY_TO.replace("_", "%5F")}`]: 4n },
  });
  expect(perHost).toEqual({
    named: new Map([
      ["xn--bcher-kva.example", xno("0.2")],
      ["b.example:8443", 3n],
    ]),
    otherRaw: 5n,
  });
  expect(perPayTo).toEqual({
    named: new Map([
      [parseAddress(PAY_TO), 3n],
      [parseAddress(OTHER_PAY_TO), 4n],
    ]),
    otherRaw: undefined,
  });
});

describe("refused", () => {
  const HOW = 'write "0.1 XNO", "1000 raw" or raw as a bigint';
  test.each<{ options: Record<string, unknown>; setting: string; why: string }>([
    { options: { maxPerPayment: "0.1" }, setting: "maxPerPayment", why: HOW },
    { options: { maxPerDay: 0.5 }, setting: "maxPerDay", why: HOW },
    { options: { maxTotal: 0n }, setting: "maxTotal", why: "more than nothing" },
    { options: { maxPerHost: "$1" }, setting: "maxPerHost.*", why: HOW },
    { options: { maxPerHost: -1n }, setting: "maxPerHost.*", why: "more than nothing" },
    { options: { maxPerHost: { "a.example": 0n } }, setting: "maxPerHost.a.example", why: "more than nothing" },
    {
      options: { maxPerHost: { "a.example/x": 1n } },
      setting: "maxPerHost",
      why: 'write hosts, such as "seller.example", or "*"',
    },
    {
      options: { maxPerHost: { "*.a.example": 1n } },
      setting: "maxPerHost",
      why: 'write hosts, such as "seller.example", or "*"',
    },
    {
      options: { maxPerHost: { "a.example": 1n, "A.example:443": 2n } },
      setting: "maxPerHost",
      why: "named twice, in two spellings",
    },
    { options: { maxPerPayTo: { nano_1: 1n } }, setting: "maxPerPayTo", why: 'write Nano addresses, or "*"' },
    {
      options: { allowHosts: ["a.example", "https://a.example"] },
      setting: "allowHosts.1",
      why: 'write "seller.example" or "*.seller.example"',
    },
    { options: { denyHosts: ["*"] }, setting: "denyHosts.0", why: 'write "seller.example" or "*.seller.example"' },
    { options: { allowPayTo: ["nano_1"] }, setting: "allowPayTo.0", why: "not a Nano address" },
    { options: { denyPayTo: [PAY_TO.toUpperCase()] }, setting: "denyPayTo.0", why: "not a Nano address" },
    { options: { approveAbove: "1 XNO" }, setting: "approveAbove", why: "only beside approve" },
    { options: { approve, approveAbove: -1n }, setting: "approveAbove", why: "not less than nothing" },
  ])("$setting: $why %#", ({ options, setting, why }) => {
    expect(() => read(options)).toThrow(
      expect.objectContaining({ code: "invalid_configuration", facts: { setting, why } }),
    );
  });

  test.each<{ setting: string; options: Record<string, unknown> }>([
    { setting: "denyHosts", options: { denyHosts: "a.example" } },
    { setting: "maxPerHost", options: { maxPerHost: 5 } },
    { setting: "maxPerHost", options: { maxPerHost: null } },
    { setting: "approve", options: { approve: true } },
  ])("the wrong type: $setting %#", async ({ setting, options }) => {
    await expect(createPurse({ seed: SEED, ledger, ...options })).rejects.toMatchObject({
      code: "invalid_configuration",
      facts: { setting },
    });
  });
});
