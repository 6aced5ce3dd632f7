import { connect } from "node:net";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { listenRpc } from "../../src/dev-ledger/http-server.js";
import { startDevLedger } from "../../src/dev-ledger/index.js";
import { send, startNode } from "./support.js";

describe("HTTP as the node speaks it", () => {
  test("POST: 200, JSON, and the connection is closed", async () => {
    const { rpcUrl } = await startNode();
    const answer = await send(rpcUrl, '{"action":"block_count"}');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      connection: "close",
      allow: "POST, OPTIONS",
      "access-control-allow-origin": "*",
    });
    expect(answer.text).toBe('{\n    "count": "1",\n    "unchecked": "0",\n    "cemented": "1"\n}\n');
  });

  test.each(["GET", "PUT", "DELETE", "PATCH"])("%s: 200 with an error", async (method) => {
    const { rpcUrl } = await startNode();
    const answer = await send(rpcUrl, method === "GET" ? "" : '{"action":"version"}', method);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ error: "Can only POST requests" });
  });

  test("OPTIONS: 200 without a body", async () => {
    const { rpcUrl } = await startNode();
    const answer = await send(rpcUrl, "", "OPTIONS");
    expect(answer).toMatchObject({ status: 200, text: "" });
    expect(answer.headers["access-control-allow-methods"]).toBe("POST, OPTIONS");
  });

  test.each(["", "{", "[]", "null", "7", '"action"', '{"action":{"x":1}', "[[[", "\u0000", "{}"])(
    "%j is not a request",
    async (body) => {
      const { rpcUrl } = await startNode();
      const answer = await send(rpcUrl, body);
      expect(JSON.parse(answer.text)).toEqual({ error: "Unable to parse JSON" });
    },
  );

  test.each(['{"action":""}', '{"action":{}}', '{"action":7}', '{"action":"__proto__"}', '{"action":"constructor"}'])(
    "%s is no command",
    async (body) => {
      const { rpcUrl } = await startNode();
      expect(JSON.parse((await send(rpcUrl, body)).text)).toEqual({ error: "Unknown command" });
    },
  );

  test("names from the request cannot reach the prototype of an answer", async () => {
    const node = await startNode();
    const body = '{"action":"accounts_balances","accounts":["__proto__","constructor"]}';
    const { text } = await send(node.rpcUrl, body);
    expect(text).toContain('"__proto__": "Bad account number"');
    expect(text).toContain('"constructor": "Bad account number"');
  });

  test("random requests get an answer, whatever their fields hold", async () => {
    const { rpcUrl } = await startNode();
    const actions = fc.constantFrom(
      ...["account_info", "account_history", "accounts_receivable", "receivable"].concat(
        "blocks_info",
        "block_info",
        "process",
        "work_validate",
        "account_get",
        "accounts_frontiers",
      ),
    );
    const fields = [
      "account",
      "accounts",
      "hash",
      "hashes",
      "count",
      "threshold",
      "block",
      "json_block",
      "offset",
    ].concat("work", "difficulty", "multiplier", "key", "head", "subtype", "version", "account_filter");
    const request = fc.tuple(actions, fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()));
    await fc.assert(
      fc.asyncProperty(request, async ([action, more]) => {
        const answer = await send(rpcUrl, JSON.stringify({ ...more, action }));
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.text)).toBeTypeOf("object");
      }),
      { numRuns: 500, seed: 20 },
    );
  });
});

describe("limits", () => {
  async function listenSmall(): Promise<string> {
    const server = await listenRpc({
      host: "127.0.0.1",
      port: 0,
      maxBodyBytes: 1000,
      answer: async (body) => ({ length: body.length.toString() }),
    });
    onTestFinished(() => server.close());
    return `http://127.0.0.1:${server.port}`;
  }

  test("a body up to the limit is read", async () => {
    const answer = await send(await listenSmall(), "x".repeat(1000));
    expect(JSON.parse(answer.text)).toEqual({ length: "1000" });
  });

  test("a longer one gets no answer: the connection is dropped", async () => {
    const url = await listenSmall();
    await expect(send(url, "x".repeat(1001))).rejects.toThrow(/socket hang up|ECONNRESET|EPIPE/);
    expect((await send(url, "short")).status).toBe(200);
  });

  test("an action that fails drops the connection, not the server", async () => {
    const server = await listenRpc({
      host: "127.0.0.1",
      port: 0,
      answer: async (body) => (body === "fail" ? Promise.reject(new RangeError("bug")) : { ok: "1" }),
    });
    onTestFinished(() => server.close());
    const url = `http://127.0.0.1:${server.port}`;
    await expect(send(url, "fail")).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(JSON.parse((await send(url, "fine")).text)).toEqual({ ok: "1" });
  });

  test("work for somebody who went away is given up", async () => {
    const aborted: Promise<void>[] = [];
    const server = await listenRpc({
      host: "127.0.0.1",
      port: 0,
      answer: (_body, signal) => {
        const gone = new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve());
        });
        aborted.push(gone);
        socket.destroy();
        return gone.then(() => ({}));
      },
    });
    onTestFinished(() => server.close());
    const socket = connect(server.port, "127.0.0.1");
    socket.end("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    await expect.poll(() => aborted.length).toBe(1);
    await aborted[0];
  });
});

describe("life", () => {
  test("close frees the port at once, with connections open and idle", async () => {
    const dev = await startDevLedger();
    const port = Number(new URL(dev.rpcUrl).port);
    const idle = connect(port, "127.0.0.1");
    await new Promise((resolve) => idle.once("connect", resolve));
    const ended = new Promise((resolve) => idle.once("close", resolve));
    await dev.close();
    await ended;
    const again = await startNode({ port });
    expect(again.rpcUrl).toBe(`http://127.0.0.1:${port}`);
  });

  test("a port in use is a configuration error", async () => {
    const { rpcUrl } = await startNode();
    const port = Number(new URL(rpcUrl).port);
    await expect(startDevLedger({ port })).rejects.toMatchObject({ code: "invalid_configuration" });
  });

  test("two ledgers know nothing of each other", async () => {
    const [left, right] = [await startNode(), await startNode()];
    expect(left.genesis).toEqual(right.genesis);
    await left.fund(left.genesis.address, 1n);
    expect((await right.rpc({ action: "block_count" })).count).toBe("1");
  });

  test.each([
    ["host", { host: "0.0.0.0" }],
    ["port", { port: 70_000 }],
    ["confirmAfterMs", { confirmAfterMs: -1 }],
    ["confirmAfterMs", { confirmAfterMs: 2 ** 31 }],
    ["workThresholds", { workThresholds: { send: 2n ** 64n } }],
    ["workThresholds", { workThresholds: { epoch1: -1n } }],
    ["workThresholds.epoch", { workThresholds: { epoch: 3 as 2 } }],
    ["workThresholds", { preset: "recorded-dev-network" as const, workThresholds: { send: 1n } }],
    ["confirm", { confirm: "manual" as "never" }],
    ["preset", { preset: "main" as "recorded-dev-network" }],
  ])("a bad %s is refused before anything listens", async (setting, options) => {
    await expect(startDevLedger(options)).rejects.toMatchObject({ code: "invalid_configuration", facts: { setting } });
  });
});
