import type { BlockProcessor } from "./block-processor.js";
import type { Confirmations } from "./confirmations.js";
import type { LedgerState } from "./ledger-state.js";
import type { DevNetwork } from "./network.js";

/** What the RPC actions work on. */
export interface DevNode {
  readonly network: DevNetwork;
  readonly rules: NodeRules;
  readonly state: LedgerState;
  readonly processor: BlockProcessor;
  readonly confirmations: Confirmations;
  /** Milliseconds. */
  readonly clock: () => number;
  readonly startedAtMs: number;
  /** Aborted when the node is closed: nothing new comes onto the ledger. */
  readonly closing: AbortSignal;
}

/** What this node's own configuration allows. */
export interface NodeRules {
  /** `enable_control`: without it the actions that change the node are refused. */
  readonly control: boolean;
  /** Whether it computes work itself. */
  readonly workGeneration: boolean;
}
