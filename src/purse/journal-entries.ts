import type { BlockHash } from "../nano/index.js";
import { createDeferred } from "./deferred.js";

/** What is read at once, oldest first, and a promise for whoever waits for the next change of it. */
export interface Entries<Entry extends { readonly hash: BlockHash }> {
  list(): readonly Entry[];
  get(hash: BlockHash): Entry | undefined;
  /** One that is there keeps its place. */
  set(entry: Entry): void;
  delete(hash: BlockHash): void;
  /** For a write that failed: what is remembered is again what is kept. */
  replaceAll(entries: Iterable<Entry>): void;
  nextChange(): Promise<void>;
}

export function createEntries<Entry extends { readonly hash: BlockHash }>(
  loaded: Iterable<Entry> = [],
): Entries<Entry> {
  const entries = new Map<BlockHash, Entry>();
  for (const entry of loaded) entries.set(entry.hash, entry);
  let change = createDeferred();
  const changed = (): void => {
    const { resolve } = change;
    change = createDeferred();
    resolve();
  };
  return {
    list: () => [...entries.values()],
    get: (hash) => entries.get(hash),
    set(entry) {
      entries.set(entry.hash, entry);
      changed();
    },
    delete(hash) {
      entries.delete(hash);
      changed();
    },
    replaceAll(kept) {
      entries.clear();
      for (const entry of kept) entries.set(entry.hash, entry);
      changed();
    },
    nextChange: () => change.promise,
  };
}
