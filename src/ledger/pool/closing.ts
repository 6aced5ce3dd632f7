/** What an `AbortSignal` would do, for any number of those who wait: Node warns of more than ten. */
export class Closing {
  readonly #waiting = new Set<() => void>();
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  add(waiting: () => void): void {
    this.#waiting.add(waiting);
  }

  delete(waiting: () => void): void {
    this.#waiting.delete(waiting);
  }

  close(): void {
    this.#isClosed = true;
    for (const end of this.#waiting) end();
  }
}
