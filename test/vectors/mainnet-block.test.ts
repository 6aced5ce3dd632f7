import { beforeAll, expect, test } from "vitest";
import {
  cryptoReady,
  encodeBlockJson,
  hashBlock,
  isBlockSignatureValid,
  isBlockWorkValid,
  keyBytes,
  MAINNET_WORK_THRESHOLDS,
  parseAddress,
} from "../../src/nano/index.js";
import { flipBit, readFixture, readPrintedBlock } from "../support/nano.js";

const vector = JSON.parse(readFixture("vectors/mainnet-block.json"));
const block = readPrintedBlock(vector.block);

beforeAll(cryptoReady);

test("a block of the live ledger: hash, signature, destination", () => {
  expect(hashBlock(block)).toBe(vector.hash.toLowerCase());
  expect(isBlockSignatureValid(block)).toBe(true);
  expect(parseAddress(vector.block.link_as_account)).toBe(block.link);
});

test("its work meets the send threshold of the live network", () => {
  expect(BigInt(`0x${vector.workThreshold}`)).toBe(MAINNET_WORK_THRESHOLDS.send);
  expect(isBlockWorkValid(block, MAINNET_WORK_THRESHOLDS.send)).toBe(true);
  expect(isBlockWorkValid({ ...block, work: "dfbc0fe36423277b" }, MAINNET_WORK_THRESHOLDS.receive)).toBe(false);
  expect(isBlockWorkValid({ ...block, work: undefined }, 0n)).toBe(false);
});

test("any change of a hashed field breaks the signature", () => {
  const changed = [
    { ...block, account: block.representative },
    { ...block, previous: readPrintedBlock({ ...vector.block, previous: vector.hash }).previous },
    { ...block, representative: block.account },
    { ...block, balanceRaw: block.balanceRaw + 1n },
    { ...block, link: block.account },
    { ...block, signature: Buffer.from(flipBit(Buffer.from(block.signature, "hex"), 300)).toString("hex") },
  ];
  expect(changed.filter(isBlockSignatureValid)).toEqual([]);
});

test("written again it is the same nine keys, hexadecimal in lower case", () => {
  const { link, previous, signature, ...rest } = vector.block;
  expect(encodeBlockJson(block)).toEqual({
    ...rest,
    link: link.toLowerCase(),
    previous: previous.toLowerCase(),
    signature: signature.toLowerCase(),
  });
  expect(keyBytes(block.previous)).toEqual(Uint8Array.from(Buffer.from(previous, "hex")));
});
