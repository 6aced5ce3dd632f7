import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One request as the fake node heard it. */
export interface Heard {
  readonly body: Readonly<Record<string, unknown>>;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

export type Reply = (response: ServerResponse, heard: Heard) => void;

export interface FakeNode {
  readonly url: string;
  readonly heard: readonly Heard[];
  readonly host: string;
  close(): Promise<void>;
}

/** A real HTTP server on a loopback port; `reply` is what it does with each request. */
export async function startFakeNode(
  reply: Reply,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<FakeNode> {
  const heard: Heard[] = [];
  const connections = new Map<Socket, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const { url = "", headers, socket } = request;
      const entry = { body, url, headers, connection: connections.get(socket) ?? 0 };
      heard.push(entry);
      reply(response, entry);
    });
  });
  server.on("connection", (socket: Socket) => {
    connections.set(socket, connections.size + 1);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    host: `127.0.0.1:${port}`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(value: unknown, status = 200): Reply {
  return text(JSON.stringify(value), "application/json", status);
}

export function text(body: string, type = "text/html", status = 200): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
}

/** Takes the request and never says a word. */
export const silence: Reply = () => undefined;

/** Takes the request, then drops the connection. */
export const hangUp: Reply = (response) => {
  response.socket?.destroy();
};

/** Answers with each in turn; the last one stays. */
export function inTurn(...replies: readonly [Reply, ...Reply[]]): Reply {
  let next = 0;
  return (response, heard) => {
    const reply = replies[Math.min(next, replies.length - 1)] ?? replies[0];
    next += 1;
    reply(response, heard);
  };
}
