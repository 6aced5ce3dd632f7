import { beforeAll, describe, expect, test } from "vitest";
import {
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  encodeBlockJson,
  encodeStateBlock,
  hashBlock,
  hashStateBlock,
  hexToBytes,
  isBlockSignatureValid,
  isBlockWorkValid,
  keyBytes,
  MAX_RAW,
  parseBlockHash,
  publicKeyOf,
  type StateBlock,
  signBlock,
  type UnsignedBlock,
  workValue,
} from "../../../src/nano/index.js";
import { createRandom, readPrintedBlock } from "../../support/nano.js";
import { NINE_KEYS } from "../../support/payments.js";

const random = createRandom(6);
const secretKey = random.bytes(32);
let unsigned: UnsignedBlock;

beforeAll(async () => {
  await cryptoReady();
  unsigned = {
    account: publicKeyOf(derivePublicKey(secretKey)),
    previous: parseBlockHash(random.hex(32)),
    representative: publicKeyOf(random.bytes(32)),
    balanceRaw: 10n ** 30n,
    link: publicKeyOf(random.bytes(32)),
  };
});

const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);
const state: StateBlock = {
  account: filled(0xaa),
  previous: filled(0xbb),
  representative: filled(0xcc),
  balanceRaw: 0x0102n,
  link: filled(0xdd),
};

describe("encodeStateBlock", () => {
  test("preamble 6 and five fields, 176 bytes", () => {
    const parts = [`${"00".repeat(31)}06`, "aa".repeat(32), "bb".repeat(32), "cc".repeat(32)];
    const hex = [...parts, `${"00".repeat(14)}0102`, "dd".repeat(32)].join("");
    expect(bytesToHex(encodeStateBlock(state))).toBe(hex);
    expect(encodeStateBlock(state)).toHaveLength(176);
  });

  test("the largest balance and none", () => {
    expect(encodeStateBlock({ ...state, balanceRaw: MAX_RAW }).subarray(128, 144)).toEqual(filled(0xff, 16));
    expect(encodeStateBlock({ ...state, balanceRaw: 0n }).subarray(128, 144)).toEqual(filled(0, 16));
  });

  test.each([-1n, MAX_RAW + 1n])("refuses a balance of %s", (balanceRaw) => {
    expect(() => encodeStateBlock({ ...state, balanceRaw })).toThrow(
      expect.objectContaining({ code: "invalid_block" }),
    );
  });

  test("refuses fields of another length: a byte moved to its neighbour would give the same hash", () => {
    const shifted = { ...state, previous: filled(0xbb, 31), representative: filled(0xcc, 33) };
    expect(() => encodeStateBlock(shifted)).toThrow(
      expect.objectContaining({ code: "invalid_block", facts: { field: "previous", bytes: 31 } }),
    );
    for (const field of ["account", "previous", "representative", "link"]) {
      expect(() => hashStateBlock({ ...state, [field]: filled(1, 33) })).toThrow(
        expect.objectContaining({ code: "invalid_block", facts: { field, bytes: 33 } }),
      );
    }
  });
});

describe("signBlock", () => {
  test("adds a signature over the hash and no work", () => {
    const signed = signBlock(unsigned, secretKey);
    expect(signed).toEqual({ ...unsigned, signature: expect.stringMatching(/^[0-9a-f]{128}$/), work: undefined });
    expect(isBlockSignatureValid(signed)).toBe(true);
    expect(isBlockSignatureValid({ ...signed, balanceRaw: signed.balanceRaw - 1n })).toBe(false);
  });

  test("another account's key gives no valid signature", () => {
    expect(isBlockSignatureValid(signBlock(unsigned, random.bytes(32)))).toBe(false);
  });

  test("forgets the work of a block that is signed anew", () => {
    const worked = { ...signBlock(unsigned, secretKey), work: "0123456789abcdef" };
    expect(signBlock(worked, secretKey).work).toBeUndefined();
  });
});

describe("isBlockWorkValid", () => {
  test("asks for the threshold at `previous`", () => {
    const work = "0123456789abcdef";
    const value = workValue(hexToBytes(work, 8), keyBytes(unsigned.previous));
    const block = { ...signBlock(unsigned, secretKey), work };
    expect(isBlockWorkValid(block, value)).toBe(true);
    expect(isBlockWorkValid(block, value + 1n)).toBe(false);
    expect(isBlockWorkValid({ ...block, previous: parseBlockHash(random.hex(32)) }, value)).toBe(false);
    expect(isBlockWorkValid({ ...block, work: undefined }, 0n)).toBe(false);
  });
});

describe("encodeBlockJson", () => {
  test("the nine keys, whatever came along", () => {
    const signed = { ...signBlock(unsigned, secretKey), work: "0123456789abcdef", hash: "extra", lease: "extra" };
    const json = encodeBlockJson(signed);
    expect(Object.keys(json)).toEqual(NINE_KEYS);
    expect(json).toMatchObject({ type: "state", balance: "1000000000000000000000000000000", work: "0123456789abcdef" });
    expect(json.account).toMatch(/^nano_/);
  });

  test("is read back as the block it was", () => {
    const signed = { ...signBlock(unsigned, secretKey), work: "0123456789abcdef" };
    const again = readPrintedBlock(encodeBlockJson(signed));
    expect(again).toEqual(signed);
    expect(hashBlock(again)).toBe(hashBlock(unsigned));
  });

  test("work that the facilitator is to attach is an empty text, the key is there", () => {
    expect(encodeBlockJson(signBlock(unsigned, secretKey)).work).toBe("");
  });
});
