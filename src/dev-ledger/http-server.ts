import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RpcAnswer } from "./actions/answer.js";
import { type BoundServer, bindServer } from "./bind-server.js";
import { printJson } from "./print-json.js";

/** The node's default; a longer body gets no answer at all, the connection is dropped. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** What the node sends with every answer; it closes the connection after each. */
const HEADERS: Readonly<Record<string, string>> = {
  Allow: "POST, OPTIONS",
  "Content-Type": "application/json",
  "Access-Control-Allow-Origin": "*",
  "Access-Control-Allow-Methods": "POST, OPTIONS",
  "Access-Control-Allow-Headers": "Accept, Accept-Language, Content-Language, Content-Type",
  Connection: "close",
};

export type RpcReply =
  | {
      readonly kind: "answer";
      readonly text: string;
      /** Default 200, as ever. */
      readonly status?: number;
      /** In place of the node's own or beside them. */
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** `text` is announced, its beginning `sent`, then the connection breaks off. */
  | { readonly kind: "cut"; readonly text: string; readonly sent: string }
  | { readonly kind: "dropped" }
  | { readonly kind: "silent" };

export interface RpcHttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** `signal` is aborted when the client goes away before it has the answer. */
  readonly answer: (body: string, signal: AbortSignal) => Promise<RpcAnswer>;
  /** A reply in place of the honest one; `take` has the request answered and returns that text. */
  readonly spoil?: (body: string, take: () => Promise<string>) => Promise<RpcReply> | undefined;
  readonly maxBodyBytes?: number;
}

/** HTTP as the node speaks it: any path and content type, status 200 always, errors in the body. */
export async function listenRpc(options: RpcHttpServerOptions): Promise<BoundServer> {
  const server = createServer((request, response) => {
    // Kept here: a request that is given up half-way has no socket any more.
    const { socket } = request;
    respond(request, response, options).catch(() => socket.destroy());
  });
  return bindServer(server, { host: options.host, port: options.port, setting: "port" });
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, spoil, maxBodyBytes = MAX_BODY_BYTES }: RpcHttpServerOptions,
): Promise<void> {
  const { socket } = request;
  const body = await readBody(request, maxBodyBytes);
  if (body === undefined) {
    socket.destroy();
    return;
  }
  const gone = new AbortController();
  response.once("close", () => {
    gone.abort();
  });
  const take = (): Promise<string> => answerText(request.method, () => answer(body, gone.signal));
  const spoiled = spoil?.(body, take);
  send(spoiled === undefined ? { kind: "answer", text: await take() } : await spoiled, response, socket);
}

function send(reply: RpcReply, response: ServerResponse, socket: Socket): void {
  switch (reply.kind) {
    case "answer":
      response.writeHead(reply.status ?? 200, {
        ...HEADERS,
        ...reply.headers,
        "Content-Length": Buffer.byteLength(reply.text),
      });
      response.end(reply.text);
      return;
    case "cut":
      response.writeHead(200, { ...HEADERS, "Content-Length": Buffer.byteLength(reply.text) });
      response.write(reply.sent, () => {
        socket.destroySoon();
      });
      return;
    case "dropped":
      socket.destroy();
      return;
    case "silent":
  }
}

async function answerText(method: string | undefined, answer: () => Promise<RpcAnswer>): Promise<string> {
  if (method === "OPTIONS") return "";
  const result = method === "POST" ? await answer() : { error: "Can only POST requests" };
  return printJson(result);
}

/** undefined where it is longer than the limit. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
