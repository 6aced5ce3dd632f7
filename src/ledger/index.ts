export { createLedger } from "./client.js";
export type { LedgerOptions } from "./options.js";
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
