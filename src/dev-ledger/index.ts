export type { Schedule } from "./confirmations.js";
export {
  type FaultLimits,
  type FaultMoment,
  type JsonObject,
  type NodeFaults,
  nothingConfirmed,
  numbersForStrings,
  type PlannedFault,
  type RpcFault,
  type RpcFaultScope,
  type WebsocketFault,
  wrongAmounts,
} from "./faults/index.js";
export type { FundedAccount } from "./funding.js";
export type { DevWorkThresholds } from "./genesis.js";
export type { DevLedgerNode, DevLedgerNodeOptions } from "./nodes/index.js";
export type { DevLedgerOptions } from "./options.js";
export { type DevLedger, startDevLedger } from "./start.js";
