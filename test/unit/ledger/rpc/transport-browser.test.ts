import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { parseEndpoint } from "../../../../src/ledger/rpc/endpoint.js";
import { createTransport } from "../../../../src/ledger/rpc/transport.browser.js";
import type { ExchangeOptions } from "../../../../src/ledger/rpc/transport.js";
import { hangUp, json, type Reply, silence, text } from "../fake-node.js";
import { createGate, createStage, deadUrl } from "../support.js";

const stage = createStage();
const kept: ExchangeOptions = { timeoutMs: 600_000, connection: "kept" };

afterEach(() => vi.unstubAllGlobals());

function byteByByte(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform: (chunk, controller) => {
      for (const byte of chunk) controller.enqueue(Uint8Array.of(byte));
    },
  });
}

async function postTo(reply: Reply, options: Partial<ExchangeOptions> = {}) {
  const node = await stage.node(reply);
  const transport = createTransport(parseEndpoint(node.url, {}));
  const exchange = await transport.post("{}", { ...kept, ...options });
  await transport.close();
  return exchange.ok ? exchange : { kind: exchange.fault.kind, sent: exchange.fault.sent };
}

describe("fetch as the transport", () => {
  test("posts the body with key and content type, and reads the answer", async () => {
    const node = await stage.node(json({ count: "1" }));
    const url = node.url.replace("//", "//user:secret@");
    const transport = createTransport(parseEndpoint(`${url}/rpc?key=1`, { "X-Key": "mine" }));
    const exchange = await transport.post('{"action":"block_count"}', kept);
    expect(exchange).toEqual({ ok: true, status: 200, text: '{"count":"1"}' });
    const [heard] = node.heard;
    expect([heard?.url, heard?.body]).toEqual(["/rpc?key=1", { action: "block_count" }]);
    expect(heard?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from("user:secret").toString("base64")}`,
      "content-type": "application/json",
      "x-key": "mine",
    });
  });

  test.each<[string, Reply, object]>([
    ["another status", text("busy", "text/plain", 503), { ok: true, status: 503, text: "busy" }],
    ["many bytes per letter", text("\u00e9\u20ac\u{1f600}"), { ok: true, status: 200, text: "\u00e9\u20ac\u{1f600}" }],
    ["a lost connection", hangUp, { kind: "connection lost", sent: true }],
    ["an endless answer", text(" ".repeat(2_000_000)), { kind: "answer too large", sent: true }],
    [
      "a redirect",
      (response) => response.writeHead(307, { location: "/" }).end(),
      { kind: "connection lost", sent: true },
    ],
  ])("meets %s", async (_what, reply, expected) => {
    expect(await postTo(reply)).toEqual(expected);
  });

  test("does not wait longer than it may", async () => {
    expect(await postTo(silence, { timeoutMs: 50 })).toEqual({ kind: "too late", sent: true });
    expect(await postTo((response) => response.write("{"), { timeoutMs: 50 })).toEqual({
      kind: "too late",
      sent: true,
    });
  });

  test("ends with its caller", async () => {
    const controller = new AbortController();
    const exchange = await postTo(() => controller.abort(), { signal: controller.signal });
    expect(exchange).toEqual({ kind: "aborted", sent: true });
    expect(await postTo(silence, { signal: AbortSignal.abort() })).toEqual({ kind: "aborted", sent: false });
  });

  test("leaves nothing on its caller's signal", async () => {
    const { signal } = new AbortController();
    expect(await postTo(json({}), { signal })).toMatchObject({ ok: true });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("takes a key to nobody else", async () => {
    const other = await stage.node(json({}));
    await postTo((response) => response.writeHead(307, { location: other.url }).end());
    expect(other.heard).toEqual([]);
  });

  test("reads letters that are cut by the ends of chunks", async () => {
    const bytes = new TextEncoder().encode("\u{1f600}\u20ac");
    vi.stubGlobal("fetch", async () => new Response(new Blob([bytes]).stream().pipeThrough(byteByByte())));
    expect(await postTo(json({}))).toEqual({ ok: true, status: 200, text: "\u{1f600}\u20ac" });
  });

  test("cannot tell whether a request left", async () => {
    const transport = createTransport(parseEndpoint(await deadUrl(), {}));
    expect(await transport.post("{}", kept)).toMatchObject({
      ok: false,
      fault: { kind: "connection lost", sent: true },
    });
  });

  test("close ends reads and waits for blocks", async () => {
    const arrived = createGate();
    let answer = (): void => undefined;
    const node = await stage.node((response, heard) => {
      if (heard.body["action"] !== "process") return;
      answer = () => json({ hash: "" })(response, heard);
      arrived.open();
    });
    const transport = createTransport(parseEndpoint(node.url, {}));
    const read = transport.post('{"action":"block_info"}', kept);
    const block = transport.post('{"action":"process"}', { ...kept, connection: "fresh" });
    await arrived.isOpen;
    let isClosed = false;
    const closed = transport.close().then(() => {
      isClosed = true;
    });
    expect(await read).toMatchObject({ ok: false, fault: { kind: "closed" } });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    answer();
    expect(await block).toMatchObject({ ok: true, text: '{"hash":""}' });
    await closed;
  });
});
