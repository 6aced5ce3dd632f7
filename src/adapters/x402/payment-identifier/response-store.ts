import { numberOption } from "./number-option.js";

/**
 * Where responses are kept: text under a key, for a while. With Redis this is `GET`, and `SET … PX … NX`; replicas that
 * share one replay each other's responses. A store that cannot be reached costs replays, never a payment.
 */
export interface ResponseStore {
  get(key: string): Promise<string | undefined>;
  /** What is under the key already, and not over yet, stays. */
  put(key: string, value: string, ttlMs: number): Promise<void>;
}

export interface MemoryResponseStoreOptions {
  /** Default 1000; beyond it the one that was asked for longest ago goes. */
  readonly maxEntries?: number | undefined;
  /** Of all entries together. Default 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
}

interface Entry {
  readonly value: string;
  readonly untilMs: number;
}

const DEFAULT_ENTRIES = 1000;
const DEFAULT_TOTAL_BYTES = 64 * 1024 * 1024;

/** For one process. Every entry was paid for once, so nobody fills it for nothing. */
export function memoryResponseStore(options: MemoryResponseStoreOptions = {}): ResponseStore {
  const { clock = Date.now } = options;
  const maxEntries = numberOption("maxEntries", options.maxEntries ?? DEFAULT_ENTRIES, 1);
  const maxTotalBytes = numberOption("maxTotalBytes", options.maxTotalBytes ?? DEFAULT_TOTAL_BYTES, 1);
  /** In the order of use, the longest unused first. */
  const entries = new Map<string, Entry>();
  let totalBytes = 0;

  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    totalBytes -= sizeOf(key, entry);
  };
  const find = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (entry === undefined || entry.untilMs > clock()) return entry;
    remove(key);
    return undefined;
  };

  return {
    async get(key) {
      const entry = find(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    async put(key, value, ttlMs) {
      const entry: Entry = { value, untilMs: clock() + ttlMs };
      if (find(key) !== undefined || sizeOf(key, entry) > maxTotalBytes) return;
      entries.set(key, entry);
      totalBytes += sizeOf(key, entry);
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && totalBytes <= maxTotalBytes) break;
        remove(oldest);
      }
    },
  };
}

/** Keys are hexadecimal and values hold base64: one byte a character. */
function sizeOf(key: string, { value }: Entry): number {
  return key.length + value.length;
}
