export type { Schedule } from "./confirmations.js";
export type { FundedAccount } from "./funding.js";
export type { DevWorkThresholds } from "./genesis.js";
export type { DevLedgerOptions } from "./options.js";
export { type DevLedger, startDevLedger } from "./start.js";
