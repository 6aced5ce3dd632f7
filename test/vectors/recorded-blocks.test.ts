import { beforeAll, describe, expect, test } from "vitest";
import {
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  encodeAddress,
  hashBlock,
  hexToBytes,
  isBlockSignatureValid,
  isWorkValid,
  parseSecret,
  workValue,
} from "../../src/nano/index.js";
import { acceptedHash, type PrintedBlock, readPrintedBlock, readRecording } from "../support/nano.js";

/** What a real node (V28) said about blocks and work: `node-recordings/main.jsonl`. */
const steps = readRecording("main.jsonl");

beforeAll(cryptoReady);

/** `process` takes a block as an object or as a string of JSON. */
function printedBlock(block: unknown): PrintedBlock {
  return JSON.parse(typeof block === "string" ? block : JSON.stringify(block));
}

const SIGNATURE = /^[0-9a-f]{128}$/i;
const ACCOUNT = /^(nano|xrb)_/;
const processed = steps.filter(({ request }) => request["action"] === "process" && request["block"] !== undefined);
const accepted = processed.filter(({ response }) => response["hash"] !== undefined);
/** Refusals that the node reaches only after it has checked the signature (SPEC 9). */
const AFTER_SIGNATURE = ["Old block", "Fork", "Gap previous block", "Gap source block", "Unreceivable"];
const refusedLater = processed.filter(({ response }) => AFTER_SIGNATURE.includes(response["error"] ?? ""));
const badSignature = processed.filter(({ response }) => response["error"] === "Bad signature");

test("the recording holds what these tests are about", () => {
  expect(accepted.map(({ step }) => step)).toEqual([16, 47, 83, 84, 87, 91, 141]);
  expect(refusedLater).toHaveLength(15);
  expect(badSignature.map(({ step }) => step)).toEqual([42, 43, 44]);
});

describe.each(accepted.map((step) => [step.label, step] as const))("accepted: %s", (_label, step) => {
  test("hash and signature", () => {
    const block = readPrintedBlock(printedBlock(step.request["block"]));
    expect(hashBlock(block)).toBe(acceptedHash(step));
    expect(isBlockSignatureValid(block)).toBe(true);
  });
});

describe.each(refusedLater.map((step) => [step.label, step] as const))("refused later: %s", (_label, step) => {
  test("its signature is good", () => {
    expect(isBlockSignatureValid(readPrintedBlock(printedBlock(step.request["block"])))).toBe(true);
  });
});

test.each(badSignature.map((step) => [step.label, step] as const))("%s", (_label, step) => {
  const printed = printedBlock(step.request["block"]);
  expect(ACCOUNT.test(printed.account)).toBe(true);
  const block = readPrintedBlock(printed);
  if (SIGNATURE.test(printed.signature)) expect(isBlockSignatureValid(block)).toBe(false);
  else expect(() => isBlockSignatureValid(block)).toThrow(expect.objectContaining({ code: "invalid_hex" }));
});

test("block_hash and block_create", () => {
  const hashed = steps.find(({ label }) => label === "block_hash");
  const created = steps.find(({ label }) => label === "block_create-state");
  if (hashed === undefined || created === undefined) throw new Error("steps are missing");
  expect(hashBlock(readPrintedBlock(printedBlock(hashed.request["block"])))).toBe(acceptedHash(hashed));
  const block = readPrintedBlock(printedBlock(created.response["block"]));
  expect(hashBlock(block)).toBe(acceptedHash(created));
  expect(isBlockSignatureValid(block)).toBe(true);
  const publicKey = derivePublicKey(parseSecret(String(created.request["key"])));
  expect(bytesToHex(publicKey)).toBe(block.account);
});

test("account_key and account_get", () => {
  const [key, get] = ["account_key", "account_get"].map((label) => steps.find((step) => step.label === label));
  expect(encodeAddress(hexToBytes(key?.response["key"] ?? "", 32))).toBe(key?.request["account"]);
  expect(encodeAddress(hexToBytes(String(get?.request["key"]), 32))).toBe(get?.response["account"]);
});

/** `work_generate` names the work in its answer, `work_validate` in its question; both answer with its difficulty. */
const worked = steps.flatMap(({ label, request, response }) =>
  response["difficulty"] !== undefined && String(request["action"]).startsWith("work_")
    ? [
        {
          label,
          root: String(request["hash"]),
          work: String(response["work"] ?? request["work"]),
          difficulty: response["difficulty"],
          validAll: response["valid_all"],
        },
      ]
    : [],
);

test("the recording holds seven answers about work", () => {
  expect(worked).toHaveLength(7);
});

test.each(worked.map((step) => [step.label, step] as const))("%s: the value of the work", (_label, step) => {
  const [work, root] = [hexToBytes(step.work, 8), hexToBytes(step.root, 32)];
  const value = BigInt(`0x${step.difficulty}`);
  expect(workValue(work, root)).toBe(value);
  expect(isWorkValid(work, root, value)).toBe(true);
  expect(isWorkValid(work, root, value + 1n)).toBe(false);
  if (step.validAll !== undefined) {
    expect(isWorkValid(work, root, 0xffc0000000000000n)).toBe(step.validAll === "1");
  }
});
