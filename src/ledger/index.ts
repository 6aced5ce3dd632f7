export { createLedger } from "./client.js";
export type { LedgerOptions } from "./options.js";
export { type Sleep, sleep } from "./patience.js";
export type {
  AccountInfo,
  BlockInfo,
  BlockSubtype,
  CallOptions,
  ConfirmationWait,
  Ledger,
  ProcessResult,
  Receivable,
  WorkSource,
} from "./port.js";
