import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DevLedger, type DevLedgerOptions, startDevLedger } from "../../src/dev-ledger/index.js";
import { hexToBytes, keyBytes, parseBlockHash, workValue } from "../../src/nano/index.js";
import { type RecordedStep, readRecording } from "./recordings.js";
import { type Json, send } from "./support.js";

/** Not asked for before issue 3; each needs an election, a representative or a wallet to answer from. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  representatives_online: "representatives that vote: the ledger confirms by rule, nobody votes",
  confirmation_quorum: "the same",
  confirmation_active: "elections",
  confirmation_info: "elections",
  "block_create-state":
    "signing for a caller's key; the recorded signature is randomised, so it could only be verified",
};

/** What differs from run to run: times, and the identity of the node, whose signature covers a time. */
const TIMES = new Set(["local_timestamp", "modified_timestamp", "timestamp", "uptime", "seconds"]);
const NODE_IDENTITY = new Set(["node_id", "signature"]);

const main = readRecording("main");
const unconfirmed = readRecording("unconfirmed");

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
    if (LEFT_OUT[step.label] !== undefined) {
      expect(await ask(dev, step)).toEqual({ error: "Unknown command" });
      return;
    }
    const answer = await ask(dev, step);
    if (isMain && !byHand && SEEN_UNCONFIRMED.has(step.step)) {
      expect(comparable(step, answer)).not.toEqual(comparable(step, step.response));
    } else {
      expect(comparable(step, answer)).toEqual(comparable(step, step.response));
    }
    if (isGeneratedWork(step)) checkGeneratedWork(step, answer);
  });
});

test("the lists above name steps that exist", () => {
  const labels = new Set([...main, ...unconfirmed].map((step) => step.label));
  expect(Object.keys(LEFT_OUT).filter((label) => !labels.has(label))).toEqual([]);
  expect(main).toHaveLength(143);
  expect(unconfirmed).toHaveLength(22);
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
  const aside = new Set(TIMES);
  if (step.label === "telemetry") for (const name of NODE_IDENTITY) aside.add(name);
  if (isGeneratedWork(step)) for (const name of ["work", "difficulty", "multiplier"]) aside.add(name);
  return JSON.parse(JSON.stringify(answer), (name, value) => (aside.has(name) ? typeof value : value));
}

function isGeneratedWork({ request, response }: RecordedStep): boolean {
  return (request as Json).action === "work_generate" && (response as Json).work !== undefined;
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
