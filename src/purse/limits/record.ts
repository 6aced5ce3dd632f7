import type { PublicKey } from "../../nano/index.js";

/**
 * What counts as spent, since before anything was signed: plain and serialisable, so that limits survive a restart in
 * the journal. Finished payments of one day, host and receiver may be kept as one record with their sum.
 */
export interface LimitRecord {
  /** The UTC day it was reserved on, counted from 1970-01-01. */
  readonly day: number;
  readonly amountRaw: bigint;
  /** As `hostOf` writes it; undefined where the resource was not known. */
  readonly host: string | undefined;
  readonly payTo: PublicKey;
}

const DAY_MS = 86_400_000;

export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/** `2027-01-15` */
export function nameDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Keeps one record per day, host and receiver: what is finished is only ever summed up. */
export interface RecordSums {
  add(record: LimitRecord): void;
  list(): readonly LimitRecord[];
}

export function createRecordSums(): RecordSums {
  const sums = new Map<string, LimitRecord>();
  return {
    add(record) {
      const key = `${record.day} ${record.payTo} ${record.host ?? ""}`;
      sums.set(key, { ...record, amountRaw: record.amountRaw + (sums.get(key)?.amountRaw ?? 0n) });
    },
    list: () => [...sums.values()],
  };
}
