import {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  memoryStore,
} from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { type FaultyLedger, faultyLedger } from "../../support/faulty-ledger.js";
import { type FaultyStore, faultyStore } from "../../support/faulty-store.js";

/** 2027-01-15, 08:00 UTC. */
export const NOW_SECONDS = 1_800_000_000;

/** An engine whose ledger and store fail with a bug on every call: what works here asks neither. */
export interface NoIoEngine {
  readonly engine: FacilitatorEngine;
  readonly options: FacilitatorOptions;
  /** Every call that was made all the same. */
  calls(): unknown[];
}

export function openWithoutIo(more: Partial<FacilitatorOptions> = {}): NoIoEngine {
  const ledger = faultyLedger(createLedger({ rpcUrls: "http://127.0.0.1:9" }));
  const store = faultyStore(memoryStore({ clock: () => NOW_SECONDS * 1000 }));
  failAlways(ledger, store);
  const options: FacilitatorOptions = {
    ledger: ledger.port,
    store: store.port,
    clock: () => NOW_SECONDS * 1000,
    recoveryIntervalSeconds: 0,
    ...more,
  };
  const engine = createFacilitatorEngine(options);
  return { engine, options, calls: () => [...ledger.calls, ...store.calls] };
}

function failAlways(ledger: FaultyLedger, store: FaultyStore): void {
  const asked = (): never => {
    throw new TypeError("nobody may be asked");
  };
  for (const method of [
    "accountInfo",
    "blockInfo",
    "process",
    "waitForConfirmation",
    "receivable",
    "generateWork",
  ] as const) {
    ledger.always(method, asked);
  }
  for (const method of ["claim", "advance", "release", "get", "listOpen"] as const) store.always(method, asked);
}
