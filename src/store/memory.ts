import { createLeaseStore } from "./lease-store.js";
import { Leases, type Redeemed } from "./leases.js";
import type { RedemptionStore } from "./port.js";
import { steady } from "./steady-clock.js";
import { createToken, type RandomBytes, systemRandomBytes } from "./token.js";

export interface MemoryStoreOptions {
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * For development and tests: it forgets with the process, so it is born with it, and refuses everything older (R6).
 * Every move is one synchronous step, which no other can interrupt.
 */
export function memoryStore(options: MemoryStoreOptions = {}): RedemptionStore {
  const { clock = Date.now, randomBytes = systemRandomBytes } = options;
  const bornAtSeconds = Math.floor(clock() / 1000);
  const redeemed = new Map<string, Redeemed>();
  const leases = new Leases((key) => createToken(key, randomBytes), {
    findRedeemed: (hash) => redeemed.get(hash),
    saveRedeemed: (hash, entry) => redeemed.set(hash, entry),
    saveHeld: () => undefined,
    deleteHeld: () => undefined,
  });
  const run = <Result>(step: () => Result): Result => step();
  return createLeaseStore({
    bornAtSeconds,
    leases,
    now: steady(clock),
    write: run,
    look: run,
    close: () => undefined,
  });
}
