import { describe, expect, test } from "vitest";
import { encodeCaip10, keyBytes, parseAddress } from "../../../src/nano/index.js";
import type { PurseOptions } from "../../../src/purse/index.js";
import { isCoveredBy, isNamedBy, readHost, readHostPattern } from "../../../src/purse/limits/host.js";
import { hostOf } from "../../../src/purse/limits/index.js";
import { OTHER_PAY_TO, PAY_TO, PRICE, refused, startPurse } from "../../support/purse-world.js";

describe("the host of a resource", () => {
  test.each([
    ["https://seller.example/weather?city=x#top", "seller.example"],
    ["https://SELLER.Example", "seller.example"],
    ["https://seller.example:443/", "seller.example"],
    ["http://seller.example:80/", "seller.example"],
    ["https://seller.example:8443/", "seller.example:8443"],
    ["http://seller.example:443/", "seller.example:443"],
    ["https://bücher.example/", "xn--bcher-kva.example"],
    ["https://seller%2Eexample/", "seller.example"],
    ["https://seller.example./", "seller.example"],
    ["https://seller.example.:8443/", "seller.example:8443"],
    ["https://trusted.example@evil.example/", "evil.example"],
    ["https://trusted.example:80@evil.example:81/", "evil.example:81"],
    ["https://trusted.example\\@evil.example/", "trusted.example"],
    ["http://0x7f.1/", "127.0.0.1"],
    ["http://[::1]:8080/", "[::1]:8080"],
    ["http://[0:0::1]/", "[::1]"],
  ])("%s is %s", (resource, host) => {
    expect(hostOf(resource)).toBe(host);
  });

  test.each([
    undefined,
    "",
    "/weather",
    "seller.example",
    "mcp://tool/weather",
    "file://seller.example/etc",
    "data:,x",
    "https://",
    "https://./",
    "https://seller example/",
    `https://${"a".repeat(300)}/`,
  ])("%s has none", (resource) => {
    expect(hostOf(resource)).toBeUndefined();
  });
});

describe("a host in a list", () => {
  test.each([
    ["seller.example", "seller.example", true, true],
    ["SELLER.example.", "seller.example", true, true],
    ["bücher.example", "xn--bcher-kva.example", true, true],
    ["seller.example", "other.example", false, false],
    ["seller.example", "api.seller.example", false, false],
    ["seller.example", "seller.example.evil.example", false, false],
    ["seller.example", "seller.example:8443", false, true],
    ["seller.example:8443", "seller.example:8443", true, true],
    ["seller.example:8443", "seller.example", false, false],
    ["seller.example:443", "seller.example", true, true],
    ["seller.example:80", "seller.example", true, true],
    ["*.seller.example", "api.seller.example", true, true],
    ["*.seller.example", "a.b.seller.example", true, true],
    ["*.seller.example", "seller.example", false, false],
    ["*.seller.example", "evilseller.example", false, false],
    ["*.seller.example", "api.seller.example:8443", false, true],
    ["*.seller.example:8443", "api.seller.example:8443", true, true],
    ["[::1]:8080", "[::1]:8080", true, true],
    ["[::1]", "[::1]", true, true],
  ])("%s and %s: allowed %s, denied %s", (text, host, isAllowed, isDenied) => {
    const pattern = readHostPattern(text);
    if (pattern === undefined) throw new TypeError("no pattern");
    expect([isNamedBy(pattern, host), isCoveredBy(pattern, host)]).toEqual([isAllowed, isDenied]);
  });

  test.each(["", "*", "*.", "*.*.example", "api.*", "https://seller.example", "seller.example/x", "a@seller.example"])(
    "%j is none",
    (text) => {
      expect([readHostPattern(text), readHost(text)]).toEqual([undefined, undefined]);
    },
  );
});

describe("lists", () => {
  const AT = "https://api.seller.example/weather";

  test.each<{ name: string; options: Partial<PurseOptions>; resource?: string; setting: string | undefined }>([
    { name: "no list", options: {}, setting: undefined },
    { name: "its host is allowed", options: { allowHosts: ["api.seller.example"] }, setting: undefined },
    { name: "its domain is allowed", options: { allowHosts: ["x.example", "*.Seller.Example"] }, setting: undefined },
    { name: "another host is allowed", options: { allowHosts: ["seller.example"] }, setting: "allowHosts" },
    { name: "no host is allowed", options: { allowHosts: [] }, setting: "allowHosts" },
    {
      name: "hosts are allowed and its own is not known",
      options: { allowHosts: ["*.seller.example"] },
      resource: "/weather",
      setting: "allowHosts",
    },
    { name: "its host is denied", options: { denyHosts: ["api.seller.example"] }, setting: "denyHosts" },
    {
      name: "its host is denied and allowed",
      options: { denyHosts: ["*.seller.example"], allowHosts: ["api.seller.example"] },
      setting: "denyHosts",
    },
    { name: "another host is denied", options: { denyHosts: ["seller.example"] }, setting: undefined },
    {
      name: "hosts are denied and its own is not known",
      options: { denyHosts: ["seller.example"] },
      resource: "mcp://tool",
      setting: undefined,
    },
    { name: "its receiver is allowed", options: { allowPayTo: [PAY_TO.replace("nano_", "xrb_")] }, setting: undefined },
    { name: "another receiver is allowed", options: { allowPayTo: [OTHER_PAY_TO] }, setting: "allowPayTo" },
    { name: "no receiver is allowed", options: { allowPayTo: [] }, setting: "allowPayTo" },
    {
      name: "its receiver is denied",
      options: { denyPayTo: [encodeCaip10(keyBytes(parseAddress(PAY_TO)))] },
      setting: "denyPayTo",
    },
    {
      name: "its receiver is denied and allowed",
      options: { denyPayTo: [PAY_TO], allowPayTo: [PAY_TO] },
      setting: "denyPayTo",
    },
    { name: "another receiver is denied", options: { denyPayTo: [OTHER_PAY_TO] }, setting: undefined },
    {
      name: "its host is allowed and its receiver is not",
      options: { allowHosts: ["api.seller.example"], allowPayTo: [OTHER_PAY_TO] },
      setting: "allowPayTo",
    },
  ])("$name", async ({ options, resource = AT, setting }) => {
    const { purse, ledger, offer } = await startPurse(options);
    const result = await purse.payOffer(offer(), { resource }).catch((error: unknown) => error);
    if (setting === undefined) {
      expect(result).toMatchObject({ track: "nanoSignature" });
      return;
    }
    const host = resource === AT ? "api.seller.example" : "unknown";
    expect(result).toMatchObject({ code: "payment_not_allowed", facts: { setting, host, payTo: PAY_TO } });
    expect([ledger.processCalls, purse.spentTodayRaw()]).toEqual([[], 0n]);
  });

  test("come before limits and approval: an exhausted purse says the same, and nobody is asked", async () => {
    const asked: unknown[] = [];
    const { purse, offer } = await startPurse({
      denyHosts: ["*.seller.example"],
      maxPerPayment: 1n,
      approve: (payment) => asked.push(payment) > 0,
    });
    await expect(purse.payOffer(offer(), { resource: AT })).rejects.toMatchObject({ code: "payment_not_allowed" });
    expect(asked).toEqual([]);
  });

  test("the spelling of a receiver in the offer changes nothing", async () => {
    const { nanoSignature } = await startPurse({ denyPayTo: [PAY_TO] });
    const payTo = PAY_TO.replace("nano_", "xrb_");
    await expect(nanoSignature({ payTo })).rejects.toMatchObject({ code: "payment_not_allowed" });
  });

  test("a payment to a host that is allowed is presented again like any other", async () => {
    const { purse, offer } = await startPurse({ allowHosts: ["api.seller.example"], maxPerDay: PRICE });
    const first = await purse.payOffer(offer(), { resource: AT });
    await purse.report(first.hash, refused());
    await expect(purse.payOffer(offer(), { resource: AT })).resolves.toMatchObject({ hash: first.hash });
  });
});
