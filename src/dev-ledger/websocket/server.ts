import { createServer } from "node:http";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type BoundServer, bindServer } from "../bind-server.js";
import type { ConfirmationFeed } from "./confirmation-feed.js";
import { Session } from "./session.js";

/** A subscription to ten thousand accounts fits; a longer message ends the connection with code 1009. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** What may wait for a client that does not read, some ten thousand confirmations; then it is dropped. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;

const MAX_CONNECTIONS = 256;

export interface WebsocketServerOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly feed: ConfirmationFeed;
  readonly faults?: WebsocketFaults;
  readonly maxUnsentBytes?: number;
}

/** What spoils connections and messages of every kind; confirmations are spoiled in the feed. */
export interface WebsocketFaults {
  isSilent(): boolean;
  refusedStatus(): number | undefined;
}

/** The node's websocket: any path, JSON requests, no authentication. */
export async function listenWebsocket(options: WebsocketServerOptions): Promise<BoundServer> {
  const http = createServer((_request, response) => {
    response.writeHead(426, { Connection: "close" }).end();
  });
  http.maxConnections = MAX_CONNECTIONS;
  // Pongs are sent by `serve`, under the same limit as everything else.
  const websockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    autoPong: false,
    verifyClient: (_info, answer) => {
      const status = options.faults?.refusedStatus();
      answer(status === undefined, status);
    },
  });
  http.on("upgrade", (request, socket, head) => {
    websockets.handleUpgrade(request, socket, head, (connection) => {
      serve(connection, options);
    });
  });
  const bound = await bindServer(http, { host: options.host, port: options.port, setting: "websocketPort" });
  return {
    port: bound.port,
    dropConnections: () => {
      for (const connection of websockets.clients) connection.terminate();
      bound.dropConnections();
    },
    close: async () => {
      for (const connection of websockets.clients) {
        connection.close(1000, "Shutting down");
        // A client that never answers would keep the port busy for half a minute.
        connection.terminate();
      }
      await bound.close();
    },
  };
}

function serve(
  connection: WebSocket,
  { clock, feed, faults, maxUnsentBytes = MAX_UNSENT_BYTES }: WebsocketServerOptions,
): void {
  const write = (send: () => void): void => {
    if (connection.readyState !== connection.OPEN || faults?.isSilent() === true) return;
    if (connection.bufferedAmount > maxUnsentBytes) connection.terminate();
    else send();
  };
  const session = new Session({
    clock,
    send: (text) => {
      write(() => {
        connection.send(text);
      });
    },
  });
  feed.add(session);
  connection.on("close", () => {
    feed.remove(session);
  });
  // ws closes the connection itself; an error that nobody listens to would end the process.
  connection.on("error", () => undefined);
  connection.on("ping", (data) => {
    write(() => {
      connection.pong(data);
    });
  });
  connection.on("message", (data) => {
    const text = decodeUtf8(data);
    // No close frame: a node lets go of the connection as it stands.
    if (text === undefined || !session.receive(text)) connection.terminate();
  });
}

/** A node reads binary frames like text frames; ws has looked at the text ones only. */
function decodeUtf8(data: RawData): string | undefined {
  try {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data;
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
