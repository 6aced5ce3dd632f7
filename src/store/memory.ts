import { NanoError } from "../errors/index.js";
import { checkKey, checkLease } from "./check-claim.js";
import { Leases, type Redeemed } from "./leases.js";
import type {
  Advance,
  AdvanceResult,
  Claim,
  ClaimResult,
  EntryKey,
  EntryView,
  OpenEntry,
  RedemptionStore,
} from "./port.js";
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
  const now = steady(clock);
  let isClosed = false;

  const open = (): Leases => {
    if (isClosed) throw new NanoError("store_unavailable", { why: "closed" });
    return leases.at(now());
  };

  return {
    bornAtSeconds,
    async claim(claim: Claim): Promise<ClaimResult> {
      checkKey(claim);
      checkLease(claim.leaseMs);
      return open().claim(claim);
    },
    async advance(token: string, step: Advance): Promise<AdvanceResult> {
      if (step.to === "broadcasting") checkLease(step.leaseMs);
      return open().advance(token, step);
    },
    async release(token: string): Promise<boolean> {
      return open().release(token);
    },
    async get(key: EntryKey): Promise<EntryView> {
      checkKey(key);
      return open().view(key);
    },
    async listOpen(): Promise<readonly OpenEntry[]> {
      return open().listJournal();
    },
    async close(): Promise<void> {
      isClosed = true;
    },
  };
}
