import type { BlockHash } from "../../nano/index.js";
import type { Deadlines } from "../deadlines.js";
import type { ConfirmationWait } from "../port.js";
import { createFeed, type SocketSource } from "./feed.js";
import type { Waiter } from "./watch.js";
import { createWatches } from "./watches.js";

export interface Confirmations {
  /** `true` when the block is confirmed; `false` when the time is over, or the caller or the ledger is gone. */
  wait(hash: BlockHash, options: ConfirmationWait): Promise<boolean>;
  /** The block is being handed to a node now: whether its confirmation will be pushed is known from here on. */
  noteHandIn(hash: BlockHash): void;
  /** Everybody who waits is told `false`, and the websocket is closed. */
  close(): void;
}

export interface ConfirmationSource {
  /** One look at the ledger; `false` also where the node could not be asked: an outage does not end a wait. */
  readonly isConfirmed: (hash: BlockHash, signal: AbortSignal) => Promise<boolean>;
  readonly deadlines: Deadlines;
  /** The first pause between two looks where nothing is pushed. */
  readonly pollIntervalMs: number;
  /** undefined: polling alone. */
  readonly socket?: SocketSource | undefined;
  /** A push is a hint to look: where several nodes must agree, the word of one is not enough. */
  readonly lookAfterPush?: boolean | undefined;
  /** Told once per change: that there is no websocket, that it is lost, that it is back. */
  readonly onNotice: (text: string) => void;
  /** 0 … 1 */
  readonly random: () => number;
}

/**
 * A node tells of confirmations over a websocket, one for all who wait; beside it the ledger is looked at, seldom while
 * the websocket works, often while it does not. Throws `invalid_configuration` for a URL that is no websocket's.
 */
export function createConfirmations(source: ConfirmationSource): Confirmations {
  const { isConfirmed, deadlines, pollIntervalMs, socket, lookAfterPush = false, random } = source;
  let hasToldPolling = socket !== undefined;
  let isClosed = false;

  /** A logger that throws must not end a wait. */
  const onNotice = (text: string): void => {
    try {
      source.onNotice(text);
    } catch {
      // Nobody else can be told.
    }
  };

  const feed =
    socket &&
    createFeed(
      { socket, deadlines, random, onNotice },
      {
        onPush: (hash) => {
          watches.push(hash);
        },
        onHeard: () => {
          watches.noteHeard();
        },
        onLost: () => {
          watches.noteLost();
        },
      },
    );
  const watches = createWatches({ isConfirmed, deadlines, pollIntervalMs, lookAfterPush, random, feed });

  return {
    wait: (hash, { account, timeoutMs, signal, after }) =>
      new Promise((resolve) => {
        if (isClosed || signal?.aborted === true) {
          resolve(false);
          return;
        }
        if (!hasToldPolling) onNotice("no websocket: confirmations are polled for");
        hasToldPolling = true;

        const giveUp = (): void => {
          waiter.finish(false);
        };
        const callTimeoutOff = deadlines.in(timeoutMs, giveUp);
        const waiter: Waiter = {
          account,
          finish(isConfirmed) {
            callTimeoutOff();
            signal?.removeEventListener("abort", giveUp);
            watches.leave(hash, waiter);
            feed?.remove(account);
            resolve(isConfirmed);
          },
        };
        signal?.addEventListener("abort", giveUp, { once: true });
        watches.join(hash, waiter);
        feed?.add(account);

        const begin = (): void => {
          watches.begin(hash, waiter, after !== undefined);
        };
        if (after === undefined) begin();
        else void after.then(begin, begin);
      }),
    noteHandIn(hash) {
      watches.noteHandIn(hash);
    },
    close() {
      isClosed = true;
      watches.giveUp();
      feed?.close();
    },
  };
}
