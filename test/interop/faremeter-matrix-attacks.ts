import type { Track } from "x402-nano/client";
import type { Offer } from "../support/hand-payer.js";

/** Something to present, and what the buyer must be told; undefined where Faremeter refuses before our handler sees it. */
export interface Attack {
  readonly name: string;
  readonly envelope: Record<string, unknown> | string;
  readonly reason: string | undefined;
}

type Json = Record<string, unknown>;

const BURN = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
const HASH = "ab".repeat(32);

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;

/** Payloads that no honest buyer sends, in the place of an honest one. */
export function junkPayloads(track: Track, honest: Json): Attack[] {
  const payload = honest["payload"] as Json;
  const malformed: Record<string, unknown> = {
    "an empty object": {},
    "an empty array": [],
    "an array": [payload],
    "both proofs": { block: { ...blockLike() }, blockHash: HASH, ...payload },
    "a block that is null": { block: null },
    "a block that is an array": { block: [blockLike()] },
    "a block that is a string": { block: "00".repeat(216) },
    "a block without keys": { block: {} },
    "a hash that is a number": { blockHash: 7, account: BURN, signature: "0".repeat(128) },
    "a hash that is an object": { blockHash: { toString: null }, account: BURN, signature: "0".repeat(128) },
    "a bare hash": { blockHash: HASH },
    "a hash with 0x": { blockHash: `0x${HASH}`, account: BURN, signature: "0".repeat(128) },
    "a huge hash": { blockHash: "a".repeat(8_000), account: BURN, signature: "0".repeat(128) },
    "a huge block": { block: { ...blockLike(), balance: "9".repeat(8_000) } },
    "fifty levels": { block: JSON.parse(nested(50)) },
    "two thousand levels": { block: JSON.parse(nested(2_000)) },
    "keys of JavaScript": JSON.parse(
      '{"__proto__":{"block":{},"blockHash":"x"},"constructor":null,"toString":null,"toJSON":1,"then":1}',
    ),
    "a proof that only __proto__ holds": JSON.parse(`{"__proto__":${JSON.stringify(payload)}}`),
    "an EVM payment": { signature: `0x${"1b".repeat(65)}`, authorization: { from: "0x0", to: "0x0", value: "1" } },
    "a Solana payment": { transaction: base64("AQAAAA") },
    "a nonce of the wrong form": { ...payload, nonce: "zz" },
    "a time of the wrong type": { ...payload, validBefore: "1800000060" },
    "a time that is no whole number": { ...payload, validBefore: 1.5 },
    "a lease that is a number": { ...payload, lease: 1 },
    "a lease longer than any": { ...payload, lease: "x".repeat(600) },
    ...(track === "nanoTxn" ? spoiledBlocks(payload["block"] as Json) : spoiledSignatures(payload)),
  };
  const notObjects = { "a string": "block", "a number": 1e308, true: true, null: null };
  return [
    ...Object.entries(malformed).map(([name, value]) => attack(honest, `${name} as payload`, value)),
    ...Object.entries(notObjects).map(([name, value]) => ({
      ...attack(honest, `${name} as payload`, value),
      reason: undefined,
    })),
    { name: "no payload", envelope: without(honest, "payload"), reason: undefined },
  ];
}

const attack = (honest: Json, name: string, payload: unknown): Attack => ({
  name,
  envelope: { ...honest, payload },
  reason: "malformed_payload",
});

/** JSON's own depth has no end. Made by hand: `JSON.stringify` has not enough stack for it. */
export function deepestHeader(honest: Json): string {
  return base64(JSON.stringify({ ...honest, payload: "@" }).replace('"@"', `{"block":${nested(5_200)}}`));
}

function spoiledBlocks(block: Json): Record<string, unknown> {
  const spoil = (change: Json): Json => ({ block: { ...block, ...change } });
  return {
    "a block of another type": spoil({ type: "send" }),
    "a balance that is a number": spoil({ balance: 1 }),
    "a negative balance": spoil({ balance: "-1" }),
    "a balance that no account can have": spoil({ balance: (2n ** 128n).toString() }),
    "a previous that is too short": spoil({ previous: "a".repeat(63) }),
    "an account with a wrong checksum": spoil({ account: `${String(block["account"]).slice(0, -1)}_` }),
    "an array of work": spoil({ work: [block["work"]] }),
    "a block without a signature": { block: without(block, "signature") },
  };
}

function spoiledSignatures(payload: Json): Record<string, unknown> {
  const spoil = (change: Json): Json => ({ ...payload, ...change });
  return {
    "a hash of 63 digits": spoil({ blockHash: "a".repeat(63) }),
    "a hash that is an array": spoil({ blockHash: [payload["blockHash"]] }),
    "an account that is null": spoil({ account: null }),
    "an account with a wrong checksum": spoil({ account: `${String(payload["account"]).slice(0, -1)}_` }),
    "a signature of 127 digits": spoil({ signature: "a".repeat(127) }),
    "a signature that is an object": spoil({ signature: { r: "a", s: "b" } }),
    "no account": without(payload, "account"),
    "no signature": without(payload, "signature"),
  };
}

function blockLike(): Json {
  return {
    type: "state",
    account: BURN,
    previous: HASH,
    representative: BURN,
    balance: "1",
    link: HASH,
    signature: "0".repeat(128),
    work: "f".repeat(16),
  };
}

/** Headers that are no payment at all: Faremeter answers as if nobody had paid. */
export const UNPARSEABLE: Readonly<Record<string, string>> = {
  empty: "",
  "not base64": "%%%%",
  padding: "====",
  "base64 of no JSON": base64("{"),
  "base64 of half a payment": base64('{"x402Version":2,"accepted":'),
  "JSON null": base64("null"),
  "a JSON array": base64("[]"),
  "a JSON string": base64('"exact"'),
  "a JSON number": base64("1e999"),
  "JSON true": base64("true"),
  "an empty object": base64("{}"),
  "an object of __proto__": base64('{"__proto__":{"x402Version":2,"scheme":"exact","network":"nano:mainnet"}}'),
  "bytes that are no UTF-8": Buffer.from([0xff, 0xfe, 0x7b, 0x7d]).toString("base64"),
  "a header as long as Node takes": "A".repeat(15_000),
  "a long string as JSON": base64(JSON.stringify("n".repeat(11_000))),
  "as deep as a header can be": base64(nested(5_500)),
};

/** Version 2's `accepted`: the client's word for the entry that it chose. `other` is the other track's entry. */
export function tamperedAccepted(honest: Json, offer: Offer, other: Offer): Attack[] {
  const raw = BigInt(offer.amount);
  const fields: [name: string, change: Json, reason: string | undefined][] = [
    ["an amount of 1 raw", { amount: "1" }, "requirements_mismatch"],
    ["one raw less", { amount: String(raw - 1n) }, "requirements_mismatch"],
    ["ten raw more", { amount: String(raw + 10n) }, "requirements_mismatch"],
    ["the other track's amount", { amount: other.amount }, "requirements_mismatch"],
    ["a negative amount", { amount: "-5" }, "malformed_payload"],
    ["an amount with a point", { amount: "1.5" }, "malformed_payload"],
    ["an amount that is a number", { amount: 1 }, undefined],
    ["another payTo", { payTo: BURN }, "requirements_mismatch"],
    ["a payTo that is no address", { payTo: "nano_1" }, "malformed_payload"],
    ["another asset", { asset: "USDC" }, undefined],
    ["an asset in lower case", { asset: "xno" }, undefined],
    ["another network", { network: "nano:testnet" }, undefined],
    ["another spelling of the network", { network: "xno:mainnet" }, undefined],
    ["another scheme", { scheme: "upto" }, undefined],
    ["a track that nobody knows", { extra: { ...offer.extra, assetTransferMethod: "nanoMagic" } }, "malformed_payload"],
    ["a time that is a word", { extra: { ...offer.extra, validBefore: "soon" } }, "malformed_payload"],
    ["extra as an array", { extra: [] }, "malformed_payload"],
    ["extra as null", { extra: null }, undefined],
    ["the other track's entry", { ...other }, "requirements_mismatch"],
  ];
  const whole: [name: string, envelope: Json][] = [
    ["no accepted", without(honest, "accepted")],
    ["accepted as null", { ...honest, accepted: null }],
    ["accepted as an array", { ...honest, accepted: [offer] }],
    ["a version that nobody knows", { ...honest, x402Version: 3 }],
    ["a version that is a string", { ...honest, x402Version: "2" }],
  ];
  return [
    ...fields.map(([name, change, reason]) => {
      return { name, envelope: { ...honest, accepted: { ...offer, ...change } }, reason };
    }),
    ...whole.map(([name, envelope]) => ({ name, envelope, reason: undefined })),
  ];
}

/** Version 1 has no `accepted`: what names the entry there is the envelope. */
export function tamperedEnvelope(honest: Json): Attack[] {
  const envelopes: Record<string, Json> = {
    "another asset": { ...honest, asset: "USDC" },
    "an asset in lower case": { ...honest, asset: "xno" },
    "an asset that is a number": { ...honest, asset: 1 },
    "another network": { ...honest, network: "nano:testnet" },
    "another spelling of the network": { ...honest, network: "xno:mainnet" },
    "no network": without(honest, "network"),
    "another scheme": { ...honest, scheme: "upto" },
    "no scheme": without(honest, "scheme"),
    "a version that is a string": { ...honest, x402Version: "1" },
    "no version": without(honest, "x402Version"),
  };
  return Object.entries(envelopes).map(([name, envelope]) => ({ name, envelope, reason: undefined }));
}

function without(object: Json, key: string): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}
