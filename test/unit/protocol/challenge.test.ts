import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { hasCode, NanoError } from "../../../src/errors/index.js";
import { MAX_RAW } from "../../../src/nano/index.js";
import {
  type ChallengeTerms,
  createChallengeAuthority,
  parseChallengeSecret,
  systemRandomBytes,
} from "../../../src/protocol/index.js";
import { aPayer, NOW_SECONDS, PRICE_RAW, SELLER } from "../../support/payments.js";

const SECRET = "correct horse battery staple, and more";
const TERMS: ChallengeTerms = { payTo: SELLER.account, amountRaw: PRICE_RAW, validBefore: NOW_SECONDS + 60 };
const RANDOM = Uint8Array.from({ length: 16 }, (_, index) => index);

/** SPEC 5, written down a second time with Node's own HMAC. */
function expectedNonce(secret: Uint8Array, { payTo, amountRaw, validBefore }: ChallengeTerms, random: Uint8Array) {
  const validBeforeBytes = Buffer.alloc(8);
  validBeforeBytes.writeBigUInt64BE(BigInt(validBefore));
  const message = Buffer.concat([
    Buffer.from("x402-nano/challenge/1\0nano:mainnet\0XNO\0", "ascii"),
    Buffer.from(payTo, "hex"),
    Buffer.from(amountRaw.toString(16).padStart(32, "0"), "hex"),
    validBeforeBytes,
    random,
  ]);
  const tag = createHmac("sha256", secret).update(message).digest().subarray(0, 16);
  return Buffer.concat([random, tag]).toString("hex");
}

describe("the nonce of SPEC 5", () => {
  const authority = createChallengeAuthority(SECRET, () => RANDOM);

  test.each([
    ["an ordinary offer", TERMS],
    ["the smallest", { ...TERMS, amountRaw: 1n, validBefore: 0 }],
    ["the largest", { ...TERMS, amountRaw: MAX_RAW, validBefore: Number.MAX_SAFE_INTEGER }],
    ["another seller", { ...TERMS, payTo: aPayer(3).account }],
  ])("%s, computed independently", (_name, terms) => {
    expect(authority.issueNonce(terms)).toBe(expectedNonce(Buffer.from(SECRET), terms, RANDOM));
    expect(authority.isOwnNonce(authority.issueNonce(terms), terms)).toBe(true);
  });

  test("as a fixed value, so that replicas of another version recognise it", () => {
    expect(authority.issueNonce(TERMS)).toBe("000102030405060708090a0b0c0d0e0f4920e5a65cb74f3bc398a1ef0708d9a0");
  });

  test("looks random, and every one is another", () => {
    const fresh = createChallengeAuthority(SECRET);
    const nonces = Array.from({ length: 50 }, () => fresh.issueNonce(TERMS));
    expect(new Set(nonces).size).toBe(50);
    expect(new Set(nonces.map((nonce) => nonce.slice(0, 32))).size).toBe(50);
    for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{64}$/);
    expect(systemRandomBytes(16)).toHaveLength(16);
  });

  test.each([
    ["nothing to pay", { ...TERMS, amountRaw: 0n }],
    ["a negative amount", { ...TERMS, amountRaw: -1n }],
    ["more than exists", { ...TERMS, amountRaw: MAX_RAW + 1n }],
    ["half a second", { ...TERMS, validBefore: 0.5 }],
    ["no number", { ...TERMS, validBefore: Number.NaN }],
    ["before 1970", { ...TERMS, validBefore: -1 }],
    ["beyond exact integers", { ...TERMS, validBefore: 2 ** 53 }],
  ])("none is issued for %s, and none recognised", (_why, terms) => {
    expect(() => authority.issueNonce(terms)).toThrow(NanoError);
    expect(authority.isOwnNonce(authority.issueNonce(TERMS), terms)).toBe(false);
  });
});

describe("isOwnNonce", () => {
  const authority = createChallengeAuthority(SECRET);
  const nonce = authority.issueNonce(TERMS);

  test("recognises its own in any case, as real clients send it", () => {
    expect(authority.isOwnNonce(nonce, TERMS)).toBe(true);
    expect(authority.isOwnNonce(nonce.toUpperCase(), TERMS)).toBe(true);
  });

  test.each([
    ["another seller", { payTo: aPayer(1).account }],
    ["one raw less", { amountRaw: PRICE_RAW - 1n }],
    ["one raw more", { amountRaw: PRICE_RAW + 1n }],
    ["a second later", { validBefore: TERMS.validBefore + 1 }],
    ["a second earlier", { validBefore: TERMS.validBefore - 1 }],
  ])("refuses it for %s", (_change, change) => {
    expect(authority.isOwnNonce(nonce, { ...TERMS, ...change })).toBe(false);
  });

  test("refuses it with any one of its digits changed, in the random half and in the authentic one", () => {
    const forged = Array.from(nonce, (digit, index) => {
      const other = digit === "0" ? "1" : "0";
      return nonce.slice(0, index) + other + nonce.slice(index + 1);
    });
    expect(forged).toHaveLength(64);
    expect(forged.filter((text) => authority.isOwnNonce(text, TERMS))).toEqual([]);
  });

  test.each(["", nonce.slice(1), `${nonce}0`, ` ${nonce}`, `${nonce}\n`, `0x${nonce.slice(2)}`, "g".repeat(64)])(
    "refuses what is not 64 digits: %j",
    (text) => {
      expect(authority.isOwnNonce(text, TERMS)).toBe(false);
    },
  );

  test("refuses what somebody else issued", () => {
    const stranger = createChallengeAuthority(`${SECRET}!`);
    expect(authority.isOwnNonce(stranger.issueNonce(TERMS), TERMS)).toBe(false);
  });
});

describe("rotation", () => {
  const older = "an older secret of more than 32 bytes";
  const before = createChallengeAuthority(older);
  const after = createChallengeAuthority([SECRET, older]);

  test("challenges of the older secret are still recognised", () => {
    expect(after.isOwnNonce(before.issueNonce(TERMS), TERMS)).toBe(true);
  });

  test("new ones are issued with the first secret only", () => {
    const nonce = after.issueNonce(TERMS);
    expect(createChallengeAuthority(SECRET).isOwnNonce(nonce, TERMS)).toBe(true);
    expect(before.isOwnNonce(nonce, TERMS)).toBe(false);
  });

  test("a secret that was dropped is not", () => {
    expect(createChallengeAuthority([SECRET]).isOwnNonce(before.issueNonce(TERMS), TERMS)).toBe(false);
  });
});

describe("the forms of a secret", () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => index + 100);
  const hex = Buffer.from(bytes).toString("hex");

  test.each<[string, string | Uint8Array, Uint8Array]>([
    ["bytes as given", bytes, bytes],
    ["a Buffer", Buffer.from(bytes), bytes],
    ["64 hexadecimal digits, decoded", hex, bytes],
    ["the same in upper case", hex.toUpperCase(), bytes],
    ["66 digits", `${hex}ff`, Uint8Array.of(...bytes, 255)],
    ["any other string as UTF-8", SECRET, Buffer.from(SECRET)],
    ["with a letter that is no digit", `${hex}g`, Buffer.from(`${hex}g`)],
    ["with a line end after the digits", `${hex}\n`, Buffer.from(`${hex}\n`)],
    ["32 bytes in 16 letters", "ß".repeat(16), Buffer.from("ß".repeat(16))],
  ])("%s", (_form, secret, expected) => {
    expect(Buffer.from(parseChallengeSecret(secret))).toEqual(Buffer.from(expected));
  });

  test("is a copy: who clears the array afterwards does not clear the key", () => {
    const given = Uint8Array.from(bytes);
    const authority = createChallengeAuthority(given, () => RANDOM);
    given.fill(0);
    expect(authority.issueNonce(TERMS)).toBe(expectedNonce(bytes, TERMS, RANDOM));
  });

  test.each<[string, string | Uint8Array]>([
    ["31 bytes", bytes.subarray(1)],
    ["no bytes", new Uint8Array()],
    ["62 digits", hex.slice(2)],
    ["65 digits", `${hex}f`],
    ["63 digits", hex.slice(1)],
    ["31 letters", "x".repeat(31)],
    ["nothing", ""],
    ["30 bytes in 15 letters", "ß".repeat(15)],
  ])("%s: a configuration error that does not repeat it", (_form, secret) => {
    const error = thrownBy(() => createChallengeAuthority([SECRET, secret]));
    expect(hasCode(error, "invalid_configuration") && error.facts["setting"]).toBe("challengeSecret");
    const printed = inspect(error, { depth: 10, showHidden: true });
    for (const spelling of spellingsOf(secret)) expect(printed).not.toContain(spelling);
    expect(printed).not.toContain(SECRET);
  });

  test("an empty list of secrets is one too", () => {
    expect(
      hasCode(
        thrownBy(() => createChallengeAuthority([])),
        "invalid_configuration",
      ),
    ).toBe(true);
  });
});

/** As text, in hexadecimal, and as `inspect` prints arrays and Buffers. */
function spellingsOf(secret: string | Uint8Array): string[] {
  if (secret.length === 0) return [];
  const bytes = Buffer.from(secret);
  const spellings = [
    bytes.toString("hex"),
    bytes.toString("base64"),
    [...bytes].join(", "),
    inspect(bytes).slice(8, -1),
  ];
  return typeof secret === "string" ? [secret, ...spellings] : spellings;
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}
