import { z } from "zod";
import { openCacheFile } from "#work-threads";
import type { WorkSource } from "../port.js";
import { createCacheEntries, type WorkCacheStorage } from "./cache-entries.js";
import { createCalls } from "./calls.js";
import { askSource } from "./check.js";
import { createFlights } from "./flights.js";
import { functionOption, readSettings } from "./settings.js";

export interface CachedWorkOptions {
  /** `workCacheFile(path)`, or a place of your own; default none: the cache ends with the process. */
  readonly storage?: WorkCacheStorage | undefined;
  /** How many roots' work is kept, and how many may wait to be prepared; default 1000. An account needs one at a time. */
  readonly maxEntries?: number | undefined;
  /** Told when the storage fails; the cache goes on without. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

const MAX_ENTRIES = 100_000;

const schema = z.strictObject({
  storage: z.custom<WorkCacheStorage>((value) => typeof value === "object" && value !== null).optional(),
  maxEntries: z.int().min(1).max(MAX_ENTRIES).default(1000),
  onWarning: functionOption<(message: string) => void>().default(() => (message: string) => {
    console.warn(message);
  }),
});

/**
 * Remembers what `source` found, and works ahead: `prepareWork` searches in the background, one root at a time, and
 * only while nobody waits for other work. Callers that want the same work share one search. `close` ends `source` too.
 */
export function cachedWork(source: WorkSource, options: CachedWorkOptions = {}): Required<WorkSource> {
  const { storage, maxEntries, onWarning } = readSettings(schema, options);
  const entries = createCacheEntries({ storage, maxEntries, onWarning });
  const calls = createCalls();
  const flights = createFlights({
    maxWanted: maxEntries,
    isKnown: (root, threshold) => entries.find(root, threshold) !== undefined,
    async search(root, threshold, call) {
      const work = await askSource(source, root, threshold, call);
      entries.put(root, work);
      return work;
    },
  });

  return {
    generateWork: (root, threshold, call) =>
      calls.run(call, async (signal) => {
        await entries.ready();
        return entries.find(root, threshold) ?? flights.join(root, threshold, signal, call?.onProgress);
      }),
    prepareWork(root, threshold) {
      void entries.ready().then(() => {
        flights.prepare(root, threshold);
      });
    },
    async close() {
      calls.close();
      flights.close();
      await source.close?.();
      await entries.flush();
    },
  };
}

/** A file for `cachedWork`, on Node only. A file that is broken, or that others wrote to, is as good as none. */
export function workCacheFile(path: string): WorkCacheStorage {
  return openCacheFile(path);
}
