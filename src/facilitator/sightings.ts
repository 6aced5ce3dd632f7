import type { BlockInfo } from "../ledger/port.js";
import type { LeaseToken } from "../store/port.js";

/** Which payment it is, whoever presents it. */
export interface PaidFor {
  readonly paymentId: string;
}

/** What verify has seen on the ledger, for the settle that holds its lease. */
export interface Sightings {
  keep(lease: LeaseToken, payment: PaidFor, seen: BlockInfo): void;
  /** Once: a settle that failed is followed by one that looks for itself. */
  take(lease: LeaseToken, payment: PaidFor): BlockInfo | undefined;
}

/** A kilobyte each. What is forgotten is asked of the ledger again. */
const MAX_SIGHTINGS = 4_096;

export function createSightings(): Sightings {
  const seen = new Map<string, BlockInfo>();
  const keyOf = (lease: LeaseToken, { paymentId }: PaidFor): string => `${lease} ${paymentId}`;
  return {
    keep(lease, payment, info) {
      seen.set(keyOf(lease, payment), info);
      const oldest = seen.keys().next();
      if (seen.size > MAX_SIGHTINGS && oldest.done !== true) seen.delete(oldest.value);
    },
    take(lease, payment) {
      const key = keyOf(lease, payment);
      const info = seen.get(key);
      seen.delete(key);
      return info;
    },
  };
}
