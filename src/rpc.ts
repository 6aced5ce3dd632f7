export {
  type AccountInfo,
  type BlockInfo,
  type BlockSubtype,
  type CallOptions,
  type ConfirmationWait,
  createLedger,
  type Ledger,
  type LedgerOptions,
  type ProcessResult,
  type Receivable,
  type Sleep,
  type WorkSource,
} from "./ledger/index.js";
