import type { BlockHash } from "../../nano/index.js";
import type { Sleep } from "../patience.js";
import type { ConfirmationWait } from "../port.js";

export interface Confirmations {
  wait(hash: BlockHash, options: ConfirmationWait): Promise<boolean>;
  /** Everybody who waits is told `false`. */
  close(): void;
}

export interface ConfirmationSource {
  /** One look at the ledger; `false` also where the node could not be asked: an outage does not end a wait. */
  readonly isConfirmed: (hash: BlockHash, signal: AbortSignal) => Promise<boolean>;
  readonly sleep: Sleep;
  readonly pollIntervalMs: number;
}

interface Watch {
  readonly waiters: Set<(isConfirmed: boolean) => void>;
  readonly stop: AbortController;
}

/** Confirmations take 0.3–0.7 s: the first looks come quickly, those of a block that is late up to four times slower. */
const SLOWDOWN = 1.25;
const SLOWEST = 4;

/** One poll per hash, however many wait for it. */
export function createConfirmations({ isConfirmed, sleep, pollIntervalMs }: ConfirmationSource): Confirmations {
  const watches = new Map<BlockHash, Watch>();

  const leave = (hash: BlockHash, watch: Watch): void => {
    watches.delete(hash);
    watch.stop.abort();
  };

  const poll = async (hash: BlockHash, watch: Watch): Promise<void> => {
    const { signal } = watch.stop;
    let delayMs = pollIntervalMs;
    while (watch.waiters.size > 0) {
      if (await isConfirmed(hash, signal)) break;
      await sleep(delayMs, signal);
      delayMs = Math.min(delayMs * SLOWDOWN, pollIntervalMs * SLOWEST);
    }
    for (const finish of [...watch.waiters]) finish(true);
  };

  const join = (hash: BlockHash): Watch => {
    const known = watches.get(hash);
    if (known !== undefined) return known;
    const watch: Watch = { waiters: new Set(), stop: new AbortController() };
    watches.set(hash, watch);
    return watch;
  };

  return {
    async wait(hash, { timeoutMs, signal }) {
      if (signal?.aborted === true) return false;
      const watch = join(hash);
      const over = new AbortController();
      return new Promise((resolve) => {
        const giveUp = (): void => {
          finish(false);
        };
        const finish = (isConfirmed: boolean): void => {
          if (!watch.waiters.delete(finish)) return;
          signal?.removeEventListener("abort", giveUp);
          over.abort();
          if (watch.waiters.size === 0) leave(hash, watch);
          resolve(isConfirmed);
        };
        watch.waiters.add(finish);
        signal?.addEventListener("abort", giveUp, { once: true });
        if (watch.waiters.size === 1) void poll(hash, watch);
        void sleep(timeoutMs, over.signal).then(giveUp);
      });
    },
    close() {
      for (const watch of [...watches.values()]) for (const finish of [...watch.waiters]) finish(false);
    },
  };
}
