import type { BlockHash } from "../../nano/index.js";
import type { Deadlines } from "../deadlines.js";
import type { Feed } from "./feed.js";
import { createLooks } from "./looks.js";
import { createWatch, nextPauseOf, type Waiter, type Watch } from "./watch.js";

/** What is waited for, and when to look at the ledger for it. */
export interface Watches {
  join(hash: BlockHash, waiter: Waiter): void;
  leave(hash: BlockHash, waiter: Waiter): void;
  /** The block is on its way out. */
  noteHandIn(hash: BlockHash): void;
  /** The block is out, or may be. `isOwn`: the waiter has broadcast it just now, and has waited since before. */
  begin(hash: BlockHash, waiter: Waiter, isOwn: boolean): void;
  /** A node says that it is confirmed. */
  push(hash: BlockHash): void;
  /** More accounts may be heard than before. */
  noteHeard(): void;
  /** Pushes may have been missed, and none will come for a while. */
  noteLost(): void;
  /** Nobody is to wait any longer. */
  giveUp(): void;
}

export interface WatchesOptions {
  readonly isConfirmed: (hash: BlockHash, signal: AbortSignal) => Promise<boolean>;
  readonly deadlines: Deadlines;
  readonly pollIntervalMs: number;
  readonly lookAfterPush: boolean;
  readonly random: () => number;
  /** undefined: nothing is pushed. */
  readonly feed: Pick<Feed, "isPromising" | "isHeard" | "noteMiss"> | undefined;
}

/** A node answers a subscription in one round trip; a look before it would have to be made again. */
const ANSWER_MS = 1_000;
/** For a block whose account was heard before it was handed in: the push comes first, a look finds what was lost. */
const OWN_BLOCK_MS = 1_000;

export function createWatches(options: WatchesOptions): Watches {
  const { deadlines, pollIntervalMs, lookAfterPush, random, feed } = options;
  const watches = new Map<BlockHash, Watch>();
  /** Begun, and to be looked for when their accounts are heard. */
  const uncovered = new Set<Watch>();

  const looks = createLooks<Watch>({
    isConfirmed: options.isConfirmed,
    onLooked(watch, isConfirmed) {
      if (isConfirmed && watch.shouldBePushed) feed?.noteMiss();
      if (isConfirmed) finish(watch, true);
      else lookIn(watch, nextPauseOf(watch, pollIntervalMs));
    },
  });

  const finish = (watch: Watch, isConfirmed: boolean): void => {
    for (const waiter of watch.waiters) waiter.finish(isConfirmed);
  };

  const isHeard = (watch: Watch): boolean =>
    feed !== undefined && [...watch.waiters].every(({ account }) => feed.isHeard(account));

  const cover = (watch: Watch, isCovered: boolean): void => {
    watch.isCovered = isCovered;
    if (isCovered || !watch.hasBegun) uncovered.delete(watch);
    else uncovered.add(watch);
  };

  const look = (watch: Watch): void => {
    watch.callLookOff?.();
    watch.callLookOff = undefined;
    watch.shouldBePushed = watch.isCovered && !watch.isHinted;
    cover(watch, isHeard(watch));
    looks.ask(watch);
  };

  const lookIn = (watch: Watch, ms: number): void => {
    watch.callLookOff?.();
    watch.callLookOff = deadlines.in(ms, () => {
      look(watch);
    });
  };

  const watchOf = (hash: BlockHash): Watch => {
    const watch = watches.get(hash) ?? createWatch(hash);
    watches.set(hash, watch);
    return watch;
  };

  return {
    join(hash, waiter) {
      const watch = watchOf(hash);
      watch.waiters.add(waiter);
      if (watch.isCovered && feed?.isHeard(waiter.account) !== true) cover(watch, false);
    },
    leave(hash, waiter) {
      const watch = watches.get(hash);
      if (watch?.waiters.delete(waiter) !== true || watch.waiters.size > 0) return;
      watches.delete(hash);
      uncovered.delete(watch);
      watch.callLookOff?.();
      looks.forget(watch);
    },
    noteHandIn(hash) {
      const watch = watches.get(hash);
      if (watch !== undefined) watch.wasHeardBefore = isHeard(watch);
    },
    begin(hash, waiter, isOwn) {
      const watch = watches.get(hash);
      if (watch?.waiters.has(waiter) !== true || watch.hasBegun) return;
      watch.hasBegun = true;
      const mayCount = feed?.isPromising === true;
      if (mayCount && !isHeard(watch)) {
        cover(watch, false);
        lookIn(watch, ANSWER_MS);
      } else if (mayCount && isOwn && watch.wasHeardBefore && !watch.wasInterrupted) {
        cover(watch, true);
        lookIn(watch, OWN_BLOCK_MS);
      } else {
        look(watch);
      }
    },
    push(hash) {
      const watch = watches.get(hash);
      if (watch === undefined) return;
      if (!lookAfterPush) {
        finish(watch, true);
        return;
      }
      watch.isHinted = true;
      watch.pauseMs = 0;
      look(watch);
    },
    noteHeard() {
      for (const watch of [...uncovered]) if (isHeard(watch)) look(watch);
    },
    noteLost() {
      for (const watch of watches.values()) {
        watch.wasInterrupted = true;
        watch.pauseMs = 0;
        cover(watch, false);
        if (watch.hasBegun) lookIn(watch, random() * pollIntervalMs);
      }
    },
    giveUp() {
      for (const watch of watches.values()) finish(watch, false);
    },
  };
}
