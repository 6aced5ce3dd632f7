export { ExactNanoScheme, registerExactNanoScheme } from "./adapters/x402/facilitator.js";
export { inProcessFacilitatorClient } from "./adapters/x402/in-process-client.js";
export { type AnyNanoError, type ErrorCode, hasCode, isNanoError, NanoError } from "./errors/index.js";
export {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  type FacilitatorRequest,
  type OfferedEntry,
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
export {
  createFacilitatorRouter,
  type FacilitatorRouter,
  type FacilitatorRouterOptions,
} from "./service/facilitator-router.js";
export {
  type IntegrityCheck,
  type IoredisClient,
  type MemoryStoreOptions,
  memoryStore,
  type RedemptionStore,
  type RedisStoreOptions,
  redisStore,
  type SqliteStoreOptions,
  sqliteStore,
} from "./store/index.js";
export type { WorkPolicy } from "./tracks/nano-txn/index.js";
