import { type ErrorCode, type ErrorFacts, NanoError } from "../../errors/index.js";
import { addressOf, formatXno } from "../../nano/index.js";
import { assertAllowed, type Receiver } from "./lists.js";
import { dayOf, type LimitRecord } from "./record.js";
import { limitFor, type SpendingLimits } from "./spending-limits.js";
import { type SpentSummary, summarise } from "./summary.js";
import { createSpentSums } from "./sums.js";

export interface Spending extends Receiver {
  readonly priceRaw: bigint;
  /** A caller's own limit for one payment, where it is stricter. */
  readonly capRaw?: bigint | undefined;
}

export interface Limits {
  /** Asked at the door, before anything is reserved or presented. Throws `payment_not_allowed`. */
  assertAllowed(receiver: Receiver): void;

  /**
   * Checks every limit and counts the amount, in one step without an await: parallel calls cannot overspend together.
   * Throws `limit_per_payment`, `limit_total`, `limit_per_day`, `limit_per_pay_to` or `limit_per_host`: the widest
   * one that is exhausted, for whoever hears of a host's limit may try another host.
   */
  reserve(spending: Spending): LimitRecord;

  /** For a record whose block was never signed, or can never land. A second time does nothing. */
  giveBack(record: LimitRecord): void;

  /** Of the UTC day; `beside` is left out. */
  spentTodayRaw(beside?: LimitRecord): bigint;
  spent(): SpentSummary;
}

/**
 * `records`: what was spent before this start, those of open payments as the very objects that the journal lists,
 * because a record is given back by identity: two equal payments are two records.
 */
export function createLimits(limits: SpendingLimits, clock: () => number, records: Iterable<LimitRecord> = []): Limits {
  const sums = createSpentSums();
  const counted = new WeakSet<LimitRecord>();
  const today = (): number => dayOf(clock());
  const count = (record: LimitRecord): void => {
    if (counted.has(record)) return;
    counted.add(record);
    sums.add(record);
  };
  for (const record of records) count(record);

  return {
    assertAllowed: (receiver) => {
      assertAllowed(limits, receiver);
    },
    reserve(spending) {
      const { priceRaw: amountRaw, host, payTo, capRaw } = spending;
      const { perPaymentRaw, perDayRaw, totalRaw, perHost, perPayTo } = limits;
      const onceRaw = capRaw === undefined || capRaw > perPaymentRaw ? perPaymentRaw : capRaw;
      if (amountRaw > onceRaw) throw refusal("limit_per_payment", spending, amountFacts("limit", onceRaw));
      const day = today();
      const assertLeft = (code: ErrorCode, limitRaw: bigint | undefined, spentRaw: bigint): void => {
        if (limitRaw === undefined || spentRaw + amountRaw <= limitRaw) return;
        throw refusal(code, spending, { ...amountFacts("limit", limitRaw), ...amountFacts("spent", spentRaw) });
      };
      assertLeft("limit_total", totalRaw, sums.all.totalRaw);
      assertLeft("limit_per_day", perDayRaw, sums.all.onDay(day));
      assertLeft("limit_per_pay_to", limitFor(perPayTo, payTo), sums.ofPayTo(payTo).onDay(day));
      assertLeft("limit_per_host", limitFor(perHost, host), sums.ofHost(host).onDay(day));
      const record = { day, amountRaw, host, payTo };
      count(record);
      return record;
    },
    giveBack(record) {
      if (counted.delete(record)) sums.subtract(record);
    },
    spentTodayRaw(beside) {
      const day = today();
      return sums.all.onDay(day) - (beside?.day === day ? beside.amountRaw : 0n);
    },
    spent: () => summarise(limits, sums, today()),
  };
}

function refusal(code: ErrorCode, { priceRaw, host, payTo }: Spending, about: ErrorFacts): NanoError {
  const where = { host: host ?? "unknown", payTo: addressOf(payTo) };
  return new NanoError(code, { ...amountFacts("amount", priceRaw), ...about, ...where });
}

/** An amount for a person and for a program: `amount: "0.1 XNO", amountRaw: "1000…"`. */
export function amountFacts(name: string, raw: bigint): ErrorFacts {
  return { [name]: formatXno(raw), [`${name}Raw`]: raw.toString() };
}
