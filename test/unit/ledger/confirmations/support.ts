import {
  type ConfirmationSource,
  type Confirmations,
  createConfirmations,
} from "../../../../src/ledger/confirmations/index.js";
import type { SocketEvents } from "../../../../src/ledger/confirmations/socket.js";
import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import type { ConfirmationWait } from "../../../../src/ledger/index.js";
import { addressOf, type BlockHash, type PublicKey, parseBlockHash, publicKeyOf } from "../../../../src/nano/index.js";
import { createManualTime, type ManualTime } from "../../../support/manual-time.js";

export function hashOf(number: number): BlockHash {
  return parseBlockHash(number.toString(16).padStart(64, "0"));
}

export function accountOf(number: number): PublicKey {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, number);
  return publicKeyOf(bytes);
}

export const HASH = hashOf(0xab);
export const ACCOUNT = accountOf(1);

export function wait(changes: Partial<ConfirmationWait> = {}): ConfirmationWait {
  return { account: ACCOUNT, timeoutMs: 60_000, ...changes };
}

/** What a client says to a node. */
export interface Request {
  readonly action: string;
  readonly topic?: string;
  readonly ack?: boolean;
  readonly id: string;
  readonly options?: {
    readonly include_block?: string;
    readonly confirmation_type?: string;
    readonly accounts?: readonly string[];
    readonly accounts_add?: readonly string[];
    readonly accounts_del?: readonly string[];
  };
}

export function addressesOf(...accounts: readonly PublicKey[]): readonly string[] {
  return accounts.map(addressOf);
}

export function pushOf(hash: string): string {
  return JSON.stringify({ topic: "confirmation", time: "1", message: { hash: hash.toUpperCase() } });
}

export function answerTo({ action, id }: Request): string {
  return JSON.stringify({ ack: action === "ping" ? "pong" : action, time: "1", id });
}

/** The node's end of a socket. */
export interface FakeSocket {
  readonly requests: readonly Request[];
  readonly isClosed: boolean;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Acknowledges what has no answer yet. */
  answer(): void;
  push(hash: string): void;
  say(text: string): void;
  /** The handshake is over, may be after the client has left; done by itself where the scene does not say otherwise. */
  open(): void;
  /** The connection is at its end; said late where the client has left. */
  die(): void;
}

export interface SceneOptions extends Partial<ConfirmationSource> {
  /** Default: opens in the next turn. */
  readonly opens?: (socket: number) => "opens" | "hangs" | "is refused" | "throws";
  /** Default true: every request is acknowledged in the turn it is made. */
  readonly answers?: boolean;
  /** Default true. */
  readonly hasSocket?: boolean;
  readonly looks?: (hash: BlockHash, look: number) => boolean | Promise<boolean>;
}

export interface Scene {
  readonly time: ManualTime;
  readonly confirmations: Confirmations;
  readonly sockets: readonly FakeSocket[];
  /** The last that was opened. */
  readonly socket: FakeSocket;
  /** When each look began, in milliseconds from the start, and for what. */
  readonly looks: readonly { readonly atMs: number; readonly hash: BlockHash; readonly signal: AbortSignal }[];
  readonly lookTimes: readonly number[];
  readonly notices: readonly string[];
  /** How many sleep at this moment: one timer or none. */
  readonly timers: number;
  /** What a wait has come to by now. */
  stateOf(waiting: Promise<boolean>): Promise<boolean | "waits">;
}

export function createScene(options: SceneOptions = {}): Scene {
  const { opens = () => "opens", answers = true, hasSocket = true, looks: answer = () => false, ...source } = options;
  const time = createManualTime();
  const startMs = time.clock();
  const sockets: FakeSocket[] = [];
  const looks: { atMs: number; hash: BlockHash; signal: AbortSignal }[] = [];
  const notices: string[] = [];
  let timers = 0;
  const deadlines = createDeadlines({
    clock: time.clock,
    sleep: async (ms, signal) => {
      timers += 1;
      await time.sleep(ms, signal);
      timers -= 1;
    },
  });
  const confirmations = createConfirmations({
    isConfirmed: async (hash, signal) => {
      looks.push({ atMs: time.clock() - startMs, hash, signal });
      return answer(hash, looks.length);
    },
    deadlines,
    pollIntervalMs: 250,
    random: () => 0.5,
    onNotice: (text) => notices.push(text),
    socket: hasSocket
      ? {
          url: "wss://node.example:7078/key",
          openSocket: ({ url, headers }, events) => {
            const how = opens(sockets.length);
            if (how === "throws") throw new Error("no socket for wss://node.example:7078/key");
            const socket = createFakeSocket({ url, headers, events, answers });
            sockets.push(socket);
            if (how === "opens") queueMicrotask(socket.open);
            if (how === "is refused") queueMicrotask(socket.die);
            return socket.client;
          },
        }
      : undefined,
    ...source,
  });
  return {
    time,
    confirmations,
    sockets,
    get socket() {
      const last = sockets.at(-1);
      if (last === undefined) throw new Error("no socket was opened");
      return last;
    },
    looks,
    get lookTimes() {
      return looks.map(({ atMs }) => atMs);
    },
    notices,
    get timers() {
      return timers;
    },
    async stateOf(waiting) {
      await time.settle();
      return Promise.race([waiting, Promise.resolve("waits" as const)]);
    },
  };
}

function createFakeSocket(options: {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: SocketEvents;
  readonly answers: boolean;
}): FakeSocket & { readonly client: { send(text: string): void; close(): void } } {
  const { url, headers, events, answers } = options;
  const requests: Request[] = [];
  let state: "opening" | "open" | "closed" = "opening";
  let answered = 0;
  const answer = (): void => {
    const due = requests.slice(answered);
    answered = requests.length;
    for (const request of due) if (state === "open") events.onText(answerTo(request));
  };
  return {
    url,
    headers,
    requests,
    get isClosed() {
      return state === "closed";
    },
    answer,
    push: (hash) => events.onText(pushOf(hash)),
    say: (text) => events.onText(text),
    open() {
      if (state === "opening") state = "open";
      events.onOpen();
    },
    die() {
      state = "closed";
      events.onClose();
    },
    client: {
      send(text) {
        if (state !== "open") throw new Error(`sent on a socket that is ${state}`);
        requests.push(JSON.parse(text));
        if (answers) queueMicrotask(answer);
      },
      close() {
        if (state === "closed") return;
        state = "closed";
        queueMicrotask(() => events.onClose());
      },
    },
  };
}
