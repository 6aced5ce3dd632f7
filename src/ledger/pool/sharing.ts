/** Calls with one key that overlap are one call, for callers whom an answer that was begun earlier will do. */
export class Sharing<Result> {
  readonly #running = new Map<string, Promise<Result>>();

  run(key: string, start: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const result = start().finally(() => this.#running.delete(key));
    this.#running.set(key, result);
    return result;
  }
}
