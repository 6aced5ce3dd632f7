import { once } from "node:events";
import { type WebSocket, WebSocketServer } from "ws";
import { addressOf, type BlockHash, type PublicKey } from "../../../../src/nano/index.js";
import { answerTo, pushOf, type Request } from "./support.js";

/** As much of a node as confirmations need: the websocket with its account filter, and who is confirmed. */
export interface PushNode {
  readonly websocketUrl: string;
  isConfirmed(hash: BlockHash): boolean;
  confirm(block: { readonly hash: BlockHash; readonly account: PublicKey }): void;
  close(): Promise<void>;
}

export async function startPushNode(port = 0): Promise<PushNode> {
  const server = new WebSocketServer({ port, host: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  /** undefined: without a filter. */
  const filters = new Map<WebSocket, Set<string> | undefined>();
  const confirmed = new Set<BlockHash>();
  server.on("connection", (connection) => {
    connection.on("error", () => undefined);
    connection.on("close", () => filters.delete(connection));
    connection.on("message", (data) => {
      const request: Request = JSON.parse(String(data));
      const { accounts, accounts_add, accounts_del } = request.options ?? {};
      if (request.action === "subscribe") filters.set(connection, accounts && new Set(accounts));
      for (const account of accounts_add ?? []) filters.get(connection)?.add(account);
      for (const account of accounts_del ?? []) filters.get(connection)?.delete(account);
      connection.send(answerTo(request));
    });
  });
  return {
    websocketUrl: `ws://127.0.0.1:${address.port}`,
    isConfirmed: (hash) => confirmed.has(hash),
    confirm({ hash, account }) {
      confirmed.add(hash);
      const owner = addressOf(account);
      for (const [connection, filter] of filters) {
        if (filter === undefined || filter.has(owner)) connection.send(pushOf(hash));
      }
    },
    close: () => {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
