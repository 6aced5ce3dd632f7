import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type WorkServerOptions, workServer } from "../../../../src/ledger/work/index.js";
import {
  type FakeNode,
  type Heard,
  hangUp,
  inTurn,
  json,
  type Reply,
  silence,
  startFakeNode,
  text,
} from "../fake-node.js";
import { createGate, deadUrl, errorOf } from "../support.js";
import { EASY, findWork, OTHER_ROOT, ROOT, settle } from "./support.js";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server on the loopback interface, and the source that asks it. */
async function start(reply: Reply, options: Partial<WorkServerOptions> = {}) {
  const node = await startFakeNode(reply);
  closers.push(() => node.close());
  const source = workServer({ url: node.url, ...options });
  closers.push(() => source.close());
  return { node, source };
}

/** Resolves when the node has heard `count` requests. */
async function heardBy(node: FakeNode, count: number): Promise<readonly Heard[]> {
  while (node.heard.length < count) await settle();
  return node.heard;
}

const actionsOf = (heard: readonly Heard[]): unknown[] => heard.map(({ body }) => body["action"]);

/** As nano-work-server does: works for ever, and on `work_cancel` ends all calls for the root. */
function createWorker(): { readonly reply: Reply; readonly finish: (work: string) => void } {
  let open: { readonly hash: unknown; readonly end: (answer: unknown) => void }[] = [];
  return {
    reply: (response, heard) => {
      const { action, hash } = heard.body;
      if (action === "work_generate") {
        open.push({ hash, end: (answer) => json(answer)(response, heard) });
        return;
      }
      for (const call of open.filter((one) => one.hash === hash)) call.end({ error: "Cancelled" });
      open = open.filter((one) => one.hash !== hash);
      json({})(response, heard);
    },
    finish: (work) => {
      for (const { end } of open.splice(0)) end({ work });
    },
  };
}

describe("a work server", () => {
  test("is asked as nano-work-server and nano-pow want it, and its answer is understood", async () => {
    const work = await findWork(ROOT, EASY, 0xabcdefabcdef0000n);
    const { node, source } = await start(
      json({ work: work.toUpperCase(), difficulty: "ff5f0a8b6c2d1e33", multiplier: "0.01", hash: ROOT }),
      { headers: { Authorization: "secret" }, body: { key: "k3y5ecret" } },
    );
    expect(await source.generateWork(ROOT, EASY)).toBe(work);
    expect(node.heard).toHaveLength(1);
    expect(node.heard[0]).toMatchObject({
      body: { action: "work_generate", hash: ROOT, difficulty: "ff00000000000000", key: "k3y5ecret" },
      headers: { authorization: "secret", "content-type": "application/json" },
    });
  });

  test.each([
    ["weak work", json({ work: "0000000000000000" })],
    ["no work", json({ hash: ROOT })],
    ["an error", json({ error: "Cancelled" })],
    ["another status", json({ error: "Bad block hash", hint: "Expecting a hex string" }, 400)],
    ["HTML", text("<html>")],
    ["nothing", hangUp],
  ])("that answers with %s has no work", async (_what, reply) => {
    const { node, source } = await start(reply);
    const error = await errorOf(source.generateWork(ROOT, EASY));
    expect(error).toMatchObject({
      code: "work_unavailable",
      facts: { action: "work_generate", endpoint: node.host, why: expect.any(String) },
    });
    await settle();
    expect(actionsOf(node.heard)).not.toContain("work_cancel");
  });

  test("that nobody runs has no work", async () => {
    const source = workServer({ url: await deadUrl() });
    expect(await errorOf(source.generateWork(ROOT, EASY))).toMatchObject({
      code: "work_unavailable",
      facts: { why: "unreachable", detail: "ECONNREFUSED" },
    });
    await source.close();
  });

  test("is asked again where a kept connection was dead", async () => {
    const work = await findWork(ROOT, EASY);
    const { node, source } = await start(inTurn(hangUp, json({ work })));
    expect(await source.generateWork(ROOT, EASY)).toBe(work);
    expect(node.heard).toHaveLength(2);
  });
});

describe("a caller who leaves", () => {
  test("tells the server, which would go on", async () => {
    const { node, source } = await start(createWorker().reply);
    const stop = new AbortController();
    const call = errorOf(source.generateWork(ROOT, EASY, { signal: stop.signal }));
    await heardBy(node, 1);
    stop.abort();
    expect((await call).facts).toMatchObject({ why: "aborted", endpoint: node.host });
    const heard = await heardBy(node, 2);
    expect(heard[1]?.body).toEqual({ action: "work_cancel", hash: ROOT });
  });

  test("before the server was asked has nothing to tell", async () => {
    const { node, source } = await start(createWorker().reply);
    const stop = new AbortController();
    const call = errorOf(source.generateWork(ROOT, EASY, { signal: stop.signal }));
    stop.abort();
    await call;
    await source.close();
    expect(actionsOf(node.heard)).not.toContain("work_cancel");
  });

  test("takes the work from nobody else: the last one to leave tells the server", async () => {
    const { node, source } = await start(createWorker().reply);
    const stops = [new AbortController(), new AbortController()];
    const calls = stops.map(({ signal }) => errorOf(source.generateWork(ROOT, EASY, { signal })));
    const other = source.generateWork(OTHER_ROOT, EASY, { timeoutMs: 30_000 });
    void errorOf(other);
    await heardBy(node, 3);
    stops[0]?.abort();
    await calls[0];
    await settle();
    expect(node.heard).toHaveLength(3);
    stops[1]?.abort();
    await calls[1];
    const heard = await heardBy(node, 4);
    expect(heard[3]?.body).toEqual({ action: "work_cancel", hash: ROOT });
  });

  test("and comes back at once is not cancelled by his own words", async () => {
    const { reply, finish } = createWorker();
    const gate = createGate();
    const { node, source } = await start(async (response, heard) => {
      if (heard.body["action"] === "work_cancel") await gate.isOpen;
      reply(response, heard);
    });
    const stop = new AbortController();
    const gone = errorOf(source.generateWork(ROOT, EASY, { signal: stop.signal }));
    await heardBy(node, 1);
    stop.abort();
    await gone;
    await heardBy(node, 2);
    const back = source.generateWork(ROOT, EASY);
    await settle();
    expect(node.heard).toHaveLength(2);
    gate.open();
    await heardBy(node, 3);
    expect(actionsOf(node.heard)).toEqual(["work_generate", "work_cancel", "work_generate"]);
    const work = await findWork(ROOT, EASY);
    finish(work);
    expect(await back).toBe(work);
  });

  test("does not care whether the server understands", async () => {
    const { node, source } = await start((response, heard) => {
      (heard.body["action"] === "work_cancel" ? hangUp : silence)(response, heard);
    });
    const stop = new AbortController();
    const call = errorOf(source.generateWork(ROOT, EASY, { signal: stop.signal }));
    await heardBy(node, 1);
    stop.abort();
    await call;
    await heardBy(node, 2);
  });
});

describe("a server that takes too long", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test.each([
    ["the call says", 500, { timeoutMs: 3_000 }, { timeoutMs: 500 }],
    ["the option says", 3_000, { timeoutMs: 3_000 }, { timeoutMs: 9_000 }],
    ["the option says, where the call says nothing", 3_000, { timeoutMs: 3_000 }, {}],
    ["two minutes, where nobody says anything", 120_000, {}, {}],
  ])("is waited for as long as %s, and told", async (_who, afterMs, options, call) => {
    const { node, source } = await start(createWorker().reply, { ...options, body: { key: "k3y5ecret" } });
    let isOver = false;
    const asked = errorOf(source.generateWork(ROOT, EASY, call)).finally(() => {
      isOver = true;
    });
    await heardBy(node, 1);
    vi.advanceTimersByTime(afterMs - 1);
    await settle();
    expect(isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect((await asked).facts).toMatchObject({ why: "too late", endpoint: node.host });
    const heard = await heardBy(node, 2);
    expect(heard[1]?.body).toEqual({ action: "work_cancel", hash: ROOT, key: "k3y5ecret" });
  });

  test("is left with no connection, however long it would keep one", async () => {
    const gone = createGate();
    const work = await findWork(ROOT, EASY);
    const node = await startFakeNode(json({ work }), (socket) => {
      socket.setTimeout = () => socket;
      socket.on("close", gone.open);
    });
    closers.push(() => node.close());
    const source = workServer({ url: node.url });
    await source.generateWork(ROOT, EASY);
    await source.close();
    await gone.isOpen;
  });

  test("to take a cancellation does not hold up close for longer than a second", async () => {
    const { node, source } = await start(silence);
    const call = errorOf(source.generateWork(ROOT, EASY));
    await heardBy(node, 1);
    const closed = source.close();
    await call;
    await heardBy(node, 2);
    vi.advanceTimersByTime(1_000);
    await closed;
  });
});

test("close tells the server about all work that is under way, and refuses more", async () => {
  const { node, source } = await start(createWorker().reply);
  const calls = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)].map(errorOf);
  await heardBy(node, 2);
  await source.close();
  for (const error of await Promise.all(calls)) expect(error.facts).toMatchObject({ why: "closed" });
  expect(actionsOf(node.heard).slice(2)).toEqual(["work_cancel", "work_cancel"]);
  expect((await errorOf(source.generateWork(ROOT, EASY))).facts).toMatchObject({ why: "closed" });
  expect(node.heard).toHaveLength(4);
});

describe("no secret is told", () => {
  const KEY = "k3y5ecret";
  const echo: Reply = (response, heard) => {
    json({ error: `denied: ${heard.url} ${JSON.stringify(heard.headers)} ${JSON.stringify(heard.body)}` })(
      response,
      heard,
    );
  };

  test.each([
    ["the query", (url: string) => ({ url: `${url}/?key=${KEY}` })],
    ["the path", (url: string) => ({ url: `${url}/v2/${KEY}` })],
    ["the user part", (url: string) => ({ url: url.replace("//", `//user:${KEY}@`) })],
    ["a header", (url: string) => ({ url, headers: { "x-key": KEY } })],
    ["the body", (url: string) => ({ url, body: { key: KEY } })],
  ])("of a key in %s", async (_where, place) => {
    for (const reply of [echo, hangUp, createWorker().reply]) {
      const node = await startFakeNode(reply);
      closers.push(() => node.close());
      const source = workServer({ ...place(node.url), timeoutMs: 50 });
      closers.push(() => source.close());
      const shown = inspect(await errorOf(source.generateWork(ROOT, EASY)), { depth: 20, showHidden: true });
      expect(shown).not.toContain(KEY);
      expect(shown).not.toContain(Buffer.from(`user:${KEY}`).toString("base64"));
    }
  });

  test.each([`ftp://${KEY}@example.com`, `no url ${KEY}`, ""])("of a URL that cannot be used: %s", (url) => {
    const refused = catchError(() => workServer({ url }));
    expect(refused).toMatchObject({ code: "invalid_configuration", facts: { option: "url" } });
    expect(inspect(refused, { depth: 20, showHidden: true })).not.toContain(KEY);
  });
});

test.each([{}, { url: 5 }, { url: "http://localhost", timeoutMs: 0 }, { url: "http://localhost", urls: [] }])(
  "an option that cannot be used is refused: %j",
  (options) => {
    const refused = catchError(() => workServer(options as unknown as WorkServerOptions));
    expect(refused).toMatchObject({ code: "invalid_configuration" });
  },
);

function catchError(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
