import {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  memoryStore,
} from "x402-nano/facilitator";
import { createLedger, type Ledger } from "x402-nano/rpc";
import { type DevLedger, type DevLedgerOptions, startDevLedger } from "x402-nano/testing";
import type { RedemptionStore } from "../../src/store/port.js";
import { createTestClock, type TestClock } from "./clock.js";
import { type HandPayer, openHandPayer } from "./hand-payer.js";

export const CHALLENGE_SECRET = "5e".repeat(32);
/** The receiver; nobody needs its key. */
export const PAY_TO = "nano_1h56yw7cb3mb1ojkcfsjbryg68r4436suedtbwsoz9jwwd4stgzr744ft7es";

/** A dev ledger, a ledger client, a store that is a few seconds older than any payment, and an engine on them. */
export interface World {
  readonly clock: TestClock;
  readonly dev: DevLedger;
  readonly ledger: Ledger;
  readonly store: RedemptionStore;
  readonly facilitatorOptions: FacilitatorOptions;
  readonly engine: FacilitatorEngine;
  /** A funded payer of its own; `index` makes its key. */
  payer(index?: number): Promise<HandPayer>;
  /** Closed with the world, last first. */
  onClose(close: () => Promise<unknown> | unknown): void;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly dev?: DevLedgerOptions;
  readonly engine?: Partial<FacilitatorOptions>;
  /** Wraps the ledger that the engine sees. */
  readonly wrapLedger?: (ledger: Ledger) => Ledger;
  /** The engine's store; in memory where it is left out. Closed with the world. */
  readonly openStore?: (clock: () => number) => Promise<RedemptionStore>;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const clock = createTestClock();
  const dev = await startDevLedger({ clock, ...options.dev });
  const closers: (() => Promise<unknown> | unknown)[] = [() => dev.close()];
  const bare = createLedger({ rpcUrls: dev.rpcUrl, pollIntervalMs: 5 });
  closers.push(() => bare.close());
  const store = (await options.openStore?.(clock)) ?? memoryStore({ clock });
  closers.push(() => store.close());
  clock.advanceSeconds(5);
  const facilitatorOptions: FacilitatorOptions = {
    ledger: options.wrapLedger?.(bare) ?? bare,
    store,
    challengeSecret: CHALLENGE_SECRET,
    sendWorkThreshold: dev.workThresholds.send,
    clock,
    sleep: async () => undefined,
    ...options.engine,
  };
  let payers = 0;
  return {
    clock,
    dev,
    ledger: bare,
    store,
    facilitatorOptions,
    engine: createFacilitatorEngine(facilitatorOptions),
    payer: async (index) => {
      payers += 1;
      return openHandPayer({ dev, ledger: bare, index: index ?? payers });
    },
    onClose: (close) => closers.push(close),
    async close() {
      for (const close of closers.reverse()) await close();
    },
  };
}
