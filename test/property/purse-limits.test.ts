import fc from "fast-check";
import { expect, test } from "vitest";
import { NanoError } from "../../src/errors/index.js";
import { type PublicKey, publicKeyOf } from "../../src/nano/index.js";
import { createLimits, createRecordSums, type LimitRecord, type Limits } from "../../src/purse/limits/index.js";

const RUNS = { seed: 6, numRuns: 500 };
const DAY_MS = 86_400_000;
const HOSTS = ["a.example", "b.example:8443", undefined];
const PAY_TOS = [5, 6].map((byte) => publicKeyOf(new Uint8Array(32).fill(byte)));

const amount = fc.bigInt({ min: 0n, max: 12n });
const limit = fc.bigInt({ min: 1n, max: 30n });
const maybeLimit = fc.option(limit, { nil: undefined });
const settings = fc.record({
  perPaymentRaw: fc.bigInt({ min: 1n, max: 12n }),
  perDayRaw: limit,
  perHost: fc.record({
    named: maybeLimit.map((raw) => new Map(raw === undefined ? [] : [["a.example", raw] as const])),
    otherRaw: maybeLimit,
  }),
  perPayTo: fc.record({
    named: maybeLimit.map((raw) => new Map(raw === undefined ? [] : [[PAY_TOS[0] as PublicKey, raw] as const])),
    otherRaw: maybeLimit,
  }),
  totalRaw: fc.option(fc.bigInt({ min: 1n, max: 90n }), { nil: undefined }),
});
type Settings = typeof settings extends fc.Arbitrary<infer Value> ? Value : never;

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("reserve" as const),
      priceRaw: amount,
      host: fc.constantFrom(...HOSTS),
      payTo: fc.constantFrom(...PAY_TOS),
      capRaw: fc.option(amount, { nil: undefined }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("giveBack" as const), pick: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("finish" as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      byMs: fc.integer({ min: -2 * DAY_MS, max: 3 * DAY_MS }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
);

interface Spent {
  readonly day: number;
  readonly host: string | undefined;
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
}

const sumOf = (spent: readonly Spent[], isMeant: (one: Spent) => boolean): bigint =>
  spent.filter(isMeant).reduce((sum, { amountRaw }) => sum + amountRaw, 0n);

/** Which limits a payment would break, from nothing but the list of all that counts. */
function brokenBy(next: Spent, capRaw: bigint | undefined, spent: readonly Spent[], rules: Settings): string[] {
  const { day, host, payTo, amountRaw } = next;
  const sumWith = (isMeant: (one: Spent) => boolean): bigint => amountRaw + sumOf(spent, isMeant);
  const hostLimit =
    host === "a.example" ? (rules.perHost.named.get(host) ?? rules.perHost.otherRaw) : rules.perHost.otherRaw;
  const payToLimit = rules.perPayTo.named.get(payTo) ?? rules.perPayTo.otherRaw;
  const judged: [string, boolean][] = [
    ["limit_per_payment", amountRaw > rules.perPaymentRaw || (capRaw !== undefined && amountRaw > capRaw)],
    ["limit_total", rules.totalRaw !== undefined && sumWith(() => true) > rules.totalRaw],
    ["limit_per_day", sumWith((one) => one.day === day) > rules.perDayRaw],
    [
      "limit_per_pay_to",
      payToLimit !== undefined && sumWith((one) => one.day === day && one.payTo === payTo) > payToLimit,
    ],
    ["limit_per_host", hostLimit !== undefined && sumWith((one) => one.day === day && one.host === host) > hostLimit],
  ];
  return judged.flatMap(([code, isBroken]) => (isBroken ? [code] : []));
}

/** The sums that the purse tells are those of the list, nothing rounded and nothing forgotten. */
function checkSums(limits: Limits, spent: readonly Spent[], day: number): void {
  const told = limits.spent();
  expect(told.total.spentRaw).toBe(sumOf(spent, () => true));
  expect(told.today.spentRaw).toBe(sumOf(spent, (one) => one.day === day));
  expect(limits.spentTodayRaw()).toBe(told.today.spentRaw);
  for (const host of HOSTS) {
    const at = told.byHost.find((one) => one.host === host);
    expect(at?.total.spentRaw ?? 0n).toBe(sumOf(spent, (one) => one.host === host));
    expect(at?.today.spentRaw ?? 0n).toBe(sumOf(spent, (one) => one.host === host && one.day === day));
  }
  expect(told.byPayTo.reduce((sum, { total }) => sum + total.spentRaw, 0n)).toBe(told.total.spentRaw);
}

test("whatever is reserved, given back, finished and restarted, no limit is exceeded and every sum is exact", () => {
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 60 }), (rules, steps) => {
      let nowMs = 1_800_000_000_000;
      const clock = () => nowMs;
      let limits = createLimits(rules, clock);
      /** What a journal holds: payments that are open, and what is left of those that are finished. */
      let open: LimitRecord[] = [];
      let history = createRecordSums();
      /** The model: all that counts, one by one. */
      const spent: Spent[] = [];
      const takeOpen = (pick: number): LimitRecord | undefined =>
        open.splice(open.length === 0 ? 0 : pick % open.length, 1)[0];

      for (const next of steps) {
        const day = Math.floor(nowMs / DAY_MS);
        if (next.kind === "clock") nowMs = Math.max(0, nowMs + next.byMs);
        if (next.kind === "reserve") {
          const wanted = { day, host: next.host, payTo: next.payTo, amountRaw: next.priceRaw };
          const broken = brokenBy(wanted, next.capRaw, spent, rules);
          try {
            const record = limits.reserve(next);
            expect(broken).toEqual([]);
            expect(record).toEqual(wanted);
            open.push(record);
            spent.push(wanted);
          } catch (error) {
            if (!(error instanceof NanoError)) throw error;
            expect(error.code).toBe(broken[0]);
          }
        }
        if (next.kind === "giveBack") {
          const record = takeOpen(next.pick);
          if (record !== undefined) {
            for (let times = 0; times < 2; times += 1) limits.giveBack(record);
            spent.splice(
              spent.findIndex((one) => isSame(one, record)),
              1,
            );
          }
        }
        if (next.kind === "finish") {
          const record = takeOpen(next.pick);
          if (record !== undefined) history.add(record);
        }
        if (next.kind === "restart") {
          open = structuredClone(open);
          const records = structuredClone(history.list());
          history = createRecordSums();
          for (const record of records) history.add(record);
          limits = createLimits(rules, clock, [...history.list(), ...open]);
        }
        checkSums(limits, spent, Math.floor(nowMs / DAY_MS));
      }
      for (const record of open) limits.giveBack(record);
      expect(limits.spent().total.spentRaw).toBe(history.list().reduce((sum, { amountRaw }) => sum + amountRaw, 0n));
    }),
    RUNS,
  );
});

function isSame(one: Spent, other: Spent): boolean {
  return (
    one.day === other.day && one.host === other.host && one.payTo === other.payTo && one.amountRaw === other.amountRaw
  );
}
