import { WebSocket } from "undici";
import { onTestFinished } from "vitest";
import type { Json } from "./support.js";

/** A websocket client for one test. Texts are kept as they came, in their order. */
export interface TestClient {
  readonly texts: readonly string[];
  send(message: object | string | Uint8Array): void;
  /** The next text that nobody took yet. */
  next(): Promise<string>;
  /** All that arrived up to now, parsed: a ping goes out, and what comes before its pong was sent before. */
  sync(): Promise<readonly Json[]>;
  subscribe(options?: object): Promise<void>;
  close(): void;
  readonly closed: Promise<number>;
}

export async function connectClient(url: string): Promise<TestClient> {
  const socket = new WebSocket(url);
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  let taken = 0;
  socket.addEventListener("message", ({ data }) => {
    texts.push(data);
    waiting.shift()?.();
  });
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve(code));
  });
  socket.addEventListener("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", ({ error }) => reject(error));
  });
  onTestFinished(() => socket.close());

  const next = async (): Promise<string> => {
    if (taken === texts.length) await new Promise<void>((resolve) => waiting.push(resolve));
    taken += 1;
    return texts[taken - 1] ?? "";
  };
  const send = (message: object | string | Uint8Array): void => {
    if (typeof message === "string" || message instanceof Uint8Array) socket.send(message);
    else socket.send(JSON.stringify(message));
  };
  const sync = async (): Promise<readonly Json[]> => {
    send({ action: "ping", id: "sync" });
    const before: Json[] = [];
    for (;;) {
      const message: Json = JSON.parse(await next());
      if (message.ack === "pong" && message.id === "sync") return before;
      before.push(message);
    }
  };
  const subscribe = async (options?: object): Promise<void> => {
    send({ action: "subscribe", topic: "confirmation", ...(options && { options }) });
    await sync();
  };
  return { texts, send, next, sync, subscribe, close: () => socket.close(), closed };
}

/** The hashes of confirmation messages. */
export function hashesOf(messages: readonly Json[]): readonly string[] {
  return messages.map((message) => message.message.hash);
}
