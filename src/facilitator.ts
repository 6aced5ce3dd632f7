export { ExactNanoScheme, registerExactNanoScheme } from "./adapters/x402/facilitator.js";
export { inProcessFacilitatorClient } from "./adapters/x402/in-process-client.js";
export { type AnyNanoError, type ErrorCode, hasCode, isNanoError, NanoError } from "./errors/index.js";
export {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  type FacilitatorRequest,
  type RecoveryReport,
  type Schedule,
} from "./facilitator/index.js";
export {
  type ChallengeSecret,
  REASONS,
  type Reason,
  type SettleAnswer,
  type VerifyAnswer,
} from "./protocol/index.js";
export { type MemoryStoreOptions, memoryStore } from "./store/memory.js";
export type { RedemptionStore } from "./store/port.js";
export { type IoredisClient, type RedisStoreOptions, redisStore } from "./store/redis/index.js";
export { type SqliteStoreOptions, sqliteStore } from "./store/sqlite/sqlite.node.js";
export type { WorkPolicy } from "./tracks/nano-txn/index.js";
