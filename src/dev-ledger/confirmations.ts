import type { BlockHash } from "../nano/index.js";
import type { LedgerEntry } from "./ledger-entry.js";
import type { LedgerState } from "./ledger-state.js";

/** Runs `task` after `delayMs`; the returned function calls it off. */
export type Schedule = (task: () => void, delayMs: number) => () => void;

export interface ConfirmationsOptions {
  readonly state: LedgerState;
  /** `never`: nothing is confirmed by itself. */
  readonly confirm: "auto" | "never";
  readonly confirmAfterMs: number;
  readonly schedule: Schedule;
  /** Newly confirmed blocks, what others stand on first; the last is the one that was meant. Never empty. */
  readonly onConfirmed?: (entries: readonly LedgerEntry[]) => void;
}

/**
 * When blocks become confirmed. The rule: a block is confirmed `confirmAfterMs` after it got onto the ledger, each by
 * its own clock. With 0 that is before `process` answers, so no request can ever see it unconfirmed, and no timer is
 * involved. Confirming a block confirms what it stands on, so a later block never overtakes an earlier one.
 */
export class Confirmations {
  readonly #options: ConfirmationsOptions;
  readonly #scheduled = new Map<BlockHash, () => void>();

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
  }

  /** A block got onto the ledger, or `block_confirm` asked for it again. */
  expect(hash: BlockHash): void {
    const { confirm, confirmAfterMs, schedule } = this.#options;
    if (confirm === "never" || this.#scheduled.has(hash)) return;
    if (confirmAfterMs === 0) {
      this.confirm(hash);
      return;
    }
    const task = (): void => {
      this.confirm(hash);
    };
    this.#scheduled.set(hash, schedule(task, confirmAfterMs));
  }

  /** Now, whatever the rule says. Returns what was not confirmed before. */
  confirm(hash: BlockHash): readonly BlockHash[] {
    const { state, onConfirmed } = this.#options;
    const entries = state.confirm(hash);
    const confirmed = entries.map((entry) => entry.hash);
    for (const done of confirmed) this.forget(done);
    if (entries.length > 0) onConfirmed?.(entries);
    return confirmed;
  }

  /** Nothing is due for this block any more: it is confirmed, or gone from the ledger. */
  forget(hash: BlockHash): void {
    this.#scheduled.get(hash)?.();
    this.#scheduled.delete(hash);
  }

  close(): void {
    for (const cancel of this.#scheduled.values()) cancel();
    this.#scheduled.clear();
  }
}

/** Timers that do not keep the process alive. */
export const scheduleWithTimers: Schedule = (task, delayMs) => {
  const timer = setTimeout(task, delayMs);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
};
