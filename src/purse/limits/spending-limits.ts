import type { PublicKey } from "../../nano/index.js";
import type { AccessLists } from "./lists.js";

/** What a purse may spend, and on whom. Where an amount is absent there is no such limit. */
export interface SpendingLimits extends AccessLists {
  readonly perPaymentRaw: bigint;
  readonly perDayRaw: bigint;
  /** Per UTC day. */
  readonly perHost?: KeyedLimit<string> | undefined;
  /** Per UTC day. */
  readonly perPayTo?: KeyedLimit<PublicKey> | undefined;
  /** As far back as the records go: the life of the journal. */
  readonly totalRaw?: bigint | undefined;
}

/** An amount for each key: its own, else the one for all others. */
export interface KeyedLimit<Key> {
  readonly named: ReadonlyMap<Key, bigint>;
  readonly otherRaw: bigint | undefined;
}

/** What is bought without a known resource has the limit of those that are not named: to leave it out gains nothing. */
export function limitFor<Key>(limit: KeyedLimit<Key> | undefined, key: Key | undefined): bigint | undefined {
  return (key === undefined ? undefined : limit?.named.get(key)) ?? limit?.otherRaw;
}
