export { type CachedWorkOptions, cachedWork, workCacheFile } from "./cache.js";
export type { WorkCacheEntry, WorkCacheStorage } from "./cache-entries.js";
export { workInOrder, workRace } from "./combine.js";
export { type LocalWorkOptions, localWork } from "./local.js";
export { type WorkServerOptions, workServer } from "./server.js";
