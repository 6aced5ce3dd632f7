import type { Deadlines } from "../deadlines.js";
import type { Socket, SocketEvents } from "./socket.js";

/** One socket at a time, kept for as long as it lives, and opened again while somebody wants it. */
export interface Connection {
  /** Neither lost nor refused since it last worked. */
  readonly isPromising: boolean;
  /** Somebody waits from now on. */
  want(): void;
  /** Nobody waits any more: what is open stays open, what is lost stays lost. */
  rest(): void;
  /** The other side works: the next failure is the first again. */
  prove(): void;
  /** The socket is of no use. */
  drop(): void;
  close(): void;
}

export interface ConnectionOptions {
  readonly open: (events: SocketEvents) => Socket;
  readonly deadlines: Deadlines;
  /** 0 … 1, for the pauses: a node that comes back must not get all its clients in the same moment. */
  readonly random: () => number;
  readonly onOpen: (send: (text: string) => void) => void;
  readonly onText: (text: string) => void;
  readonly onLost: () => void;
}

/** From the first packet to the end of the handshake. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
const MAX_DOUBLINGS = 7;

export function createConnection(options: ConnectionOptions): Connection {
  const { open, deadlines, random, onOpen, onText, onLost } = options;
  let current: { socket: Socket | undefined; isOpen: boolean } | undefined;
  let isWanted = false;
  let failures = 0;
  let callRetryOff: (() => void) | undefined;
  let callPatienceOff: (() => void) | undefined;

  const connect = (): void => {
    callRetryOff = undefined;
    const mine: NonNullable<typeof current> = { socket: undefined, isOpen: false };
    current = mine;
    callPatienceOff = deadlines.in(PATIENCE_MS, lose);
    try {
      mine.socket = open({
        onOpen() {
          if (current !== mine) return;
          mine.isOpen = true;
          endPatience();
          onOpen((text) => {
            if (current === mine) mine.socket?.send(text);
          });
        },
        onText(text) {
          if (current === mine) onText(text);
        },
        onClose() {
          if (current === mine) lose();
        },
      });
    } catch {
      lose();
    }
  };

  const lose = (): void => {
    if (current === undefined) return;
    const { socket, isOpen } = current;
    current = undefined;
    endPatience();
    socket?.close();
    // A proxy that ends a connection nobody uses is no failure.
    if (isWanted || !isOpen) failures += 1;
    if (isWanted) {
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(failures - 1, MAX_DOUBLINGS), LONGEST_PAUSE_MS);
      callRetryOff = deadlines.in(pauseMs * (0.75 + random() / 2), connect);
    }
    onLost();
  };

  const endPatience = (): void => {
    callPatienceOff?.();
    callPatienceOff = undefined;
  };

  /** No deadlines are left: they would keep a process alive that has nothing to wait for. */
  const rest = (): void => {
    isWanted = false;
    endPatience();
    callRetryOff?.();
    callRetryOff = undefined;
  };

  return {
    get isPromising() {
      return failures === 0;
    },
    want() {
      isWanted = true;
      if (current === undefined && callRetryOff === undefined) connect();
      else if (current?.isOpen === false) callPatienceOff ??= deadlines.in(PATIENCE_MS, lose);
    },
    rest,
    prove() {
      failures = 0;
    },
    drop: lose,
    close() {
      rest();
      const last = current;
      current = undefined;
      last?.socket?.close();
    },
  };
}
