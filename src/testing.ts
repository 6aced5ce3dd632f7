export {
  type DevLedger,
  type DevLedgerOptions,
  type DevWorkThresholds,
  type FundedAccount,
  type Schedule,
  startDevLedger,
} from "./dev-ledger/index.js";
export { xno } from "./nano/index.js";
