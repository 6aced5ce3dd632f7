import { NanoError } from "../errors/index.js";
import { checkKey, checkLease } from "./check-claim.js";
import type { Leases } from "./leases.js";
import type { RedemptionStore } from "./port.js";

export interface LeaseStoreParts {
  readonly bornAtSeconds: number;
  readonly leases: Leases;
  readonly now: () => number;
  /** Runs a step that may write, and answers once what it wrote will last. */
  readonly write: <Result>(step: () => Result) => Result | Promise<Result>;
  /** Runs a step that only reads. */
  readonly look: <Result>(read: () => Result) => Result;
  readonly close: () => void;
}

/** The port over `leases.ts`: what both stores have in common whose leases are in the memory of this process. */
export function createLeaseStore({ bornAtSeconds, leases, now, write, look, close }: LeaseStoreParts): RedemptionStore {
  let isClosed = false;
  const checkOpen = (): void => {
    if (isClosed) throw new NanoError("store_unavailable", { why: "closed" });
  };
  return {
    bornAtSeconds,
    async claim(claim) {
      checkKey(claim);
      checkLease(claim.leaseMs);
      checkOpen();
      return write(() => leases.at(now()).claim(claim));
    },
    async advance(token, step) {
      if (step.to === "broadcasting") checkLease(step.leaseMs);
      checkOpen();
      return write(() => leases.at(now()).advance(token, step));
    },
    async release(token) {
      checkOpen();
      return write(() => leases.at(now()).release(token));
    },
    async get(key) {
      checkKey(key);
      checkOpen();
      return look(() => leases.at(now()).view(key));
    },
    async listOpen() {
      checkOpen();
      return look(() => leases.at(now()).listJournal());
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      close();
    },
  };
}
