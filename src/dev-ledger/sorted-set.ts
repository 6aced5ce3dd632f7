/** A full chunk is halved. Moving half a thousand pointers is what one change costs at most. */
const MAX_CHUNK = 512;

/**
 * Texts in ascending order, as the node's tables have them. In chunks: one array of a million would move half of itself
 * at every change. The first chunk is written as a literal because an array that starts empty reserves 17 places, and
 * most accounts have a single receivable.
 */
export class SortedSet<Text extends string> {
  #chunks: Text[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(text: Text): void {
    const at = Math.min(this.#chunkOf(text), this.#chunks.length - 1);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks = [[text]];
      this.#size = 1;
      return;
    }
    const place = placeIn(chunk, text);
    if (chunk[place] === text) return;
    chunk.splice(place, 0, text);
    this.#size += 1;
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  delete(text: Text): void {
    const at = this.#chunkOf(text);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? 0 : placeIn(chunk, text);
    if (chunk?.[place] !== text) return;
    chunk.splice(place, 1);
    this.#size -= 1;
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** From the first one that is not below `start`. */
  *from(start: string): Generator<Text, void, undefined> {
    const first = this.#chunkOf(start);
    for (let at = first; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at] ?? [];
      yield* at === first ? chunk.slice(placeIn(chunk, start)) : chunk;
    }
  }

  /** The first chunk that ends at or after `text`: the only one that can hold it. */
  #chunkOf(text: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const last = this.#chunks[middle]?.at(-1);
      if (last !== undefined && last < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Where `text` is, or would be. */
function placeIn(chunk: readonly string[], text: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunk[middle] ?? text) < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
