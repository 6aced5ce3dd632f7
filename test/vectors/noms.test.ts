import { beforeAll, describe, expect, test } from "vitest";
import {
  blake2b,
  bytesToHex,
  cryptoReady,
  decodeAddress,
  derivePublicKey,
  encodeAddress,
  encodeNomsPayload,
  hashNomsMessage,
  hexToBytes,
  parseSecret,
  signNoms,
  verifyNoms,
  verifySignature,
} from "../../src/nano/index.js";
import { readFixture } from "../support/nano.js";

interface NomsVector {
  readonly id: string;
  readonly expect: "valid" | "invalid";
  readonly privateKey: string | null;
  readonly publicKey?: string;
  readonly account?: string;
  readonly message: string;
  readonly payloadHex?: string;
  readonly digest: string;
  readonly signature: string;
}

const vectors: NomsVector[] = JSON.parse(readFixture("vectors/noms.json")).vectors;
const valid = vectors.filter((vector) => vector.expect === "valid");
const withSecret = vectors.flatMap((vector) =>
  vector.privateKey === null ? [] : [{ ...vector, privateKey: vector.privateKey }],
);

beforeAll(cryptoReady);

/** The last negative names no public key: it is that of its private key, as other vectors print it. */
function keyOf({ publicKey, privateKey }: NomsVector): Uint8Array {
  const printed =
    publicKey ?? withSecret.find((other) => other.privateKey === privateKey && other.publicKey)?.publicKey;
  return hexToBytes(printed ?? "", 32);
}

function signatureOf(vector: NomsVector): Uint8Array {
  return hexToBytes(vector.signature, 64);
}

function find(id: string): NomsVector {
  const vector = vectors.find((candidate) => candidate.id === id);
  if (vector === undefined) throw new Error(`no vector ${id}`);
  return vector;
}

test("the file holds the vectors that these tests are about", () => {
  expect(valid).toHaveLength(15);
  expect(vectors.filter((vector) => vector.expect === "invalid").map(({ id }) => id)).toEqual([
    "trackb-spec-vector1-WRONG-LENGTH-PREFIX",
    "trackb-spec-example-payload-signature",
    "neg-no-domain-separation",
  ]);
});

describe.each(vectors.map((vector) => [vector.id, vector] as const))("%s", (_id, vector) => {
  test(`the signature is ${vector.expect}`, () => {
    expect(verifyNoms(signatureOf(vector), vector.message, keyOf(vector))).toBe(vector.expect === "valid");
  });
});

describe.each(valid.map((vector) => [vector.id, vector] as const))("%s", (_id, vector) => {
  test("payload and digest", () => {
    expect(bytesToHex(encodeNomsPayload(vector.message))).toBe(vector.payloadHex);
    expect(bytesToHex(hashNomsMessage(vector.message))).toBe(vector.digest);
  });

  test("the account is the key's", () => {
    expect(encodeAddress(keyOf(vector))).toBe(vector.account);
    expect(decodeAddress(vector.account ?? "")).toEqual(keyOf(vector));
  });

  test("no other message has this signature", () => {
    expect(verifyNoms(signatureOf(vector), `${vector.message} `, keyOf(vector))).toBe(false);
  });
});

describe.each(withSecret.map((vector) => [vector.id, vector] as const))("%s", (_id, vector) => {
  test("the private key gives the public key", () => {
    expect(derivePublicKey(parseSecret(vector.privateKey))).toEqual(keyOf(vector));
  });

  test(`signing gives ${vector.expect === "valid" ? "this" : "another"} signature`, () => {
    const signature = bytesToHex(signNoms(vector.message, parseSecret(vector.privateKey)));
    expect(signature === vector.signature).toBe(vector.expect === "valid");
  });
});

describe("the negatives are wrong for the reason they name", () => {
  test("wrong length prefix: a valid signature, over a payload that says 139 bytes for 140", () => {
    const vector = find("trackb-spec-vector1-WRONG-LENGTH-PREFIX");
    const wrongPayload = hexToBytes(vector.payloadHex ?? "", 25 + 4 + 140);
    const rightPayload = encodeNomsPayload(vector.message);
    expect([...wrongPayload.keys()].filter((index) => wrongPayload[index] !== rightPayload[index])).toEqual([28]);
    expect([wrongPayload[28], rightPayload[28]]).toEqual([139, 140]);
    expect(bytesToHex(blake2b(wrongPayload, 32))).toBe(vector.digest);
    expect(verifySignature(signatureOf(vector), hexToBytes(vector.digest, 32), keyOf(vector))).toBe(true);
  });

  test("example payload: the signature of another published message", () => {
    const vector = find("trackb-spec-example-payload-signature");
    expect(vector.signature).toBe(find("oris001-v1-emoji").signature);
    expect(bytesToHex(hashNomsMessage(vector.message))).toBe(vector.digest);
  });

  test("no domain separation: a valid signature over the bare message's hash", () => {
    const vector = find("neg-no-domain-separation");
    const bareDigest = blake2b(new TextEncoder().encode(vector.message), 32);
    expect(verifySignature(signatureOf(vector), bareDigest, keyOf(vector))).toBe(true);
    expect(bytesToHex(hashNomsMessage(vector.message))).toBe(vector.digest);
  });
});
