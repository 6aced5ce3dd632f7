import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ledger } from "../../../../src/ledger/index.js";
import { ZERO_HASH } from "../../../../src/nano/index.js";
import { type FakeNode, json, type Reply, silence } from "../fake-node.js";
import { CONFIRMED_SEND, createGate, createStage, deadUrl, errorOf, FAULTS, SEND, SEND_HASH } from "../support.js";

const stage = createStage();

describe.each(FAULTS)("%s", (_name, reply, why) => {
  test("does not answer a read", async () => {
    const node = await stage.node(reply);
    const error = await errorOf(stage.ledger(node.url).blockInfo(SEND_HASH));
    expect([error.code, error.facts["action"], error.facts["endpoint"], error.facts["why"]]).toEqual([
      "ledger_unavailable",
      "block_info",
      node.host,
      why,
    ]);
    expect("mayHaveLanded" in error.facts).toBe(false);
  });

  test("leaves open whether a block landed, and is asked once", async () => {
    const node = await stage.node(reply);
    const error = await errorOf(stage.ledger(node.url).process(SEND, "send"));
    expect([error.code, error.facts["action"], error.facts["why"], error.facts["mayHaveLanded"]]).toEqual([
      "ledger_unavailable",
      "process",
      why,
      true,
    ]);
    expect(node.heard.length).toBe(1);
  });
});

describe.each<[string, Reply]>([
  ["silence", silence],
  ["a body that never ends", (response) => response.write("{")],
])("%s", (_name, reply) => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => vi.useRealTimers());

  /** Time passes once the request has arrived, so that nothing depends on the speed of the machine. */
  const lateErrorOf = async (call: (ledger: Ledger) => Promise<unknown>, afterMs: number) => {
    let isOver = false;
    const arrived = createGate();
    const node = await stage.node((response, heard) => {
      reply(response, heard);
      arrived.open();
    });
    const options = { timeoutMs: 3_000, workTimeoutMs: 9_000, clock: () => 0 };
    const [error] = await Promise.all([
      errorOf(call(stage.ledger(node.url, options))).finally(() => {
        isOver = true;
      }),
      arrived.isOpen
        .then(() => vi.advanceTimersByTime(afterMs - 1))
        .then(() => new Promise((resolve) => setImmediate(resolve)))
        .then(() => expect(isOver).toBe(false))
        .then(() => vi.advanceTimersByTime(1)),
    ]);
    return { error, node };
  };

  test("does not hold up a read", async () => {
    const { error } = await lateErrorOf((ledger) => ledger.blockInfo(SEND_HASH), 3_000);
    expect([error.code, error.facts["why"]]).toEqual(["ledger_unavailable", "too late"]);
  });

  test("leaves open whether a block landed, and is asked once", async () => {
    const { error, node } = await lateErrorOf((ledger) => ledger.process(SEND, "send"), 3_000);
    expect([error.facts["why"], error.facts["mayHaveLanded"], node.heard.length]).toEqual(["too late", true, 1]);
  });

  test("is borne longer where work is asked for", async () => {
    const { error } = await lateErrorOf((ledger) => ledger.generateWork(SEND.previous, 1n), 9_000);
    expect([error.code, error.facts["why"]]).toEqual(["work_unavailable", "too late"]);
  });

  test("is not borne longer than a caller says", async () => {
    const call = { timeoutMs: 500 };
    const { error } = await lateErrorOf((ledger) => ledger.process(SEND, "send", call), 500);
    expect(error.facts["why"]).toBe("too late");
  });
});

describe("wrong types", () => {
  const wrong: readonly (readonly [string, unknown])[] = [
    ["confirmed", true],
    ["confirmed", "yes"],
    ["amount", 1000],
    ["amount", "-1"],
    ["amount", "01"],
    ["amount", "340282366920938463463374607431768211456"],
    ["balance", "1e30"],
    ["block_account", "nano_1abc"],
    ["block_account", undefined],
    ["local_timestamp", "yesterday"],
    ["local_timestamp", 1795155606],
    ["successor", "ABC"],
    ["contents", JSON.stringify(CONFIRMED_SEND["contents"])],
    ["contents", undefined],
    ["contents", { type: "unheard of" }],
    ["contents", { ...Object(CONFIRMED_SEND["contents"]), signature: "ABC" }],
    ["contents", { ...Object(CONFIRMED_SEND["contents"]), work: "" }],
    ["contents", { ...Object(CONFIRMED_SEND["contents"]), balance: 1 }],
    ["contents", { ...Object(CONFIRMED_SEND["contents"]), balance: "1" }],
  ];

  test.each(wrong)("%s: %j", async (key, value) => {
    const node = await stage.node(json({ ...CONFIRMED_SEND, [key]: value }));
    const error = await errorOf(stage.ledger(node.url).blockInfo(SEND_HASH));
    expect([error.code, error.facts["why"]]).toEqual(["ledger_unavailable", "unexpected answer"]);
  });

  test("other keys are let through", async () => {
    const node = await stage.node(json({ ...CONFIRMED_SEND, cached: true, contents_extra: [] }));
    expect((await stage.ledger(node.url).blockInfo(SEND_HASH))?.confirmed).toBe(true);
  });
});

describe("what never left cannot have landed", () => {
  const processAt = (url: string, signal?: AbortSignal) => errorOf(stage.ledger(url).process(SEND, "send", { signal }));

  test("a refused connection", async () => {
    const error = await processAt(await deadUrl());
    expect([error.facts["why"], error.facts["detail"], error.facts["mayHaveLanded"]]).toEqual([
      "unreachable",
      "ECONNREFUSED",
      false,
    ]);
  });

  test("a signal that had been aborted", async () => {
    const node = await stage.node(silence);
    const error = await processAt(node.url, AbortSignal.abort());
    expect([error.facts["why"], error.facts["mayHaveLanded"]]).toEqual(["aborted", false]);
    expect(node.heard).toEqual([]);
  });
});

describe("an exchange that is over", () => {
  test("is not written when its connection comes up later", async () => {
    const node = await stage.node(json({ error: "Fork" }));
    const ledger = stage.ledger(node.url);
    const controller = new AbortController();
    const first = errorOf(ledger.process(SEND, "send", { signal: controller.signal }));
    controller.abort();
    expect((await first).facts).toMatchObject({ why: "aborted", mayHaveLanded: false });
    expect(await ledger.process(SEND, "send")).toMatchObject({ outcome: "refused", nodeError: "Fork" });
    expect(node.heard).toHaveLength(1);
  });

  test("drops its connection", async () => {
    const dropped = createGate();
    const node = await stage.node((response) => response.on("close", dropped.open));
    await errorOf(stage.ledger(node.url).blockInfo(SEND_HASH, { timeoutMs: 50 }));
    await dropped.isOpen;
  });

  test("leaves nothing on its caller's signal", async () => {
    const node = await stage.node(json(CONFIRMED_SEND));
    const { signal } = new AbortController();
    await stage.ledger(node.url).blockInfo(SEND_HASH, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

test("a connection that is dropped before the request is read may have taken the block", async () => {
  const node = await stage.node(silence, (socket) => socket.destroy());
  const error = await errorOf(stage.ledger(node.url).process(SEND, "send"));
  expect([error.facts["why"], error.facts["mayHaveLanded"], node.heard.length]).toEqual(["connection lost", true, 0]);
});

describe("the caller's signal", () => {
  const abortedWhileAsking = async (call: (node: FakeNode, signal: AbortSignal) => Promise<unknown>) => {
    const controller = new AbortController();
    const node = await stage.node(() => controller.abort());
    return errorOf(call(node, controller.signal));
  };

  test("ends a read", async () => {
    const error = await abortedWhileAsking((node, signal) => stage.ledger(node.url).blockInfo(SEND_HASH, { signal }));
    expect([error.code, error.facts["why"]]).toEqual(["ledger_unavailable", "aborted"]);
  });

  test("ends the wait for process, which may have landed", async () => {
    const error = await abortedWhileAsking((node, signal) => stage.ledger(node.url).process(SEND, "send", { signal }));
    expect([error.facts["why"], error.facts["mayHaveLanded"]]).toEqual(["aborted", true]);
  });

  test("ends the search for work", async () => {
    const error = await abortedWhileAsking((node, signal) =>
      stage.ledger(node.url).generateWork(ZERO_HASH, 1n, { signal }),
    );
    expect([error.code, error.facts["why"]]).toEqual(["work_unavailable", "aborted"]);
  });
});

test("a caller's timeout ends a call before the endpoint's", async () => {
  const node = await stage.node(silence);
  const ledger = stage.ledger(node.url, { timeoutMs: 600_000, workTimeoutMs: 600_000 });
  const calls = [
    ledger.accountInfo(SEND.account, { timeoutMs: 20 }),
    ledger.receivable(SEND.account, { timeoutMs: 20 }),
    ledger.process(SEND, "send", { timeoutMs: 20 }),
    ledger.generateWork(SEND.previous, 1n, { timeoutMs: 20 }),
  ];
  const errors = await Promise.all(calls.map(errorOf));
  expect(errors.map(({ facts }) => facts["why"])).toEqual(["too late", "too late", "too late", "too late"]);
});
