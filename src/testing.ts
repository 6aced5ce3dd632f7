export {
  type DevLedger,
  type DevLedgerNode,
  type DevLedgerNodeOptions,
  type DevLedgerOptions,
  type DevWorkThresholds,
  type FaultLimits,
  type FaultMoment,
  type FundedAccount,
  type JsonObject,
  type NodeFaults,
  nothingConfirmed,
  numbersForStrings,
  type PlannedFault,
  type RpcFault,
  type RpcFaultScope,
  type Schedule,
  startDevLedger,
  type WebsocketFault,
  wrongAmounts,
} from "./dev-ledger/index.js";
export { xno } from "./nano/index.js";
export { type ContractHarness, type ContractSubject, redemptionStoreContract } from "./store/contract/index.js";
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
} from "./store/port.js";
