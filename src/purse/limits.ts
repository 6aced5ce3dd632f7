import { type ErrorFacts, NanoError } from "../errors/index.js";
import { formatXno } from "../nano/index.js";

/** Money that counts as spent since before anything was signed. The day is the UTC day it was reserved on. */
export interface Reservation {
  readonly day: number;
  readonly amountRaw: bigint;
}

export interface Limits {
  /**
   * Checks both limits and counts the amount, in one step without an await: parallel calls cannot overspend together.
   * `capRaw` is a caller's own limit for one payment, where it is stricter. Throws `limit_per_payment` or
   * `limit_per_day`.
   */
  reserve(amountRaw: bigint, capRaw?: bigint): Reservation;

  /** For a reservation whose block was never signed, or can never land. A second time does nothing. */
  giveBack(reservation: Reservation): void;

  spentTodayRaw(): bigint;
}

const DAY_MS = 86_400_000;

export function createLimits(
  limits: { readonly perPaymentRaw: bigint; readonly perDayRaw: bigint },
  clock: () => number,
): Limits {
  /** By day, not one sum: a clock that is set back must not forget what was spent. */
  const spentRaw = new Map<number, bigint>();
  const counted = new WeakSet<Reservation>();
  const today = (): number => Math.floor(clock() / DAY_MS);
  const spentOn = (day: number): bigint => spentRaw.get(day) ?? 0n;

  return {
    reserve(amountRaw, capRaw) {
      const limitRaw = capRaw === undefined || capRaw > limits.perPaymentRaw ? limits.perPaymentRaw : capRaw;
      if (amountRaw > limitRaw) {
        throw new NanoError("limit_per_payment", {
          ...amountFacts("amount", amountRaw),
          ...amountFacts("limit", limitRaw),
        });
      }
      const day = today();
      const spent = spentOn(day);
      if (spent + amountRaw > limits.perDayRaw) {
        throw new NanoError("limit_per_day", {
          ...amountFacts("amount", amountRaw),
          ...amountFacts("limit", limits.perDayRaw),
          ...amountFacts("spentToday", spent),
        });
      }
      spentRaw.set(day, spent + amountRaw);
      const reservation = { day, amountRaw };
      counted.add(reservation);
      return reservation;
    },
    giveBack(reservation) {
      if (!counted.delete(reservation)) return;
      spentRaw.set(reservation.day, spentOn(reservation.day) - reservation.amountRaw);
    },
    spentTodayRaw: () => spentOn(today()),
  };
}

/** An amount for a person and for a program: `amount: "0.1 XNO", amountRaw: "1000…"`. */
export function amountFacts(name: string, raw: bigint): ErrorFacts {
  return { [name]: formatXno(raw), [`${name}Raw`]: raw.toString() };
}
