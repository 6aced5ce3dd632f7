export { type MemoryStoreOptions, memoryStore } from "./memory.js";
export type {
  Advance,
  AdvanceResult,
  Claim,
  ClaimResult,
  EntryKey,
  EntryView,
  LeaseToken,
  OpenEntry,
  RedemptionStore,
} from "./port.js";
export { type IoredisClient, type RedisStoreOptions, redisStore } from "./redis/index.js";
export type { IntegrityCheck } from "./sqlite/open.node.js";
export { type SqliteStoreOptions, sqliteStore } from "./sqlite/sqlite.node.js";
