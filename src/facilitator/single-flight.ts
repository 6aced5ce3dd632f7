/** Calls with one key that overlap are one call, and all of them get its result. */
export class SingleFlight<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  run(key: string, start: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const result = start().finally(() => this.#running.delete(key));
    this.#running.set(key, result);
    return result;
  }
}
