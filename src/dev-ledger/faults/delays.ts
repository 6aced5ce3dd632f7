import type { Schedule } from "../confirmations.js";

/** What waits for its time; when the node closes all of it is called off, and never comes. */
export class Delays {
  readonly #schedule: Schedule;
  readonly #waiting = new Set<{ cancel: () => void }>();
  #isClosed = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  run(task: () => void, ms: number): void {
    if (this.#isClosed) return;
    const waiting = { cancel: (): void => undefined };
    this.#waiting.add(waiting);
    waiting.cancel = this.#schedule(() => {
      this.#waiting.delete(waiting);
      task();
    }, ms);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.run(resolve, ms);
    });
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#waiting) cancel();
    this.#waiting.clear();
  }
}
