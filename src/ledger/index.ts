export { createLedger } from "./client.js";
export type { LedgerOptions, RpcEndpoint, WebsocketEndpoint } from "./options.js";
export { type Sleep, sleep } from "./patience.js";
export type {
  AccountInfo,
  BlockInfo,
  BlockSubtype,
  CallOptions,
  ConfirmationWait,
  EndpointName,
  Ledger,
  ProcessResult,
  ReadOptions,
  Receivable,
  WorkCallOptions,
  WorkProgress,
  WorkRoot,
  WorkSource,
} from "./port.js";
export {
  type CachedWorkOptions,
  cachedWork,
  type LocalWorkOptions,
  localWork,
  type WorkCacheEntry,
  type WorkCacheStorage,
  type WorkServerOptions,
  workCacheFile,
  workInOrder,
  workRace,
  workServer,
} from "./work/index.js";
