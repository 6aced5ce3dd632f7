import { Socket as TcpSocket } from "node:net";
import { Agent, buildConnector, Headers, WebSocket } from "undici";
import { MAX_MESSAGE_BYTES, type OpenSocket } from "./socket.js";

type Connect = (options: buildConnector.Options, callback: buildConnector.Callback) => unknown;

/**
 * undici's WebSocket, over a connection that is held here: undici waits for ever for a peer that does not answer its
 * close frame, and has no way to let the process end while a socket is idle.
 */
export const openSocket: OpenSocket = ({ url, headers }, events) => {
  const connect: Connect = buildConnector({});
  let connection: TcpSocket | undefined;
  const dispatcher = new Agent({
    connect(options, callback) {
      const started = connect(options, callback);
      if (!(started instanceof TcpSocket)) return;
      connection = started;
      connection.unref();
    },
    // How long it may take is the business of who opens it.
    headersTimeout: 0,
    webSocket: { maxPayloadSize: MAX_MESSAGE_BYTES },
  });
  const address = new URL(url);
  const allHeaders = new Headers({ ...headers });
  const authorization = takeCredentials(address);
  if (authorization !== undefined && !allHeaders.has("authorization")) allHeaders.set("authorization", authorization);
  const socket = new WebSocket(address, { dispatcher, headers: allHeaders });
  socket.addEventListener("open", () => {
    events.onOpen();
  });
  socket.addEventListener("message", ({ data }: { readonly data: unknown }) => {
    if (typeof data === "string") events.onText(data);
  });
  // `close` follows; an error's text may quote the URL.
  socket.addEventListener("error", () => undefined);
  socket.addEventListener("close", () => {
    void dispatcher.destroy();
    events.onClose();
  });
  return {
    send(text) {
      socket.send(text);
    },
    close() {
      connection?.destroy();
      void dispatcher.destroy();
    },
  };
};

/** undici does not send the user part of a URL; explicit headers win, as they do for RPC. */
function takeCredentials(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const text = `${decodePart(url.username)}:${decodePart(url.password)}`;
  url.username = "";
  url.password = "";
  return `Basic ${Buffer.from(text, "utf8").toString("base64")}`;
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
