import { addressOf, formatXno } from "../../nano/index.js";
import { nameDay } from "./record.js";
import { limitFor, type SpendingLimits } from "./spending-limits.js";
import type { SpentSums, Sum } from "./sums.js";

/** What was spent, for people and programs. Payments that are not served yet and those written off count. */
export interface SpentSummary {
  /** The UTC day that `today` means: `"2027-01-15"`. */
  readonly day: string;
  readonly perPayment: { readonly limitRaw: bigint; readonly limit: string };
  readonly today: SpentAmount;
  readonly total: SpentAmount;
  /** Where most was spent first; hosts with a limit of their own are listed without a payment too. */
  readonly byHost: readonly SpentAtHost[];
  readonly byPayTo: readonly SpentOnPayTo[];
}

/** What is left is what this limit alone leaves; without a limit it is undefined. */
export interface SpentAmount {
  readonly spentRaw: bigint;
  readonly spent: string;
  readonly limitRaw: bigint | undefined;
  readonly limit: string | undefined;
  readonly leftRaw: bigint | undefined;
  readonly left: string | undefined;
}

export interface SpentAtHost {
  /** undefined: what was bought without a known resource. */
  readonly host: string | undefined;
  readonly today: SpentAmount;
  readonly total: SpentAmount;
}

export interface SpentOnPayTo {
  readonly payTo: string;
  readonly today: SpentAmount;
  readonly total: SpentAmount;
}

export function summarise(limits: SpendingLimits, sums: SpentSums, day: number): SpentSummary {
  const { perPaymentRaw, perDayRaw, perHost, perPayTo, totalRaw } = limits;
  const hosts = new Set([...sums.hosts(), ...(perHost?.named.keys() ?? [])]);
  const payTos = new Set([...sums.payTos(), ...(perPayTo?.named.keys() ?? [])]);
  const of = (sum: Sum, limitRaw: bigint | undefined) => ({
    today: describe(sum.onDay(day), limitRaw),
    total: describe(sum.totalRaw, undefined),
  });
  return {
    day: nameDay(day),
    perPayment: { limitRaw: perPaymentRaw, limit: formatXno(perPaymentRaw) },
    today: describe(sums.all.onDay(day), perDayRaw),
    total: describe(sums.all.totalRaw, totalRaw),
    byHost: [...hosts].map((host) => ({ host, ...of(sums.ofHost(host), limitFor(perHost, host)) })).sort(byTotal),
    byPayTo: [...payTos]
      .map((key) => ({ payTo: addressOf(key), ...of(sums.ofPayTo(key), limitFor(perPayTo, key)) }))
      .sort(byTotal),
  };
}

/** A limit can have been lowered below what was spent already. */
function describe(spentRaw: bigint, limitRaw: bigint | undefined): SpentAmount {
  const overRaw = limitRaw === undefined ? undefined : limitRaw - spentRaw;
  const leftRaw = overRaw !== undefined && overRaw < 0n ? 0n : overRaw;
  const name = (raw: bigint | undefined) => (raw === undefined ? undefined : formatXno(raw));
  return { spentRaw, spent: formatXno(spentRaw), limitRaw, limit: name(limitRaw), leftRaw, left: name(leftRaw) };
}

interface WithTotal {
  readonly total: SpentAmount;
}

function byTotal({ total: left }: WithTotal, { total: right }: WithTotal): number {
  if (left.spentRaw === right.spentRaw) return 0;
  return left.spentRaw > right.spentRaw ? -1 : 1;
}
