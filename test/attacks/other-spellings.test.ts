import { expect } from "vitest";
import { bytesToHex, concatBytes, hexToBytes } from "../../src/nano/index.js";
import { fromLittleEndian, L, toLittleEndian } from "../support/edwards.js";
import type { Envelope } from "../support/hand-payer.js";
import { payOn } from "../support/hand-payer.js";
import { offersOf, type Request, requestOf } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { expectBuysOne, expectRefused, expectTurnedAway } from "./support-outcomes.js";

/** One payment, spelt in all the ways that JSON, hex and addresses allow, and in some that they do not (SPEC 2, R1). */

const TRACKS = ["nanoTxn", "nanoSignature"] as const;

type Json = Record<string, unknown>;
type Spelling = (proof: Envelope) => string;

const nested = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
/** The text of the proof, with its payload rewritten. */
const rewriting =
  (rewrite: (payload: string) => string): Spelling =>
  ({ payload, ...envelope }) =>
    JSON.stringify({ ...envelope, payload: "payload" }).replace('"payload":"payload"', () => {
      return `"payload":${rewrite(JSON.stringify(payload))}`;
    });
const shout = (text: string): string => text.replace(/"[0-9a-f]{16,}"/g, (hex) => hex.toUpperCase());
const decoy = (payload: string, at: string): string =>
  payload.replace(at, `${at}"blockHash":"${"0".repeat(64)}","block":null,`);

/** The same payment to whoever reads it well. */
const SAME: Readonly<Record<string, Spelling>> = {
  "upper-case hex": rewriting(shout),
  "upper-case hex everywhere": (proof) => shout(JSON.stringify(proof)),
  "xrb_ addresses": rewriting((payload) => payload.replaceAll("nano_", "xrb_")),
  "both of these": rewriting((payload) => shout(payload.replaceAll("nano_", "xrb_"))),
  "keys that nobody knows": rewriting((payload) =>
    payload.replace(/\{/g, '{"hash":"0","subtype":"receive","amount":1e999,"constructor":{},'),
  ),
  "keys of JavaScript": rewriting((payload) => payload.replace(/\{/g, '{"__proto__":{"lease":"x"},"toString":1,')),
  "every key twice, the wrong value first": rewriting((payload) =>
    payload.replace(/("[a-z_]+"):"/gi, (pair, key) => `${String(key)}:"0",${String(pair)}`),
  ),
  "escaped letters": rewriting((payload) =>
    payload.replaceAll("block", "\\u0062lock").replaceAll("nano_", "\\u006eano_"),
  ),
  "white space": (proof) => JSON.stringify(proof, undefined, " \r\n\t"),
  "two thousand levels in a key that nobody knows": rewriting((payload) =>
    payload.replace("{", `{"x":${nested(2_000)},`),
  ),
};

/** A field of the payload, or of the block in it, with another value. */
const changing =
  (name: string, change: (value: string) => unknown): Spelling =>
  (proof) => {
    const payload: Json = JSON.parse(JSON.stringify(proof.payload));
    const holder: Json = Object.hasOwn(payload, name) ? payload : Object(payload["block"]);
    holder[name] = change(String(holder[name]));
    return JSON.stringify({ ...proof, payload });
  };
const extraWith =
  (extra: Json): Spelling =>
  ({ accepted, ...proof }) =>
    JSON.stringify({ ...proof, accepted: { ...Object(accepted), extra: { ...Object(accepted).extra, ...extra } } });
const lastDigit = (digit: string) => (text: string) => text.slice(0, -1) + digit;
/** The signature's twin: the same point, and S + L, which the node takes (SPEC 2). */
function twinOf(signature: string): string {
  const bytes = hexToBytes(signature, 64);
  const answer = fromLittleEndian(bytes.subarray(32)) + L;
  return bytesToHex(concatBytes(bytes.subarray(0, 32), toLittleEndian(answer)));
}

const OTHERS_OF_BOTH: Readonly<Record<string, Spelling>> = {
  "a NUL behind the address": changing("account", (address) => `${address}\0`),
  "an upper-case address": changing("account", (address) => address.toUpperCase()),
  "a letter that looks the same": changing("account", (address) => address.replace("a", "а")),
  "an address in a list": changing("account", (address) => [address]),
  "a twin signature": changing("signature", twinOf),
  "half a signature": changing("signature", (signature) => signature.slice(64)),
  "a wide digit in the signature": changing("signature", lastDigit("９")),
  "a time in text": extraWith({ validBefore: "1800000065" }),
  "a time beyond all integers": extraWith({ validBefore: 1e308 }),
  "a time of 2^53": extraWith({ validBefore: 2 ** 53 }),
  "no payload but its prototype's": (proof) => `{"__proto__":${JSON.stringify(proof)}}`,
  "a payload but for its prototype's": rewriting((payload) => `{"__proto__":${payload}}`),
  "another proof behind it": rewriting((payload) =>
    payload.replace(/\}$/, `,"blockHash":"${"0".repeat(64)}","block":{}}`),
  ),
  "another proof in front of it": rewriting((payload) => decoy(payload, "{")),
  "four thousand levels": rewriting(() => nested(4_000)),
};

/** What is no payment, though a lenient reader might take it for this one. */
const OTHERS = {
  nanoTxn: {
    ...OTHERS_OF_BOTH,
    "a NUL behind previous": changing("previous", (hash) => `${hash}\0`),
    "0x in front of previous": changing("previous", (hash) => `0x${hash}`),
    "a leading zero": changing("balance", (raw) => `0${raw}`),
    "a balance in hex": changing("balance", (raw) => `0x${BigInt(raw).toString(16)}`),
    "wide digits": changing("balance", (raw) => raw.replace(/[0-9]/g, (digit) => String.fromCharCode(0xff10 + +digit))),
    "space around the balance": changing("balance", (raw) => ` ${raw} `),
    "a balance that is a number": changing("balance", Number),
    "a balance of 2^128": changing("balance", () => (2n ** 128n).toString()),
    "a balance of ten thousand digits": changing("balance", () => "9".repeat(10_000)),
    "another type": changing("type", () => "State"),
    "work with a sign": changing("work", (work) => `+${work.slice(1)}`),
  },
  nanoSignature: {
    ...OTHERS_OF_BOTH,
    "a NUL behind the hash": changing("blockHash", (hash) => `${hash}\0`),
    "0x in front of the hash": changing("blockHash", (hash) => `0x${hash}`),
    "space around the hash": changing("blockHash", (hash) => ` ${hash}\n`),
    "a wide digit in the hash": changing("blockHash", lastDigit("９")),
    "a hash in a list": changing("blockHash", (hash) => [hash]),
    "a hash that is a number": changing("blockHash", () => 1e63),
    "a nonce in a list": extraWith({ nonce: ["ab".repeat(32)] }),
    "a nonce with a wide digit": extraWith({ nonce: "９".repeat(64) }),
  },
};

const inHeader = (text: string): string => Buffer.from(text).toString("base64");

for (const track of TRACKS) {
  attack(`${track}: spelt otherwise it is served, and neither spelling a second time`, async (world) => {
    const seller = await startSeller(world);
    let runs = 0;
    for (const [name, spell] of Object.entries(SAME)) {
      const proof = await payOn(world.alice, track, await fetchOffers(seller));
      expect(await present(seller, inHeader(spell(proof))), name).toMatchObject({ status: 200 });
      runs += 1;
      await expectTurnedAway(seller, proof, "duplicate_block_hash");
      await expectTurnedAway(seller, inHeader(spell(proof)), "duplicate_block_hash");
      expect(seller.handlerRuns(), name).toBe(runs);
    }
  });

  attack(`${track}: all spellings at once buy one response`, async (world) => {
    const seller = await startSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const texts = Object.values(SAME).flatMap((spell) => [spell(proof), JSON.stringify(proof)]);
    const outcomes = await Promise.all(texts.map((text) => present(seller, inHeader(text))));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(seller.handlerRuns()).toBe(1);
  });

  attack(`${track}: what is no payment is none, and does the real one no harm`, async (world) => {
    const seller = await startSeller(world);
    const offers = await fetchOffers(seller);
    const proof = await payOn(world.alice, track, offers);
    for (const [name, spell] of Object.entries(OTHERS[track])) {
      expect([400, 402], name).toContain((await present(seller, inHeader(spell(proof)))).status);
      expect(seller.handlerRuns(), name).toBe(0);
      const paymentPayload: Envelope = JSON.parse(spell(proof));
      const request = { paymentPayload, paymentRequirements: offers[track] };
      expect(await world.engine.verify(request), name).toMatchObject({ isValid: false });
      expect(await world.engine.settle(request), name).toMatchObject({ success: false });
    }
    await expectBuysOne(world.engine, requestOf(proof));
  });

  attack(`${track}: the seller's own terms in another spelling are the same terms, or none`, async (world) => {
    const proof = await payOn(world.alice, track, offersOf(world));
    const accepted = Object(proof.accepted);
    const spelt = (change: Json): Request => requestOf({ ...proof, accepted: { ...accepted, ...change } }, accepted);
    const amount = String(accepted.amount);
    for (const wrong of [
      `0x${BigInt(amount).toString(16)}`,
      `0${amount}`,
      ` ${amount}`,
      "９",
      "1e27",
      "9".repeat(5_000),
    ]) {
      await expectRefused(world.engine, spelt({ amount: wrong }), "malformed_payload");
    }
    await expectRefused(world.engine, spelt({ payTo: `${String(accepted.payTo)}\0` }), "malformed_payload");
    await expectRefused(world.engine, spelt({ network: "Nano:mainnet" }), "requirements_mismatch");
    await expectBuysOne(world.engine, spelt({ payTo: String(accepted.payTo).replace("nano_", "xrb_") }));
    await expectRefused(world.engine, requestOf(proof), "duplicate_block_hash");
  });
}

attack("keys in a block that nobody knows never reach the node", async (world) => {
  const handedIn: unknown[] = [];
  const run = ({ block }: Json): unknown => handedIn.push(block);
  world.dev.faults.rpc({ kind: "meanwhile", when: "before", run }, { action: "process" });
  const { request } = await world.payTrackA();
  const spell = SAME["keys that nobody knows"];
  const paymentPayload: Envelope = JSON.parse(spell?.(request.paymentPayload) ?? "");
  await expectBuysOne(world.engine, { ...request, paymentPayload });
  expect(handedIn).toEqual([request.paymentPayload.payload["block"]]);
  expect(Object.keys(Object(handedIn[0]))).toHaveLength(9);
});
