import type { WorkThresholds } from "../nano/index.js";
import type { LegacyOpenBlock } from "./ledger-block.js";

export type Epoch = 0 | 1 | 2;

export interface WorkRules {
  /** Below it `process` says "Block work is less than threshold" before it looks at anything else. */
  readonly entry: bigint;
  /** What a block needs to get in; between `entry` and this it is "Block work is insufficient", found last. */
  readonly required: WorkThresholds;
  /** What `active_difficulty` names and `work_generate` aims at; never below `required`. */
  readonly advertised: WorkThresholds;
}

/** What makes one private network differ from another. */
export interface DevNetwork {
  readonly genesis: LegacyOpenBlock;
  /** Public on purpose: whoever runs the network owns all of it. */
  readonly genesisSecretKey: Uint8Array;
  /** Of every account: there are no epoch blocks that could raise it. */
  readonly epoch: Epoch;
  readonly work: WorkRules;
  /** The answer to `version`, without the part that the genesis hash gives. */
  readonly version: Readonly<Record<string, string>>;
  /** Major, minor, patch, pre-release, as `telemetry` shows them. */
  readonly nodeVersion: readonly [number, number, number, number];
}
