import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket as TcpSocket } from "node:net";
import { fileURLToPath } from "node:url";
import { WebSocket as UndiciWebSocket } from "undici";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { openSocket as openInBrowser } from "../../../../src/ledger/confirmations/socket.browser.js";
import type { OpenSocket, Socket } from "../../../../src/ledger/confirmations/socket.js";
import { openSocket as openOnNode } from "../../../../src/ledger/confirmations/socket.node.js";
import { runToItsEnd } from "./child.js";

afterEach(() => vi.unstubAllGlobals());

/** Keeps what happened, and lets a test wait for the next. */
function createLog() {
  const events: string[] = [];
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    events,
    note(event: string) {
      events.push(event);
      waiting.shift()?.();
    },
    async next(): Promise<string> {
      if (taken === events.length) await new Promise<void>((resolve) => waiting.push(resolve));
      taken += 1;
      return events[taken - 1] ?? "";
    },
  };
}

interface Peer {
  readonly url: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly connections: readonly WebSocket[];
  readonly log: ReturnType<typeof createLog>;
}

/** A websocket server that keeps what it hears. */
async function startPeer(): Promise<Peer> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: undefined });
  await once(server, "listening");
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate();
    await new Promise((resolve) => server.close(resolve));
  });
  const log = createLog();
  const connections: WebSocket[] = [];
  let path = "";
  let headers: IncomingHttpHeaders = {};
  server.on("connection", (connection, request) => {
    connections.push(connection);
    path = request.url ?? "";
    headers = request.headers;
    connection.on("message", (data, isBinary) => log.note(`${isBinary ? "binary" : "text"} ${String(data)}`));
    connection.on("close", () => log.note("gone"));
    connection.on("error", () => undefined);
    log.note("connected");
  });
  return {
    url: `ws://127.0.0.1:${portOf(server.address())}`,
    get path() {
      return path;
    },
    get headers() {
      return headers;
    },
    connections,
    log,
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** A TCP server, for peers that are no websocket servers. */
async function startTcp(onConnection: (socket: TcpSocket) => void) {
  const sockets = new Set<TcpSocket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `ws://127.0.0.1:${portOf(server.address())}`;
}

function open(openSocket: OpenSocket, url: string, headers: Record<string, string> = {}) {
  const log = createLog();
  const socket: Socket = openSocket(
    { url, headers },
    { onOpen: () => log.note("open"), onText: (text) => log.note(text), onClose: () => log.note("closed") },
  );
  onTestFinished(() => socket.close());
  return { socket, log };
}

describe.each([
  ["Node's", openOnNode],
  ["a browser's", openInBrowser],
])("%s websocket", (name, openSocket) => {
  const start = async () => {
    if (name !== "Node's") vi.stubGlobal("WebSocket", UndiciWebSocket);
    return startPeer();
  };

  test("opens, sends and hears texts, and is closed by either side", async () => {
    const peer = await start();
    const { socket, log } = open(openSocket, peer.url);
    expect(log.events).toEqual([]);
    expect(await log.next()).toBe("open");
    socket.send("hello");
    expect([await peer.log.next(), await peer.log.next()]).toEqual(["connected", "text hello"]);
    peer.connections[0]?.send("welcome, 日本");
    expect(await log.next()).toBe("welcome, 日本");
    peer.connections[0]?.close();
    expect(await log.next()).toBe("closed");

    const other = open(openSocket, peer.url);
    await other.log.next();
    other.socket.close();
    other.socket.close();
    expect(await other.log.next()).toBe("closed");
    expect([await peer.log.next(), await peer.log.next(), await peer.log.next()]).toEqual([
      "gone",
      "connected",
      "gone",
    ]);
  });

  test("passes binary messages over", async () => {
    const peer = await start();
    const { log } = open(openSocket, peer.url);
    await log.next();
    peer.connections[0]?.send(Buffer.from("binary"));
    peer.connections[0]?.send("text");
    expect(await log.next()).toBe("text");
  });

  test("is closed where nobody listens, or nobody speaks the protocol", async () => {
    await start();
    const http = createServer((_request, response) => response.writeHead(401).end("no"));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => new Promise<void>((resolve) => http.close(() => resolve())));
    const deaf = await startTcp((socket) => socket.destroy());
    const rude = await startTcp((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
    for (const url of ["ws://127.0.0.1:1", `ws://127.0.0.1:${portOf(http.address())}`, deaf, rude]) {
      const { log } = open(openSocket, url);
      expect(await log.next()).toBe("closed");
    }
  });

  test("is closed by what is no frame", async () => {
    const peer = await start();
    const { log } = open(openSocket, peer.url);
    await log.next();
    const tcp: TcpSocket | undefined = Reflect.get(peer.connections[0] ?? {}, "_socket");
    tcp?.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(await log.next()).toBe("closed");
  });
});

describe("Node's websocket", () => {
  test("sends headers, and the user part of the URL as one", async () => {
    const peer = await startPeer();
    const url = `${peer.url.replace("ws://", "ws://us%40er:p%3Ass@")}/key/path?key=1`;
    const { log } = open(openOnNode, url, { "X-Key": "secret" });
    await log.next();
    expect(peer.path).toBe("/key/path?key=1");
    expect(peer.headers).toMatchObject({
      "x-key": "secret",
      authorization: `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`,
    });
    expect(peer.headers.origin).toBeUndefined();
  });

  test("lets an explicit header win over the URL, and takes a user part that is no encoding", async () => {
    const peer = await startPeer();
    const url = peer.url.replace("ws://", "ws://100%:@");
    const first = open(openOnNode, url, { Authorization: "Bearer token" });
    await first.log.next();
    expect(peer.headers.authorization).toBe("Bearer token");
    const second = open(openOnNode, url);
    await second.log.next();
    expect(peer.headers.authorization).toBe(`Basic ${Buffer.from("100%:").toString("base64")}`);
  });

  test("is closed by a message without bounds, compressed or not", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: { threshold: 0 } });
    await once(server, "listening");
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const compress of [true, false]) {
      server.once("connection", (connection) => {
        connection.on("error", () => undefined);
        connection.send("x".repeat(1_048_576), { compress });
        connection.send("x".repeat(1_048_577), { compress });
      });
      const { log } = open(openOnNode, `ws://127.0.0.1:${portOf(server.address())}`);
      expect([await log.next(), (await log.next()).length, await log.next()]).toEqual(["open", 1_048_576, "closed"]);
    }
  });

  test("leaves a peer that answers nothing, open or not", async () => {
    const gone = createLog();
    const silent = await startTcp((socket) => {
      gone.note("connected");
      socket.resume();
      socket.on("close", () => gone.note("gone"));
    });
    const opening = open(openOnNode, silent);
    expect(await gone.next()).toBe("connected");
    opening.socket.close();
    expect([await gone.next(), await opening.log.next()]).toEqual(["gone", "closed"]);

    const peer = await startPeer();
    const { socket, log } = open(openOnNode, peer.url);
    await log.next();
    await peer.log.next();
    const [connection] = peer.connections;
    connection?.pause();
    socket.close();
    expect(await log.next()).toBe("closed");
  });

  test("that is closed in the moment it is opened leaves no connection", async () => {
    const peer = await startPeer();
    const first = open(openOnNode, peer.url);
    first.socket.close();
    expect(await first.log.next()).toBe("closed");
    const second = open(openOnNode, peer.url);
    expect([await second.log.next(), await peer.log.next(), peer.connections.length]).toEqual(["open", "connected", 1]);
    expect(first.log.events).toEqual(["closed"]);
  });

  test("follows no redirect: it would carry the key to somebody who was not asked", async () => {
    const peer = await startPeer();
    const http = createServer();
    http.on("upgrade", (_request, socket) => {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${peer.url}\r\nContent-Length: 0\r\n\r\n`);
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    onTestFinished(() => new Promise<void>((resolve) => http.close(() => resolve())));
    const { log } = open(openOnNode, `ws://127.0.0.1:${portOf(http.address())}`);
    expect(await log.next()).toBe("closed");
    expect(peer.connections).toEqual([]);
  });

  test("refuses headers that are none, before anything is sent", () => {
    expect(() => open(openOnNode, "ws://127.0.0.1:1", { "X-Key": "a\nb" })).toThrow();
  });

  test("does not keep the process alive when nobody waits any more", async () => {
    const peer = await startPeer();
    const script = fileURLToPath(new URL("idle-process.ts", import.meta.url));
    expect(await runToItsEnd(script, [peer.url])).toEqual({ code: 0, output: "confirmed\n" });
    expect([await peer.log.next(), (await peer.log.next()).slice(0, 12)]).toEqual(["connected", 'text {"actio']);
  });
});
