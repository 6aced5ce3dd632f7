import { describe, expect, test } from "vitest";
import { Delays } from "../../src/dev-ledger/faults/delays.js";
import type { RpcFault } from "../../src/dev-ledger/index.js";
import { reachesHits } from "./faults-support.js";
import { createManualSchedule } from "./manual-schedule.js";
import {
  ALL_RAW,
  buildBlock,
  createOwner,
  genesisOwner,
  type Json,
  send,
  startNode,
  type TestNode,
} from "./support.js";

const LOST = /socket hang up|ECONNRESET|aborted/;

/** A send from genesis that no fault touches when it is looked up. */
interface Sending {
  readonly body: string;
  readonly hash: string;
  isTaken(): Promise<boolean>;
}

async function prepareSend(node: TestNode, amountRaw = 1n): Promise<Sending> {
  const { address } = await createOwner();
  const parts = { previous: node.genesis.hash, balanceRaw: ALL_RAW - amountRaw, link: address };
  const block: Json = buildBlock(genesisOwner(node), parts);
  const { hash } = await node.rpc({ action: "block_hash", json_block: "true", block });
  return {
    body: JSON.stringify({ action: "process", json_block: "true", subtype: "send", block }),
    hash,
    isTaken: async () => (await node.rpc({ action: "block_info", hash })).amount === amountRaw.toString(),
  };
}

/** Settled or not, for those that must not be. */
function watch<Value>(promise: Promise<Value>): { readonly promise: Promise<Value>; isOver: boolean } {
  const watched = { promise, isOver: false };
  const end = () => {
    watched.isOver = true;
  };
  promise.then(end, end);
  return watched;
}

function createGate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("not taken, and answered with something else", () => {
  test.each<[string, RpcFault, number, object, string]>([
    ["429", { kind: "status", status: 429 }, 429, { "content-type": "text/plain" }, "Too Many Requests\n"],
    [
      "429 with seconds",
      { kind: "status", status: 429, retryAfter: 7 },
      429,
      { "retry-after": "7" },
      "Too Many Requests\n",
    ],
    [
      "503 with a date",
      { kind: "status", status: 503, retryAfter: "Wed, 21 Oct 2026 07:28:00 GMT", body: "" },
      503,
      { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" },
      "",
    ],
    [
      "401 with JSON",
      { kind: "status", status: 401, body: { message: "no key" } },
      401,
      { "content-type": "application/json" },
      '{\n    "message": "no key"\n}\n',
    ],
    ["a status without a name", { kind: "status", status: 599 }, 599, {}, "599\n"],
    [
      "an error",
      { kind: "error", error: "action not allowed" },
      200,
      { "content-type": "application/json" },
      '{\n    "error": "action not allowed"\n}\n',
    ],
  ])("%s", async (_name, fault, status, headers, text) => {
    const node = await startNode();
    const sending = await prepareSend(node);
    const planned = node.faults.rpc(fault, { action: "process" });
    const answer = await send(node.rpcUrl, sending.body);
    expect(answer).toMatchObject({ status, text, headers });
    expect(await sending.isTaken()).toBe(false);
    expect(planned.hits).toBe(1);
    planned.stop();
    expect(JSON.parse((await send(node.rpcUrl, sending.body)).text)).toEqual({ hash: sending.hash });
  });

  test.each([
    [undefined, 200],
    [502, 502],
  ])("HTML, status %s", async (status, seen) => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "html", status }, { action: "process" });
    const answer = await send(node.rpcUrl, sending.body);
    expect(answer.status).toBe(seen);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.text).toMatch(/^<!DOCTYPE html>/);
    expect(await sending.isTaken()).toBe(false);
  });
});

describe("dropped and silent", () => {
  test.each([
    ["before", false],
    ["after", true],
  ] as const)("dropped %s: taken %s", async (when, isTaken) => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "dropped", when }, { action: "process", times: 1 });
    await expect(send(node.rpcUrl, sending.body)).rejects.toThrow(LOST);
    expect(await sending.isTaken()).toBe(isTaken);
    expect(node.faults.hits).toBe(1);
  });

  test.each([
    ["before", false],
    ["after", true],
    [undefined, true],
  ] as const)("silent %s: taken %s, open until the node closes", async (when, isTaken) => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "silent", when }, { action: "process" });
    const answer = watch(send(node.rpcUrl, sending.body));
    await reachesHits(node.faults, 1);
    expect(await sending.isTaken()).toBe(isTaken);
    expect(answer.isOver).toBe(false);
    await node.close();
    await expect(answer.promise).rejects.toThrow(LOST);
  });

  test("dropConnections ends what is under way and lets the next one in", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "silent" }, { action: "process", times: 1 });
    const answer = watch(send(node.rpcUrl, sending.body));
    await reachesHits(node.faults, 1);
    node.faults.dropConnections();
    await expect(answer.promise).rejects.toThrow(LOST);
    expect(await sending.isTaken()).toBe(true);
  });
});

describe("truncated: taken, and the answer cut in the middle", () => {
  test("short: a whole HTTP answer with half the JSON", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "truncated" }, { action: "process" });
    const { status, text, headers } = await send(node.rpcUrl, sending.body);
    const honest = `{\n    "hash": "${sending.hash}"\n}\n`;
    expect(text).toBe(honest.slice(0, honest.length / 2));
    expect([status, headers["content-length"]]).toEqual([200, text.length.toString()]);
    expect(await sending.isTaken()).toBe(true);
  });

  test("full: the whole length is announced, then the connection breaks off", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "truncated", announced: "full" }, { action: "process" });
    await expect(send(node.rpcUrl, sending.body)).rejects.toThrow(LOST);
    expect(await sending.isTaken()).toBe(true);
  });
});

describe("late", () => {
  test.each([undefined, "after"] as const)("%s: taken at once, answered when the time has come", async (when) => {
    const time = createManualSchedule();
    const node = await startNode({ schedule: time.schedule });
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "late", ms: 300, when }, { action: "process" });
    const answer = watch(send(node.rpcUrl, sending.body));
    await time.reaches(1);
    time.advance(299);
    expect(await sending.isTaken()).toBe(true);
    expect([answer.isOver, time.pending()]).toEqual([false, 1]);
    time.advance(1);
    expect(JSON.parse((await answer.promise).text)).toEqual({ hash: sending.hash });
  });

  test("before: taken when the time has come", async () => {
    const time = createManualSchedule();
    const node = await startNode({ schedule: time.schedule });
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "late", ms: 300, when: "before" }, { action: "process" });
    const answer = send(node.rpcUrl, sending.body);
    await time.reaches(1);
    expect(await sending.isTaken()).toBe(false);
    time.advance(300);
    expect(JSON.parse((await answer).text)).toEqual({ hash: sending.hash });
    expect(await sending.isTaken()).toBe(true);
  });

  test("before: taken though the client has given up", async () => {
    const time = createManualSchedule();
    const node = await startNode({ schedule: time.schedule });
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "late", ms: 300, when: "before" }, { action: "process" });
    const answer = send(node.rpcUrl, sending.body);
    await time.reaches(1);
    node.faults.dropConnections();
    await expect(answer).rejects.toThrow(LOST);
    expect(await sending.isTaken()).toBe(false);
    time.advance(300);
    await expect.poll(() => sending.isTaken(), { timeout: 20_000 }).toBe(true);
  });

  test("several at once, each in its time", async () => {
    const time = createManualSchedule();
    const node = await startNode({ schedule: time.schedule });
    node.faults.rpc({ kind: "late", ms: 300 }, { times: 1 });
    node.faults.rpc({ kind: "late", ms: 100 }, { times: 1 });
    const first = watch(send(node.rpcUrl, '{"action":"version"}'));
    await time.reaches(1);
    const second = watch(send(node.rpcUrl, '{"action":"block_count"}'));
    await time.reaches(2);
    time.advance(100);
    expect((await second.promise).text).toContain('"cemented"');
    expect(first.isOver).toBe(false);
    time.advance(200);
    expect((await first.promise).text).toContain('"node_vendor"');
  });

  test("close calls it off: nothing is pending, nothing is taken any more", async () => {
    const time = createManualSchedule();
    const node = await startNode({ schedule: time.schedule });
    const sending = await prepareSend(node);
    node.faults.rpc({ kind: "late", ms: 300, when: "before" }, { action: "process" });
    const answer = send(node.rpcUrl, sending.body);
    await time.reaches(1);
    const lost = expect(answer).rejects.toThrow(LOST);
    await node.close();
    await lost;
    expect(time.pending()).toBe(0);
    expect(() => node.confirm(sending.hash)).toThrowError(expect.objectContaining({ code: "ledger_refused" }));
  });

  test("nothing is put off any more once the node is closed", () => {
    const time = createManualSchedule();
    const delays = new Delays(time.schedule);
    delays.close();
    delays.run(() => undefined, 300);
    expect([delays.isClosed, time.pending()]).toEqual([true, 0]);
  });

  test("real timers do their work too", async () => {
    const node = await startNode();
    const planned = node.faults.rpc({ kind: "late", ms: 1 });
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "1" });
    expect(planned.hits).toBe(1);
  });
});

describe("held", () => {
  test.each([
    ["before", false],
    ["after", true],
    [undefined, true],
  ] as const)("%s, until the promise is settled: taken meanwhile %s", async (when, isTaken) => {
    const node = await startNode();
    const sending = await prepareSend(node);
    const gate = createGate();
    node.faults.rpc({ kind: "held", until: gate.opened, when }, { action: "process" });
    const answer = watch(send(node.rpcUrl, sending.body));
    await reachesHits(node.faults, 1);
    expect(await sending.isTaken()).toBe(isTaken);
    expect(answer.isOver).toBe(false);
    gate.open();
    expect(JSON.parse((await answer.promise).text)).toEqual({ hash: sending.hash });
    expect(await sending.isTaken()).toBe(true);
  });

  test("a promise that fails lets go too", async () => {
    const node = await startNode();
    const until = Promise.reject(new Error("cancelled"));
    node.faults.rpc({ kind: "held", until });
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "1" });
  });

  test("what was held when the node closed is not taken afterwards", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    const gate = createGate();
    node.faults.rpc({ kind: "held", until: gate.opened, when: "before" }, { action: "process" });
    const lost = expect(send(node.rpcUrl, sending.body)).rejects.toThrow(LOST);
    await reachesHits(node.faults, 1);
    await node.close();
    await lost;
    gate.open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => node.confirm(sending.hash)).toThrowError(expect.objectContaining({ code: "ledger_refused" }));
  });
});

describe("meanwhile", () => {
  test("before: the frontier has moved when the block comes", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    const run = () => node.fund(node.genesis.address, 1n);
    const planned = node.faults.rpc({ kind: "meanwhile", when: "before", run }, { action: "process", times: 1 });
    expect(JSON.parse((await send(node.rpcUrl, sending.body)).text)).toEqual({
      error: "Invalid block balance for given subtype",
    });
    expect(planned.hits).toBe(1);
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "2" });
  });

  test("after: what was answered is true no more", async () => {
    const node = await startNode();
    const requests: object[] = [];
    const run = (request: object) => {
      requests.push(request);
      return node.fund(node.genesis.address, 5n);
    };
    node.faults.rpc({ kind: "meanwhile", when: "after", run }, { action: "account_info", times: 1 });
    const question = { action: "account_info", account: node.genesis.address };
    const answer = await node.rpc(question);
    expect(answer).toMatchObject({ block_count: "1", frontier: node.genesis.hash.toUpperCase() });
    expect(await node.rpc(question)).toMatchObject({ block_count: "2" });
    expect(requests).toEqual([question]);
  });

  test("what it asks of the same node does not meet it again once it is used up", async () => {
    const node = await startNode();
    const run = () => node.rpc({ action: "block_count" });
    const planned = node.faults.rpc({ kind: "meanwhile", when: "before", run }, { times: 1 });
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "1" });
    expect(planned.hits).toBe(1);
  });

  test("a callback that throws is shown, and nothing is taken", async () => {
    const node = await startNode();
    const sending = await prepareSend(node);
    const run = () => {
      throw new RangeError("mistake in a test");
    };
    node.faults.rpc({ kind: "meanwhile", when: "before", run }, { action: "process" });
    const { status, text } = await send(node.rpcUrl, sending.body);
    expect(status).toBe(500);
    expect(text).toContain("RangeError: mistake in a test");
    expect(await sending.isTaken()).toBe(false);
  });
});
