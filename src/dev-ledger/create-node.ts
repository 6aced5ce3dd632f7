import { BlockProcessor } from "./block-processor.js";
import { Confirmations, scheduleWithTimers } from "./confirmations.js";
import { easierOf } from "./difficulty.js";
import { createDevNetwork, recordedDevNetwork, TINY_WORK_THRESHOLDS } from "./genesis.js";
import { LedgerState } from "./ledger-state.js";
import type { DevNetwork } from "./network.js";
import type { DevNode } from "./node.js";
import { type DevLedgerOptions, rulesOf } from "./options.js";
import { ConfirmationFeed } from "./websocket/index.js";

export function networkOf({ preset, workThresholds = {} }: DevLedgerOptions): DevNetwork {
  if (preset === "recorded-dev-network") return recordedDevNetwork();
  const { send, receive } = { ...TINY_WORK_THRESHOLDS, ...workThresholds };
  return createDevNetwork({ send, receive, entry: workThresholds.entry ?? easierOf(send, receive) });
}

export interface WiredNode {
  readonly node: DevNode;
  readonly feed: ConfirmationFeed;
}

/** One node of the network, not yet on any port. */
export function createNode(network: DevNetwork, options: DevLedgerOptions, closing: AbortSignal): WiredNode {
  const { clock = Date.now, confirm = "auto", confirmAfterMs = 0, schedule = scheduleWithTimers } = options;
  const nowSeconds = (): number => Math.floor(clock() / 1000);
  const state = new LedgerState(network.genesis, nowSeconds());
  const feed = new ConfirmationFeed({ clock, tallyRaw: () => state.weight(network.genesis.representative) });
  const confirmations = new Confirmations({
    state,
    confirm,
    confirmAfterMs,
    schedule,
    onConfirmed: (entries) => {
      feed.publish(entries);
    },
  });
  const processor = new BlockProcessor({
    state,
    work: network.work,
    nowSeconds,
    onAccepted: (entry) => {
      confirmations.expect(entry.hash);
    },
    onRemoved: (entry) => {
      confirmations.forget(entry.hash);
    },
  });
  return {
    node: { network, rules: rulesOf(options), state, processor, confirmations, clock, startedAtMs: clock(), closing },
    feed,
  };
}
