export { type MemoryStoreOptions, memoryStore } from "./memory.js";
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
} from "./port.js";
