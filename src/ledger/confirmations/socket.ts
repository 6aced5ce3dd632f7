import { NanoError } from "../../errors/index.js";

/** One websocket, whatever the platform calls it. */
export interface Socket {
  /** Only while it is open. */
  send(text: string): void;
  /** At once: a silent peer would not answer a goodbye. */
  close(): void;
}

/** None of these is called before `OpenSocket` has returned. */
export interface SocketEvents {
  onOpen(): void;
  /** Binary messages are not passed on: a node sends none. */
  onText(text: string): void;
  /** It is gone, or could not be opened at all. */
  onClose(): void;
}

/** May throw; then there is no socket. */
export type OpenSocket = (address: SocketAddress, events: SocketEvents) => Socket;

export interface SocketAddress {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A confirmation takes 2 kB, with every vote of an election, as another subscriber may wish, some 100. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** Throws `invalid_configuration`, without the URL: it may hold a key. Only the host may be shown. */
export function readSocketHost(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A fragment is never sent, and what opens websockets refuses it.
  if (url === undefined || !["ws:", "wss:"].includes(url.protocol) || url.hash !== "") {
    throw new NanoError("invalid_configuration", { option: "websocketUrl", why: "not a ws or wss URL" });
  }
  return url.host;
}
