import { describe, expect, test } from "vitest";
import {
  addressOf,
  decodeAddress,
  decodeCaip10,
  encodeAddress,
  encodeCaip10,
  isAddress,
  keyBytes,
  parseAddress,
} from "../../../src/nano/index.js";

/** The genesis account of the live network and its key, as every explorer shows them. */
const GENESIS = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
const GENESIS_KEY = "e89208dd038fbb269987689621d52292ae9c35941a7484756ecced92a65093ba";
const BURN = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
const BODY = GENESIS.slice(5);

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("decodeAddress", () => {
  test("reads both prefixes", () => {
    expect(hexOf(decodeAddress(GENESIS))).toBe(GENESIS_KEY);
    expect(hexOf(decodeAddress(`xrb_${BODY}`))).toBe(GENESIS_KEY);
    expect(hexOf(decodeAddress(BURN))).toBe("00".repeat(32));
  });

  test("returns memory of its own", () => {
    const key = decodeAddress(GENESIS);
    key.fill(0);
    expect(hexOf(decodeAddress(GENESIS))).toBe(GENESIS_KEY);
  });

  test.each([
    ["empty", ""],
    ["no prefix", BODY],
    ["unknown prefix", `ban_${BODY}`],
    ["old separator", `xrb-${BODY}`],
    ["upper case", GENESIS.toUpperCase()],
    ["upper-case prefix", `NANO_${BODY}`],
    ["one upper-case letter", `nano_${BODY.slice(0, -2)}R3`],
    ["one letter short", GENESIS.slice(0, -1)],
    ["one letter long", `${GENESIS}1`],
    ["space before", ` ${GENESIS}`],
    ["space after", `${GENESIS} `],
    ["line feed after", `${GENESIS}\n`],
    ["the letter l", GENESIS.replace("3t6k", "3l6k")],
    ["the letter v", GENESIS.replace("3t6k", "3v6k")],
    ["the digit 0", GENESIS.replace("3t6k", "306k")],
    ["the digit 2", GENESIS.replace("3t6k", "326k")],
    ["percent encoding", GENESIS.replace("_", "%5F")],
    ["CAIP-10", `nano:mainnet:nano%5F${BODY}`],
    ["the key in hexadecimal", GENESIS_KEY],
    ["a full-width letter", GENESIS.replace("3t6k", "3ｔ6k")],
  ])("refuses %s as a form", (_why, text) => {
    expect(() => decodeAddress(text)).toThrow(
      expect.objectContaining({ code: "invalid_address", facts: { why: "form" } }),
    );
    expect(isAddress(text)).toBe(false);
  });

  test("refuses every first letter but 1 and 3: the bits above the key would make aliases with a good checksum", () => {
    for (const letter of "456789abcdefghijkmnopqrstuwxyz") {
      expect(isAddress(`nano_${letter}${BODY.slice(1)}`)).toBe(false);
      expect(isAddress(`nano_${letter}${BURN.slice(6)}`)).toBe(false);
    }
  });

  test("refuses each of the 60 letters when it is another one", () => {
    for (let place = 0; place < 60; place += 1) {
      const letter = BODY[place] === "1" ? "3" : "1";
      const changed = `nano_${BODY.slice(0, place)}${letter}${BODY.slice(place + 1)}`;
      expect(() => decodeAddress(changed)).toThrow(
        expect.objectContaining({ code: "invalid_address", facts: { why: "checksum" } }),
      );
    }
  });
});

describe("encodeAddress", () => {
  test("writes nano_", () => {
    expect(encodeAddress(Uint8Array.from(Buffer.from(GENESIS_KEY, "hex")))).toBe(GENESIS);
    expect(encodeAddress(new Uint8Array(32))).toBe(BURN);
  });

  test("reads a Buffer that is a window on larger memory", () => {
    const window = Buffer.from(`ff${GENESIS_KEY}ff`, "hex").subarray(1, 33);
    expect(encodeAddress(window)).toBe(GENESIS);
    expect(hexOf(window)).toBe(GENESIS_KEY);
  });

  test.each([0, 31, 33])("refuses a key of %i bytes", (length) => {
    expect(() => encodeAddress(new Uint8Array(length))).toThrow(expect.objectContaining({ code: "invalid_address" }));
  });
});

describe("CAIP-10", () => {
  test("writes nano%5F", () => {
    expect(encodeCaip10(decodeAddress(GENESIS))).toBe(`nano:mainnet:nano%5F${BODY}`);
  });

  test.each(["nano%5F", "nano%5f", "xrb%5F", "xrb%5f", "nano_", "xrb_"])("reads %s", (start) => {
    expect(hexOf(decodeCaip10(`nano:mainnet:${start}${BODY}`))).toBe(GENESIS_KEY);
  });

  test.each([
    ["a bare address", GENESIS],
    ["the reserved testnet", `nano:testnet:nano%5F${BODY}`],
    ["the reserved beta network", `nano:beta:nano%5F${BODY}`],
    ["xno:mainnet", `xno:mainnet:nano%5F${BODY}`],
    ["a namespace in upper case", `NANO:mainnet:nano%5F${BODY}`],
    ["double encoding", `nano:mainnet:nano%255F${BODY}`],
    ["no separator", `nano:mainnet:nano${BODY}`],
    ["no prefix", `nano:mainnet:${BODY}`],
    ["upper case", `nano:mainnet:nano%5F${BODY.toUpperCase()}`],
    ["more behind", `nano:mainnet:nano%5F${BODY}:1`],
    ["a wrong checksum", `nano:mainnet:nano%5F${BODY.slice(0, -1)}1`],
    ["letters outside the alphabet", `nano:mainnet:nano%5F3l${BODY.slice(2)}`],
    ["empty", ""],
  ])("refuses %s", (_why, text) => {
    expect(() => decodeCaip10(text)).toThrow(expect.objectContaining({ code: "invalid_address" }));
  });
});

test("branded keys: both prefixes are one key, written as nano_", () => {
  const key = parseAddress(`xrb_${BODY}`);
  expect(key).toBe(parseAddress(GENESIS));
  expect(key).toBe(GENESIS_KEY);
  expect(addressOf(key)).toBe(GENESIS);
  expect(hexOf(keyBytes(key))).toBe(GENESIS_KEY);
});
