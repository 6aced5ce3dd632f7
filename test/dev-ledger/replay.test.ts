import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DevLedger, type DevLedgerOptions, startDevLedger } from "../../src/dev-ledger/index.js";
import {
  decodeAddress,
  hexToBytes,
  keyBytes,
  parseBlockHash,
  verifySignature,
  workValue,
} from "../../src/nano/index.js";
import { type RecordedStep, readRecording } from "./recordings.js";
import { type Json, send } from "./support.js";

/** Steps that are asked and not compared, by label, each with its reason. There are none. */
const LEFT_OUT: Readonly<Record<string, string>> = {};

/** What differs from run to run: times, and the identity of the node, whose signature covers a time. */
const TIMES = new Set(["local_timestamp", "modified_timestamp", "timestamp", "uptime", "seconds"]);
const NODE_IDENTITY = ["node_id", "signature"];
/** The node draws work, and what it signs with, at random. */
const DRAWN: Readonly<Record<string, readonly string[]>> = {
  work_generate: ["work", "difficulty", "multiplier"],
  block_create: ["work", "difficulty", "signature"],
};

const main = readRecording("main");
const unconfirmed = readRecording("unconfirmed");
const nowork = readRecording("nowork");
const nocontrol = readRecording("nocontrol");

/**
 * Where the recorder waited for confirmations. It had not, before the steps called "immediately", before the two that
 * show one confirmed and one unconfirmed send, nor before the last telemetry.
 */
const WAITED_BEFORE = new Set([18, 49, 85, 87, 90, 92]);

/** With confirmation at once nothing is ever seen unconfirmed: these five steps show blocks that were. */
const SEEN_UNCONFIRMED = new Set([17, 48, 88, 89, 142]);

describe.each([
  {
    name: "main, confirmed by hand where the recorder waited",
    steps: main,
    options: { confirm: "never" } as const,
    byHand: true,
  },
  { name: "main, confirmation at once", steps: main, options: { confirmAfterMs: 0 }, byHand: false },
  { name: "unconfirmed", steps: unconfirmed, options: { confirm: "never" } as const, byHand: false },
  { name: "nowork", steps: nowork, options: { workGeneration: false }, byHand: false },
  { name: "nocontrol", steps: nocontrol, options: { control: false }, byHand: false },
])("recorded steps: $name", ({ steps, options, byHand }) => {
  const isMain = steps === main;
  let dev: DevLedger;
  beforeAll(async () => {
    dev = await startRecorded(options);
  });
  afterAll(() => dev.close());

  test.each(steps)("$step $label", async (step) => {
    if (isMain && step.step === 87) await sendUnrecorded(dev);
    if (byHand && WAITED_BEFORE.has(step.step)) dev.confirmAll();
    const answer = await ask(dev, step);
    if (LEFT_OUT[step.label] !== undefined) return;
    if (isMain && !byHand && SEEN_UNCONFIRMED.has(step.step)) {
      expect(comparable(step, answer)).not.toEqual(comparable(step, step.response));
    } else {
      expect(comparable(step, answer)).toEqual(comparable(step, step.response));
    }
    if (isDrawn(step, "work_generate")) checkGeneratedWork(step, answer);
    if (isDrawn(step, "block_create")) checkCreatedBlock(answer);
  });
});

test("the lists above name steps that exist, and every step there is was asked", () => {
  const recordings = [main, unconfirmed, nowork, nocontrol];
  const labels = new Set(recordings.flat().map((step) => step.label));
  expect(Object.keys(LEFT_OUT).filter((label) => !labels.has(label))).toEqual([]);
  expect(recordings.map((steps) => steps.length)).toEqual([143, 22, 3, 6]);
});

function startRecorded(options: DevLedgerOptions): Promise<DevLedger> {
  return startDevLedger({ preset: "recorded-dev-network", ...options });
}

/** One send was not written down: `process-send-chained` stands on it, and `account_history-raw` shows all of it. */
async function sendUnrecorded(dev: DevLedger): Promise<void> {
  const history: Json = main.find((step) => step.label === "account_history-raw")?.response;
  const { representative, link, balance, previous, work, signature, hash } = history.history[1];
  const block = { type: "state", account: history.account, representative, link, balance, previous, work, signature };
  const body = { action: "process", json_block: "true", subtype: "send", block };
  expect(JSON.parse((await send(dev.rpcUrl, JSON.stringify(body))).text)).toEqual({ hash });
}

async function ask(dev: DevLedger, { label, request }: RecordedStep): Promise<unknown> {
  const raw = (request as Json).__raw;
  const method = { "ERR-get": "GET", "HTTP-options": "OPTIONS", "HTTP-put": "PUT" }[label] ?? "POST";
  const headers = { "Content-Type": label === "HTTP-text-plain" ? "text/plain" : "application/json" };
  const answer = await send(dev.rpcUrl, raw ?? JSON.stringify(request), method, headers);
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/json");
  return answer.text === "" ? { __raw: "" } : JSON.parse(answer.text);
}

function comparable(step: RecordedStep, answer: unknown): unknown {
  const { action } = step.request as Json;
  const drawn = (step.response as Json).error === undefined ? (DRAWN[action] ?? []) : [];
  const aside = new Set([...TIMES, ...(action === "telemetry" ? NODE_IDENTITY : []), ...drawn]);
  return JSON.parse(JSON.stringify(answer), (name, value) => (aside.has(name) ? typeof value : value));
}

function isDrawn({ request, response }: RecordedStep, action: string): boolean {
  return (request as Json).action === action && (response as Json).error === undefined;
}

/** Generated work is random on the node, so what counts is that it does what was asked. */
function checkGeneratedWork({ request }: RecordedStep, answer: unknown): void {
  const { hash, work, difficulty, multiplier } = answer as Json;
  const { difficulty: asked = "ffc0000000000000", multiplier: times = "1" } = request as Json;
  const value = workValue(hexToBytes(work, 8), keyBytes(parseBlockHash(hash)));
  expect(difficulty).toBe(value.toString(16));
  expect(value).toBeGreaterThanOrEqual(BigInt(`0x${asked}`));
  expect(Number(multiplier)).toBeGreaterThanOrEqual(Number(times));
  expect(multiplier).toMatch(/^\d+\.\d{15}$/);
}

/** The recorded block differs in signature and work alone; ours has to be one that the network takes. */
function checkCreatedBlock(answer: unknown): void {
  const { hash, difficulty, block } = answer as Json;
  const message = keyBytes(parseBlockHash(hash));
  expect(verifySignature(hexToBytes(block.signature, 64), message, decodeAddress(block.account))).toBe(true);
  const value = workValue(hexToBytes(block.work, 8), keyBytes(parseBlockHash(block.previous)));
  expect(difficulty).toBe(value.toString(16));
  expect(value).toBeGreaterThanOrEqual(0xfe00000000000000n);
}
