import { BlockProcessor } from "./block-processor.js";
import { Confirmations, scheduleWithTimers } from "./confirmations.js";
import type { FaultInjector } from "./faults/index.js";
import { createDevNetwork, recordedDevNetwork } from "./genesis.js";
import type { LedgerEntry } from "./ledger-entry.js";
import { LedgerState } from "./ledger-state.js";
import type { DevNetwork } from "./network.js";
import type { DevNode } from "./node.js";
import { type DevLedgerOptions, rulesOf } from "./options.js";
import { ConfirmationFeed } from "./websocket/index.js";

export function networkOf({ preset, workThresholds }: DevLedgerOptions): DevNetwork {
  return preset === "recorded-dev-network" ? recordedDevNetwork() : createDevNetwork(workThresholds);
}

/** What the other nodes of the network want to hear. */
export interface NodeEvents {
  /** A block got onto the ledger, and is not confirmed yet. */
  accepted(entry: LedgerEntry): void;
  /** Together, what others stand on first. */
  confirmed(entries: readonly LedgerEntry[]): void;
  /** Blocks were taken off the ledger for a rival. */
  forced(): void;
}

export interface NodeParts {
  readonly network: DevNetwork;
  readonly options: DevLedgerOptions;
  readonly closing: AbortSignal;
  readonly faults: FaultInjector;
  readonly events: NodeEvents;
}

export interface WiredNode {
  readonly node: DevNode;
  readonly feed: ConfirmationFeed;
}

/** One node of the network, not yet on any port. */
export function createNode({ network, options, closing, faults, events }: NodeParts): WiredNode {
  const { clock = Date.now, confirm = "auto", confirmAfterMs = 0, schedule = scheduleWithTimers } = options;
  const nowSeconds = (): number => Math.floor(clock() / 1000);
  const state = new LedgerState(network.genesis, nowSeconds());
  const feed = new ConfirmationFeed({
    clock,
    tallyRaw: () => state.weight(network.genesis.representative),
    spoil: (text, deliver) => {
      faults.spoilConfirmation(text, deliver);
    },
  });
  const confirmations = new Confirmations({
    state,
    confirm,
    confirmAfterMs,
    schedule,
    onConfirmed: (entries) => {
      feed.publish(entries);
      events.confirmed(entries);
    },
  });
  const processor = new BlockProcessor({
    state,
    work: network.work,
    nowSeconds,
    // The others hear of the block before they hear that it is confirmed.
    onAccepted: (entry) => {
      events.accepted(entry);
      confirmations.expect(entry.hash);
    },
    onRemoved: (entry) => {
      confirmations.forget(entry.hash);
    },
    onForced: () => {
      events.forced();
    },
  });
  return {
    node: { network, rules: rulesOf(options), state, processor, confirmations, clock, startedAtMs: clock(), closing },
    feed,
  };
}
