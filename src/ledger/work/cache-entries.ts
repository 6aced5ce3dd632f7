import { z } from "zod";
import { redactText } from "../../errors/index.js";
import { hexToBytes, isBlockHash, keyBytes, workValue } from "../../nano/index.js";
import type { WorkRoot } from "../port.js";
import { isEnough, quietly } from "./check.js";

/** Where a cache outlives its process. What is lost costs a search, nothing else. */
export interface WorkCacheStorage {
  /** What `save` was last given, by whatever process. Nothing that comes from here is trusted. */
  load(): Promise<unknown>;
  /** All entries, those that were used longest ago first. Never called again before it is done. */
  save(entries: readonly WorkCacheEntry[]): Promise<void>;
}

export interface WorkCacheEntry {
  readonly root: WorkRoot;
  readonly work: string;
}

export interface CacheEntries {
  /** Resolves when what was stored is here; never rejects. */
  ready(): Promise<void>;
  /** Work that is worth `threshold` on `root`. */
  find(root: WorkRoot, threshold: bigint): string | undefined;
  put(root: WorkRoot, work: string): void;
  /** Resolves when everything is stored, or could not be. */
  flush(): Promise<void>;
}

export interface EntriesSettings {
  readonly storage: WorkCacheStorage | undefined;
  readonly maxEntries: number;
  readonly onWarning: (message: string) => void;
}

const entry: z.ZodType<WorkCacheEntry> = z.object({
  root: z.custom<WorkRoot>((value) => typeof value === "string" && isBlockHash(value)),
  work: z.string().regex(/^[0-9a-f]{16}$/),
});

/**
 * Work by root, at most `maxEntries` of them; who was not asked for longest goes first. An entry stays when it was
 * given out: a block that has to be built again on the same `previous` takes the same work.
 */
export function createCacheEntries({ storage, maxEntries, onWarning }: EntriesSettings): CacheEntries {
  const works = new Map<WorkRoot, string>();
  let loading: Promise<void> | undefined;
  let saving: Promise<void> | undefined;
  let isSaved = true;
  let hasWarned = false;

  const keep = (root: WorkRoot, work: string): void => {
    works.delete(root);
    works.set(root, work);
    for (const oldest of works.keys()) {
      if (works.size <= maxEntries) return;
      works.delete(oldest);
    }
  };

  const warn = (what: string, error: unknown): void => {
    // A disk that is full stays so for a while.
    if (hasWarned) return;
    hasWarned = true;
    const reason = error instanceof Error ? redactText(error.message) : "no error was given";
    quietly(() => {
      onWarning(`x402-nano: the work cache could not be ${what}, and goes on without: ${reason}`);
    });
  };

  const load = async (from: WorkCacheStorage): Promise<void> => {
    try {
      const loaded = await from.load();
      for (const value of Array.isArray(loaded) ? loaded.slice(-maxEntries) : []) {
        const read = entry.safeParse(value);
        if (read.success) keep(read.data.root, read.data.work);
      }
    } catch (error) {
      warn("read", error);
    }
  };

  const save = async (to: WorkCacheStorage): Promise<void> => {
    while (!isSaved) {
      isSaved = true;
      try {
        await to.save(Array.from(works, ([root, work]) => ({ root, work })));
        hasWarned = false;
      } catch (error) {
        warn("written", error);
      }
    }
    saving = undefined;
  };

  return {
    async ready() {
      if (storage === undefined) return;
      loading ??= load(storage);
      await loading;
    },
    find(root, threshold) {
      const work = works.get(root);
      if (work === undefined || !isEnough(work, root, threshold)) return undefined;
      keep(root, work);
      return work;
    },
    put(root, work) {
      const known = works.get(root);
      if (known !== undefined && measure(known, root) >= measure(work, root)) return;
      keep(root, work);
      isSaved = false;
      if (storage !== undefined) saving ??= save(storage);
    },
    async flush() {
      await saving;
    },
  };
}

function measure(work: string, root: WorkRoot): bigint {
  return workValue(hexToBytes(work, 8), keyBytes(root));
}
