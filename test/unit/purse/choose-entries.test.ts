import { describe, expect, test } from "vitest";
import type { Track } from "../../../src/protocol/index.js";
import { chooseEntries } from "../../../src/purse/index.js";
import { OTHER_PAY_TO, PAY_TO } from "../../support/purse-world.js";

interface Entry {
  readonly [field: string]: unknown;
}

const entry = (track: Track | undefined, more: Entry = {}): Entry => ({
  scheme: "exact",
  network: "nano:mainnet",
  asset: "XNO",
  amount: track === "nanoTxn" ? "1001" : "1000",
  payTo: PAY_TO,
  maxTimeoutSeconds: 60,
  extra: {
    ...(track === undefined ? {} : { assetTransferMethod: track }),
    ...(track === "nanoSignature" ? { nonce: "0".repeat(64), validBefore: 1_900_000_000 } : {}),
  },
  ...more,
});
const A = entry("nanoTxn");
const B = entry("nanoSignature");

function choose(entries: readonly Entry[], prefer?: Track, needsProof: (offered: unknown) => boolean = () => false) {
  const { chosen, dropped } = chooseEntries(entries, { purse: { needsProofOfPayer: needsProof }, prefer });
  return { chosen, dropped: [...dropped] };
}

test("without a preference both stay, in the seller's order and as the seller's own objects", () => {
  const { chosen, dropped } = choose([B, A]);
  expect(chosen[0]).toBe(B);
  expect(chosen[1]).toBe(A);
  expect(dropped).toEqual([]);
});

test.each<[Track, Entry, Entry]>([
  ["nanoTxn", A, B],
  ["nanoSignature", B, A],
])("the preference %s drops the other", (prefer, kept, other) => {
  for (const entries of [
    [A, B],
    [B, A],
  ]) {
    expect(choose(entries, prefer)).toEqual({ chosen: [kept], dropped: [other] });
  }
});

test("what is not offered is no reason to drop what is", () => {
  expect(choose([A], "nanoSignature")).toEqual({ chosen: [A], dropped: [] });
  expect(choose([B], "nanoTxn")).toEqual({ chosen: [B], dropped: [] });
  expect(choose([A], undefined, () => true)).toEqual({ chosen: [A], dropped: [] });
});

test("a payment that only Track B can claim goes before the preference", () => {
  expect(choose([A, B], "nanoTxn", () => true)).toEqual({ chosen: [B], dropped: [A] });
  expect(choose([A, B], "nanoTxn", (offered) => offered === A)).toEqual({ chosen: [B], dropped: [A] });
});

test("each account is looked at by itself", () => {
  const otherA = entry("nanoTxn", { payTo: OTHER_PAY_TO });
  const otherB = entry("nanoSignature", { payTo: OTHER_PAY_TO });
  const needs = (offered: unknown): boolean => offered === otherA;
  expect(choose([A, otherA, B, otherB], "nanoTxn", needs)).toEqual({ chosen: [A, otherB], dropped: [otherA, B] });
});

test("the same account in its other spelling is the same", () => {
  const spelled = entry("nanoSignature", { payTo: PAY_TO.replace("nano_", "xrb_") });
  expect(choose([A, spelled], "nanoTxn")).toEqual({ chosen: [A], dropped: [spelled] });
});

test("an unmarked entry is Track B with a nonce, else Track A", () => {
  const unmarked = entry(undefined);
  const withNonce = entry(undefined, { extra: { nonce: "0".repeat(64), validBefore: 1_900_000_000 } });
  expect(choose([unmarked, withNonce], "nanoSignature").chosen).toEqual([withNonce]);
  expect(choose([unmarked, withNonce], "nanoTxn").chosen).toEqual([unmarked]);
});

describe("entries that are none of ours are in neither list, and the purse is not asked about them", () => {
  test.each<[string, Entry]>([
    ["another network", entry("nanoTxn", { network: "eip155:8453" })],
    ["a reserved network", entry("nanoTxn", { network: "nano:testnet" })],
    ["another scheme", entry("nanoTxn", { scheme: "upto" })],
    ["another asset", entry("nanoTxn", { asset: "USDC" })],
    ["an account that is none", entry("nanoTxn", { payTo: "nobody" })],
    ["an amount that is none", entry("nanoTxn", { amount: "-5" })],
    ["a fraction", entry("nanoTxn", { amount: "1.5" })],
    ["an EVM entry", { scheme: "exact", network: "eip155:8453", asset: "0x1", amount: "1", payTo: "0x1" }],
    ["nothing", {}],
  ])("%s", (_name, foreign) => {
    const asked: unknown[] = [];
    const result = choose([foreign, A, B], "nanoSignature", (offered) => {
      asked.push(offered);
      return false;
    });
    expect(result).toEqual({ chosen: [B], dropped: [A] });
    expect(asked).toEqual([A, B]);
  });

  test("nothing but such entries", () => {
    expect(choose([entry("nanoTxn", { scheme: "upto" })])).toEqual({ chosen: [], dropped: [] });
  });
});
