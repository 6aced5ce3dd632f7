import { Agent, createServer, type IncomingMessage, type ServerResponse, request as sendRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { Body } from "./bodies.js";

/** One request on its way through a relay. */
export interface Exchange {
  readonly path: string;
  /** Parsed; `{}` where there is none. */
  readonly body: Body;
}

/** `lose`: what was about to be passed on gets lost, and the connection breaks off. */
export type Fate = "pass" | "lose";

export interface RelayOptions {
  /** Where requests go; they wait for it. Undefined: the connection is refused. */
  readonly target: (exchange: Exchange) => Promise<string | undefined>;
  /** Right before the request is passed on. */
  readonly onRequest?: (exchange: Exchange) => Fate;
  /** Right before the answer is passed on. */
  readonly onAnswer?: (exchange: Exchange, answer: Body) => Fate;
  /** Right after the answer was passed on. */
  readonly onAnswered?: (exchange: Exchange, answer: Body) => void;
  /** It was passed on, and no answer is going to be: the target is gone. */
  readonly onCut?: (exchange: Exchange) => void;
}

export interface Relay {
  readonly url: string;
  close(): Promise<void>;
}

/** Stands before a server on loopback that comes and goes, sees all that is said, and knows in which order. */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { target, onRequest, onAnswer, onAnswered, onCut } = options;
  const agent = new Agent({ keepAlive: true });

  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readText(request);
    const exchange: Exchange = { path: request.url ?? "/", body: text === "" ? {} : JSON.parse(text) };
    const origin = await target(exchange);
    if (origin === undefined || onRequest?.(exchange) === "lose") {
      response.destroy();
      return;
    }
    const answer = await forward(origin, request, text, agent).catch(() => undefined);
    if (answer === undefined) {
      onCut?.(exchange);
      response.destroy();
      return;
    }
    const body: Body = answer.text === "" ? {} : JSON.parse(answer.text);
    if (onAnswer?.(exchange, body) === "lose") {
      onCut?.(exchange);
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { "Content-Type": "application/json" }).end(answer.text);
    onAnswered?.(exchange, body);
  };
  const server = createServer((request, response) => {
    relay(request, response).catch(() => response.destroy());
  });
  // It never closes a connection by itself: what breaks off here was killed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function forward(
  origin: string,
  { method, url }: IncomingMessage,
  text: string,
  agent: Agent,
): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
    const options = { method, agent, headers: method === "GET" ? {} : headers };
    sendRequest(new URL(url ?? "/", origin), options, resolve)
      .on("error", reject)
      .end(method === "GET" ? undefined : text);
  });
  return { status: answer.statusCode ?? 502, text: await readText(answer) };
}
