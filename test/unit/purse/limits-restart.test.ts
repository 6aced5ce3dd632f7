import { expect, test } from "vitest";
import { blockHashOf, hexToBytes, parseAddress, type SignedBlock } from "../../../src/nano/index.js";
import { createMemoryJournal, type EntryEnd, type Journal, type JournalEntry } from "../../../src/purse/journal.js";
import { createLimits, createRecordSums, type LimitRecord, type Limits } from "../../../src/purse/limits/index.js";
import { START_MS } from "../../support/manual-time.js";
import { OTHER_PAY_TO, PAY_TO } from "../../support/purse-world.js";

const DAY_MS = 86_400_000;
const [A, B] = [parseAddress(PAY_TO), parseAddress(OTHER_PAY_TO)];
const SETTINGS = {
  perPaymentRaw: 10n,
  perDayRaw: 20n,
  perHost: { named: new Map(), otherRaw: 12n },
  totalRaw: 30n,
};

/** As a purse does at its start. */
const rebuild = (journal: Journal, nowMs: number): Limits =>
  createLimits(SETTINGS, () => nowMs, [...journal.finished(), ...journal.list().map(({ reservation }) => reservation)]);

let hashes = 0;
function entryOf(reservation: LimitRecord): JournalEntry {
  hashes += 1;
  const hash = blockHashOf(hexToBytes(hashes.toString(16).padStart(64, "0"), 32));
  const block: SignedBlock = {
    account: A,
    previous: hash,
    representative: A,
    balanceRaw: 0n,
    link: reservation.payTo,
    signature: "",
    work: undefined,
  };
  return {
    hash,
    block,
    track: "nanoTxn",
    payTo: reservation.payTo,
    amountRaw: reservation.amountRaw,
    resource: undefined,
    reservation,
    sinceMs: START_MS,
    sighting: "unknown",
    isServed: false,
    inFlightUntilMs: [],
    presented: 0,
    lastReason: undefined,
  };
}

async function pay(journal: Journal, limits: Limits, host: string | undefined, priceRaw: bigint, payTo = A) {
  const entry = entryOf(limits.reserve({ host, priceRaw, payTo }));
  await journal.add(entry);
  return entry;
}

test("open, served and written off payments count after a restart, void and unsigned ones do not", async () => {
  const journal = createMemoryJournal();
  const before = createLimits(SETTINGS, () => START_MS);
  await pay(journal, before, "a.example", 3n);
  const ends: EntryEnd[] = ["spent", "spent", "void"];
  for (const end of ends) {
    const entry = await pay(journal, before, "b.example", 4n, B);
    await journal.remove(entry.hash, end);
    if (end === "void") before.giveBack(entry.reservation);
  }
  before.reserve({ host: "c.example", priceRaw: 5n, payTo: A });

  const after = rebuild(journal, START_MS);
  expect(after.spent()).toMatchObject({
    today: { spentRaw: 11n },
    total: { spentRaw: 11n },
    byHost: [
      { host: "b.example", today: { spentRaw: 8n, leftRaw: 4n } },
      { host: "a.example", today: { spentRaw: 3n } },
    ],
    byPayTo: [{ payTo: OTHER_PAY_TO }, { payTo: PAY_TO }],
  });
  expect(() => after.reserve({ host: "b.example", priceRaw: 5n, payTo: B })).toThrow(/this host/);
});

test("a payment from before the restart is given back once, also on another day", async () => {
  const journal = createMemoryJournal();
  const entry = await pay(
    journal,
    createLimits(SETTINGS, () => START_MS),
    "a.example",
    10n,
  );
  await journal.change(entry.hash, { presented: 1 });
  const after = rebuild(journal, START_MS + DAY_MS);
  expect([after.spentTodayRaw(), after.spent().total.spentRaw]).toEqual([0n, 10n]);
  const [listed] = journal.list();
  if (listed === undefined) throw new TypeError("not listed");
  after.giveBack(listed.reservation);
  after.giveBack(listed.reservation);
  expect(after.spent()).toMatchObject({ today: { spentRaw: 0n }, total: { spentRaw: 0n }, byHost: [] });
});

test("two equal payments are two, and one record handed in twice is one", () => {
  const record = { day: 1, amountRaw: 2n, host: undefined, payTo: A };
  const limits = createLimits(SETTINGS, () => DAY_MS, [record, { ...record }, record]);
  expect(limits.spentTodayRaw()).toBe(4n);
  limits.giveBack(record);
  limits.giveBack({ ...record });
  expect(limits.spentTodayRaw()).toBe(2n);
});

test("records beyond a limit that was lowered meanwhile leave nothing, and no error", () => {
  const records = [{ day: 1, amountRaw: 500n, host: "a.example", payTo: A }];
  const limits = createLimits(SETTINGS, () => DAY_MS, records);
  expect(() => limits.reserve({ host: "b.example", priceRaw: 1n, payTo: B })).toThrow(/all payments together/);
  expect(limits.spent()).toMatchObject({ today: { leftRaw: 0n }, total: { leftRaw: 0n } });
});

test("a record is a plain thing that survives being copied", () => {
  const limits = createLimits(SETTINGS, () => START_MS);
  const record = limits.reserve({ host: "a.example", priceRaw: 7n, payTo: A });
  expect(structuredClone(record)).toEqual({ day: 20_833, amountRaw: 7n, host: "a.example", payTo: A });
  const unknown = limits.reserve({ host: undefined, priceRaw: 7n, payTo: B });
  expect(createLimits(SETTINGS, () => START_MS, [structuredClone(unknown)]).spent()).toMatchObject({
    byHost: [{ host: undefined, today: { spentRaw: 7n } }],
  });
});

test("finished records are summed by day, host and receiver", () => {
  const sums = createRecordSums();
  const record = { day: 1, amountRaw: 2n, host: "a.example", payTo: A };
  const others = [
    { ...record, day: 2 },
    { ...record, host: undefined },
    { ...record, payTo: B },
  ];
  for (const each of [record, ...others, record]) sums.add(each);
  expect(sums.list()).toEqual([{ ...record, amountRaw: 4n }, ...others]);
});
