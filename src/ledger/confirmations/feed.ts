import type { BlockHash, PublicKey } from "../../nano/index.js";
import type { Deadlines } from "../deadlines.js";
import { createConnection } from "./connection.js";
import { createSession, type Session } from "./session.js";
import { type OpenSocket, readSocketHost, type SocketAddress } from "./socket.js";

/** What a node tells by itself, over one websocket for everybody who waits. */
export interface Feed {
  /** Whether a wait may count on it: it works, or is on its way for the first time. */
  readonly isPromising: boolean;
  /** As often as there are waits; `remove` for each. */
  add(account: PublicKey): void;
  remove(account: PublicKey): void;
  /** Whatever is confirmed on this account from now on is pushed. */
  isHeard(account: PublicKey): boolean;
  /** A look found a confirmation that should have been pushed. */
  noteMiss(): void;
  /** When nobody waits any more. */
  close(): void;
}

export interface SocketSource {
  /** ws or wss; keys in user info, path or query are never shown. */
  readonly url: string;
  /** Not in browsers: their WebSocket takes none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly openSocket: OpenSocket;
}

export interface FeedOptions {
  readonly socket: SocketSource;
  readonly deadlines: Deadlines;
  readonly random: () => number;
  readonly onNotice: (text: string) => void;
}

export interface FeedEvents {
  /** A node says that it is confirmed; nobody here may wait for it. */
  onPush(hash: BlockHash): void;
  /** More accounts may be heard than before. */
  onHeard(): void;
  /** What was confirmed lately may not have been pushed, and nothing will be. */
  onLost(): void;
}

/** An answer that takes longer will not come; see `session.ts`, which asks for one after a while of silence. */
const BEAT_MS = 5_000;

/** Throws `invalid_configuration` for a URL that is no websocket's. */
export function createFeed({ socket, deadlines, random, onNotice }: FeedOptions, events: FeedEvents): Feed {
  const host = readSocketHost(socket.url);
  const address: SocketAddress = { url: socket.url, headers: socket.headers ?? {} };
  const waits = new Map<PublicKey, number>();
  let session: Session | undefined;
  let hasToldLoss = false;
  let callBeatOff: (() => void) | undefined;

  const connection = createConnection({
    open: (socketEvents) => socket.openSocket(address, socketEvents),
    deadlines,
    random,
    onOpen(send) {
      session = createSession({ send, accounts: waits.keys(), onPush, onAnswer });
    },
    onText(text) {
      session?.receive(text);
    },
    onLost() {
      const isNews = session !== undefined || !hasToldLoss;
      session = undefined;
      if (waits.size === 0) return;
      if (!hasToldLoss) onNotice(`websocket ${host}: no connection; confirmations are polled for until it is back`);
      hasToldLoss = true;
      if (isNews) events.onLost();
    },
  });

  const onPush = (hash: BlockHash): void => {
    events.onPush(hash);
  };

  /** Only now is it back: a socket that opens and says nothing helps nobody. */
  const onAnswer = (): void => {
    connection.prove();
    if (hasToldLoss) onNotice(`websocket ${host}: back`);
    hasToldLoss = false;
    events.onHeard();
  };

  const beat = (): void => {
    callBeatOff = deadlines.in(BEAT_MS, beat);
    if (session?.beat() === false) connection.drop();
  };

  const rest = (): void => {
    callBeatOff?.();
    callBeatOff = undefined;
    connection.rest();
  };

  return {
    get isPromising() {
      return connection.isPromising;
    },
    add(account) {
      waits.set(account, (waits.get(account) ?? 0) + 1);
      session?.add(account);
      callBeatOff ??= deadlines.in(BEAT_MS, beat);
      connection.want();
    },
    remove(account) {
      const count = (waits.get(account) ?? 0) - 1;
      if (count > 0) {
        waits.set(account, count);
        return;
      }
      waits.delete(account);
      session?.remove(account);
      if (waits.size === 0) rest();
    },
    isHeard: (account) => session?.isHeard(account) === true,
    noteMiss() {
      session?.noteMiss();
    },
    close() {
      connection.close();
    },
  };
}
