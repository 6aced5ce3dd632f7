import type { PublicKey } from "../../nano/index.js";
import type { LimitRecord } from "./record.js";

/** By day and not one sum: a clock that is set back must not forget what was spent. */
export interface Sum {
  readonly totalRaw: bigint;
  onDay(day: number): bigint;
}

/** What was spent: together, and by host and receiver. Nobody's sum takes no memory. */
export interface SpentSums {
  readonly all: Sum;
  /** Under `undefined` what was bought without a known resource. */
  ofHost(host: string | undefined): Sum;
  ofPayTo(payTo: PublicKey): Sum;
  hosts(): readonly (string | undefined)[];
  payTos(): readonly PublicKey[];
  add(record: LimitRecord): void;
  subtract(record: LimitRecord): void;
}

export function createSpentSums(): SpentSums {
  const all = createSum();
  const byHost = createSumsByKey<string | undefined>();
  const byPayTo = createSumsByKey<PublicKey>();
  const count = ({ day, host, payTo }: LimitRecord, amountRaw: bigint): void => {
    all.add(day, amountRaw);
    byHost.add(host, day, amountRaw);
    byPayTo.add(payTo, day, amountRaw);
  };
  return {
    all,
    ofHost: byHost.of,
    ofPayTo: byPayTo.of,
    hosts: byHost.keys,
    payTos: byPayTo.keys,
    add: (record) => {
      count(record, record.amountRaw);
    },
    subtract: (record) => {
      count(record, -record.amountRaw);
    },
  };
}

function createSum() {
  const days = new Map<number, bigint>();
  let totalRaw = 0n;
  return {
    get totalRaw() {
      return totalRaw;
    },
    onDay: (day: number): bigint => days.get(day) ?? 0n,
    add(day: number, amountRaw: bigint): void {
      totalRaw += amountRaw;
      const rest = (days.get(day) ?? 0n) + amountRaw;
      if (rest === 0n) days.delete(day);
      else days.set(day, rest);
    },
  };
}

function createSumsByKey<Key>() {
  const sums = new Map<Key, ReturnType<typeof createSum>>();
  const none = createSum();
  return {
    of: (key: Key): Sum => sums.get(key) ?? none,
    keys: (): readonly Key[] => [...sums.keys()],
    add(key: Key, day: number, amountRaw: bigint): void {
      const sum = sums.get(key) ?? createSum();
      sum.add(day, amountRaw);
      if (sum.totalRaw === 0n) sums.delete(key);
      else sums.set(key, sum);
    },
  };
}
