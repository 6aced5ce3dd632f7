import { describe, expect, test } from "vitest";
import { startDevLedger } from "../../src/dev-ledger/index.js";
import { startNode } from "./support.js";
import { connectClient } from "./websocket-client.js";
import { connectRaw, expectAlive, frame, HANDSHAKE, upgradeRaw } from "./websocket-raw.js";

describe("malformed JSON closes the connection", () => {
  test.each(["", "{", "{'action':'ping'}", '{"action":"ping"} x', "[".repeat(100_000), "\u0000", "ping"])(
    "%j",
    async (text) => {
      const node = await startNode();
      const [client, other] = [await connectClient(node.websocketUrl), await connectClient(node.websocketUrl)];
      await client.subscribe();
      client.send(text);
      expect(await client.closed).toBe(1006);
      expect(await other.sync()).toEqual([]);
      await node.fund(node.genesis.address, 1n);
      expect(client.texts).toHaveLength(1);
    },
  );
});

describe("hostile frames", () => {
  test("a binary frame is read like a text frame", async () => {
    const node = await startNode();
    const client = await connectClient(node.websocketUrl);
    client.send(new TextEncoder().encode('{"action":"ping","id":"é"}'));
    expect(JSON.parse(await client.next())).toMatchObject({ ack: "pong", id: "é" });
  });

  test.each([
    ["invalid UTF-8 in a binary frame", frame(2, Buffer.from([0x22, 0xff, 0x22]))],
    ["invalid UTF-8 in a text frame", frame(1, Buffer.from([0x22, 0xff, 0x22]))],
    ["an unmasked frame", Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
    ["an unknown opcode", frame(7, Buffer.from("{}"))],
    ["reserved bits", Buffer.from([0xf1, 0x80, 0, 0, 0, 0])],
    ["a length of 2^63", Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ["a message one byte over the limit", Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 1, 0, 0, 0, 0])],
    ["a close frame with a bad code", frame(8, Buffer.from([0x00, 0x01]))],
    ["a continuation of nothing", frame(0, Buffer.from("{}"))],
  ])("%s ends its own connection and nothing else", async (_name, bytes) => {
    const { websocketUrl } = await startNode();
    const { socket, closed } = await upgradeRaw(websocketUrl);
    socket.resume();
    socket.write(bytes);
    await closed;
    await expectAlive(websocketUrl);
  });

  test("a ping frame has one pong, with what it carried", async () => {
    const { websocketUrl } = await startNode();
    const { socket } = await upgradeRaw(websocketUrl);
    const chunks: Buffer[] = [];
    socket.on("data", (bytes) => chunks.push(bytes));
    socket.write(Buffer.concat([frame(9, Buffer.from("one")), frame(9, Buffer.from("two"))]));
    await expect.poll(() => Buffer.concat(chunks).toString("latin1")).toContain("two");
    expect(Buffer.concat(chunks).toString("latin1")).toBe("\u008a\u0003one\u008a\u0003two");
  });

  test("a client that never answers a close frame cannot hold close up", async () => {
    const dev = await startDevLedger();
    const { socket, closed } = await upgradeRaw(dev.websocketUrl);
    socket.pause();
    await dev.close();
    socket.resume();
    await closed;
  });

  test("a message of many megabytes is not taken in", async () => {
    const { websocketUrl } = await startNode();
    const client = await connectClient(websocketUrl);
    client.send(JSON.stringify({ action: "ping", id: "x".repeat(8 * 1024 * 1024) }));
    expect([1006, 1009]).toContain(await client.closed);
    expect(client.texts).toEqual([]);
    await expectAlive(websocketUrl);
  });

  test("a connection that is cut in the middle of a frame is forgotten", async () => {
    const { websocketUrl } = await startNode();
    const { socket, closed } = await upgradeRaw(websocketUrl);
    socket.write(Buffer.from([0x81, 0xff]));
    socket.resetAndDestroy();
    await closed;
    await expectAlive(websocketUrl);
  });

  test.each([
    ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "426 Upgrade Required"],
    [HANDSHAKE.replace("Version: 13", "Version: 1"), "400 Bad Request"],
    [HANDSHAKE.replace("Upgrade: websocket", "Upgrade: h2c"), "400 Bad Request"],
    ["\u0000\u0001\u0002\r\n\r\n", "400 Bad Request"],
  ])("%j is no handshake: %s", async (text, status) => {
    const { websocketUrl } = await startNode();
    const { socket, closed } = await connectRaw(websocketUrl);
    const answer = new Promise<string>((resolve) => socket.once("data", (bytes) => resolve(bytes.toString())));
    socket.write(text);
    expect(await answer).toContain(status);
    await closed;
    await expectAlive(websocketUrl);
  });
});
