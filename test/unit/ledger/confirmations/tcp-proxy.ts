import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** Stands between a client and a node's port, and fails as networks do. */
export interface TcpProxy {
  readonly url: string;
  /** Connections that are open now, were open at once at most, and were opened in all. */
  readonly open: number;
  readonly most: number;
  readonly total: number;
  /** Cuts every connection, and frees the port: who connects is refused. */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  reopen(): Promise<void>;
  /** From now on, on all connections, nothing gets through in either direction: they stay open and silent. */
  silence(): void;
  /** What is silent stays so; new connections work. */
  speakAgain(): void;
  /** What the node says is lost from now on; what it is told is not. */
  loseAnswers(): void;
  keepAnswers(): void;
  /** Writes to every client, as if it came from the node. */
  inject(bytes: Uint8Array): void;
  /** Resolves when this many connections have been opened in all. */
  opened(total: number): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly node: Socket;
  isSilent: boolean;
}

export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = Number(new URL(targetUrl).port);
  const pairs = new Set<Pair>();
  const watchers = new Set<() => void>();
  let isSilent = false;
  let losesAnswers = false;
  let port = 0;
  let most = 0;
  let total = 0;
  let server: Server | undefined;

  const listen = async (): Promise<void> => {
    server = createServer((client) => {
      const pair: Pair = { client, node: connect(target, "127.0.0.1"), isSilent };
      pairs.add(pair);
      most = Math.max(most, pairs.size);
      total += 1;
      for (const watcher of watchers) watcher();
      const end = (): void => {
        pairs.delete(pair);
        client.destroy();
        pair.node.destroy();
      };
      for (const socket of [client, pair.node]) socket.on("error", () => undefined).on("close", end);
      client.on("data", (chunk) => {
        if (!pair.isSilent) pair.node.write(chunk);
      });
      pair.node.on("data", (chunk) => {
        if (!pair.isSilent && !losesAnswers) client.write(chunk);
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    port = address.port;
  };
  const kill = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    server = undefined;
    for (const { client } of pairs) client.destroy();
    await closed;
  };

  await listen();
  onTestFinished(kill);
  return {
    url: `ws://127.0.0.1:${port}`,
    get open() {
      return pairs.size;
    },
    get most() {
      return most;
    },
    get total() {
      return total;
    },
    kill,
    reopen: listen,
    silence() {
      isSilent = true;
      for (const pair of pairs) pair.isSilent = true;
    },
    speakAgain() {
      isSilent = false;
    },
    loseAnswers() {
      losesAnswers = true;
    },
    keepAnswers() {
      losesAnswers = false;
    },
    inject(bytes) {
      for (const { client } of pairs) client.write(bytes);
    },
    opened: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (total < count) return;
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      }),
  };
}
