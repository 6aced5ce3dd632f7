import { describe, expect, test } from "vitest";
import type { FaultLimits, RpcFault, RpcFaultScope, WebsocketFault } from "../../src/dev-ledger/index.js";
import { send, startNode, type TestNode } from "./support.js";

function refusing(error: string): RpcFault {
  return { kind: "error", error };
}

/** What comes back from these actions, asked one after the other: the fault's word, or "honest". */
async function ask(node: TestNode, ...actions: readonly string[]): Promise<readonly string[]> {
  const answers: string[] = [];
  for (const action of actions) answers.push((await node.rpc({ action })).error ?? "honest");
  return answers;
}

describe("which requests", () => {
  test("all of them, whatever they are", async () => {
    const node = await startNode();
    const planned = node.faults.rpc(refusing("no"));
    expect(await ask(node, "version", "uptime", "nonsense")).toEqual(["no", "no", "no"]);
    for (const [body, method] of [["", "GET"] as const, ["{", "POST"] as const, ["", "OPTIONS"] as const]) {
      expect(JSON.parse((await send(node.rpcUrl, body, method)).text)).toEqual({ error: "no" });
    }
    expect(planned.hits).toBe(6);
  });

  test("those of one action", async () => {
    const node = await startNode();
    const planned = node.faults.rpc(refusing("no"), { action: "version" });
    expect(await ask(node, "uptime", "version", "version")).toEqual(["honest", "no", "no"]);
    expect(JSON.parse((await send(node.rpcUrl, "{")).text)).toEqual({ error: "Unable to parse JSON" });
    expect(planned.hits).toBe(2);
  });

  test("those of several actions", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("no"), { action: ["version", "uptime"] });
    expect(await ask(node, "uptime", "version", "block_count")).toEqual(["no", "no", "honest"]);
  });

  test("an action is what the node reads, whatever else the body holds", async () => {
    const node = await startNode();
    const planned = node.faults.rpc(refusing("no"), { action: "version" });
    await send(node.rpcUrl, '{"x":{"action":"version"},"action":"uptime"}');
    await send(node.rpcUrl, '["version"]');
    expect(planned.hits).toBe(0);
  });
});

describe("how many", () => {
  test("times, then it is used up", async () => {
    const node = await startNode();
    const planned = node.faults.rpc(refusing("no"), { times: 2 });
    expect(await ask(node, "version", "version", "version")).toEqual(["no", "no", "honest"]);
    expect([planned.hits, node.faults.hits]).toEqual([2, 2]);
  });

  test("skip lets some pass first; other actions do not count", async () => {
    const node = await startNode();
    const planned = node.faults.rpc(refusing("no"), { action: "version", skip: 1, times: 1 });
    expect(await ask(node, "uptime", "version", "uptime", "version", "version")).toEqual(
      ["honest", "honest", "honest", "no", "honest"], // the second version
    );
    expect(planned.hits).toBe(1);
  });

  test("planned one after the other they come in turn", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("first"), { times: 1 });
    node.faults.rpc(refusing("second"), { times: 2 });
    node.faults.rpc(refusing("rest"));
    expect(await ask(node, ..."version ".repeat(5).trim().split(" "))).toEqual([
      "first",
      "second",
      "second",
      "rest",
      "rest",
    ]);
  });

  test("the oldest that is for the request strikes; those behind it do not count what it took", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("versions"), { action: "version" });
    const all = node.faults.rpc(refusing("all"), { skip: 1 });
    expect(await ask(node, "version", "uptime", "version", "uptime")).toEqual([
      "versions",
      "honest",
      "versions",
      "all",
    ]);
    expect(all.hits).toBe(1);
  });

  test("what one lets pass meets the next", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("later"), { skip: 1 });
    node.faults.rpc(refusing("now"), { times: 1 });
    expect(await ask(node, "version", "version")).toEqual(["now", "later"]);
  });

  test("requests at the same time are counted one by one", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("no"), { times: 3 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => node.rpc({ action: "version" })));
    expect(answers.filter(({ error }) => error === "no")).toHaveLength(3);
  });
});

describe("until when", () => {
  test("stop takes one away, and does no harm twice", async () => {
    const node = await startNode();
    const first = node.faults.rpc(refusing("first"));
    node.faults.rpc(refusing("second"));
    expect(await ask(node, "version")).toEqual(["first"]);
    first.stop();
    first.stop();
    expect(await ask(node, "version")).toEqual(["second"]);
    expect([first.hits, node.faults.hits]).toEqual([1, 2]);
  });

  test("clear takes all away; what they hit stays counted", async () => {
    const node = await startNode();
    node.faults.rpc(refusing("first"), { action: "version" });
    node.faults.rpc(refusing("second"));
    node.faults.websocket({ kind: "refused" });
    expect(await ask(node, "version", "uptime")).toEqual(["first", "second"]);
    node.faults.clear();
    expect(await ask(node, "version", "uptime")).toEqual(["honest", "honest"]);
    expect(node.faults.hits).toBe(2);
  });

  test("two ledgers do not share faults", async () => {
    const [left, right] = [await startNode(), await startNode()];
    left.faults.rpc(refusing("no"));
    expect(await ask(right, "version")).toEqual(["honest"]);
    expect([left.faults.hits, right.faults.hits]).toEqual([0, 0]);
  });
});

describe("nonsense is refused, and nothing is planned", () => {
  const never = new Promise(() => undefined);
  const fine: RpcFault = { kind: "html" };

  test.each<[string, unknown, unknown]>([
    ["fault.kind", { kind: "slow" }, {}],
    ["fault.kind", {}, {}],
    ["fault", undefined, {}],
    ["fault", "late", {}],
    ["fault.ms", { kind: "late" }, {}],
    ["fault.ms", { kind: "late", ms: -1 }, {}],
    ["fault.ms", { kind: "late", ms: 0.5 }, {}],
    ["fault.ms", { kind: "late", ms: 2 ** 31 }, {}],
    ["fault.when", { kind: "late", ms: 1, when: "during" }, {}],
    ["fault.until", { kind: "held" }, {}],
    ["fault.until", { kind: "held", until: 7 }, {}],
    ["fault.when", { kind: "held", until: never, when: "" }, {}],
    ["fault.when", { kind: "dropped" }, {}],
    ["fault.when", { kind: "silent", when: "never" }, {}],
    ["fault.status", { kind: "status" }, {}],
    ["fault.status", { kind: "status", status: 199 }, {}],
    ["fault.status", { kind: "status", status: 600 }, {}],
    ["fault.retryAfter", { kind: "status", status: 429, retryAfter: -1 }, {}],
    ["fault.retryAfter", { kind: "status", status: 429, retryAfter: "1\r\nSet-Cookie: x" }, {}],
    ["fault.body", { kind: "status", status: 429, body: 7 }, {}],
    ["fault.status", { kind: "html", status: 0 }, {}],
    ["fault.announced", { kind: "truncated", announced: "none" }, {}],
    ["fault.error", { kind: "error" }, {}],
    ["fault.answer", { kind: "wrong" }, {}],
    ["fault.answer", { kind: "wrong", answer: "7" }, {}],
    ["fault.text", { kind: "rewritten" }, {}],
    ["fault.run", { kind: "meanwhile", when: "before" }, {}],
    ["fault.when", { kind: "meanwhile", run: () => 1 }, {}],
    ["fault", { kind: "html", times: 1 }, {}],
    ["scope.times", fine, { times: 0 }],
    ["scope.times", fine, { times: 1.5 }],
    ["scope.times", fine, { times: Number.POSITIVE_INFINITY }],
    ["scope.skip", fine, { skip: -1 }],
    ["scope.action", fine, { action: "" }],
    ["scope.action", fine, { action: [] }],
    ["scope.action", fine, { action: ["version", ""] }],
    ["scope", fine, { actions: "version" }],
  ])("%s: %j, %j", async (setting, fault, scope) => {
    const node = await startNode();
    expect(() => node.faults.rpc(fault as RpcFault, scope as RpcFaultScope)).toThrowError(
      expect.objectContaining({
        code: "invalid_configuration",
        facts: { setting: expect.stringContaining(setting), why: expect.stringMatching(/./) },
      }),
    );
    expect(await ask(node, "version")).toEqual(["honest"]);
  });

  test.each<[string, unknown, unknown]>([
    ["fault.kind", { kind: "html" }, {}],
    ["fault.ms", { kind: "late" }, {}],
    ["fault.count", { kind: "reversed", count: 1 }, {}],
    ["fault.text", { kind: "malformed", text: 7 }, {}],
    ["fault.message", { kind: "wrong" }, {}],
    ["fault.status", { kind: "refused", status: 200 }, {}],
    ["fault", { kind: "lost", count: 2 }, {}],
    ["limits.times", { kind: "lost" }, { times: 0 }],
    ["limits", { kind: "lost" }, { action: "version" }],
  ])("websocket %s: %j, %j", async (setting, fault, limits) => {
    const node = await startNode();
    expect(() => node.faults.websocket(fault as WebsocketFault, limits as FaultLimits)).toThrowError(
      expect.objectContaining({
        code: "invalid_configuration",
        facts: expect.objectContaining({ setting: expect.stringContaining(setting) }),
      }),
    );
  });

  test("what is undefined is not given", async () => {
    const node = await startNode();
    node.faults.rpc({ kind: "late", ms: 0, when: undefined }, { action: undefined, times: undefined, skip: undefined });
    expect(await ask(node, "version")).toEqual(["honest"]);
    expect(node.faults.hits).toBe(1);
  });
});
