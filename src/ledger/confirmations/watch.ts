import type { BlockHash, PublicKey } from "../../nano/index.js";

export interface Waiter {
  readonly account: PublicKey;
  finish(isConfirmed: boolean): void;
}

/** One hash, however many wait for it. */
export interface Watch {
  readonly hash: BlockHash;
  readonly waiters: Set<Waiter>;
  hasBegun: boolean;
  /** Whatever is confirmed from now on is pushed, and what was before is found by a look that is made or due. */
  isCovered: boolean;
  /** Its account was heard when the block was handed in: no confirmation can have come before. */
  wasHeardBefore: boolean;
  wasInterrupted: boolean;
  /** One node has pushed it; others have yet to agree. */
  isHinted: boolean;
  /** The look that was asked for last comes late: nothing was pushed. */
  shouldBePushed: boolean;
  pauseMs: number;
  callLookOff: (() => void) | undefined;
}

/**
 * Confirmations take 0.3–0.7 s: where nothing is pushed, the first looks come quickly, those of a block that is late up
 * to four times slower. Beside a websocket they only find what it has lost.
 */
const SLOWDOWN = 1.25;
const SLOWEST = 4;
const COVERED_PAUSE_MS = 3_000;
const LONGEST_COVERED_PAUSE_MS = 10_000;

export function createWatch(hash: BlockHash): Watch {
  return {
    hash,
    waiters: new Set(),
    hasBegun: false,
    isCovered: false,
    wasHeardBefore: false,
    wasInterrupted: false,
    isHinted: false,
    shouldBePushed: false,
    pauseMs: 0,
    callLookOff: undefined,
  };
}

/** What a look that found nothing is followed by. */
export function nextPauseOf(watch: Watch, pollIntervalMs: number): number {
  const isSlow = watch.isCovered && !watch.isHinted;
  const first = isSlow ? COVERED_PAUSE_MS : pollIntervalMs;
  const longest = isSlow ? LONGEST_COVERED_PAUSE_MS : pollIntervalMs * SLOWEST;
  watch.pauseMs = Math.min(Math.max(watch.pauseMs * SLOWDOWN, first), longest);
  return watch.pauseMs;
}
