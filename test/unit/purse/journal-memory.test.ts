import { expect, test } from "vitest";
import { cryptoReady } from "../../../src/nano/index.js";
import { createMemoryJournal } from "../../../src/purse/journal.js";
import { openJournalFile } from "../../../src/purse/journal-file.browser.js";
import { createMemoryHistory } from "../../../src/purse/journal-history.js";
import { journalContract } from "./journal-contract.js";
import { makeEntry, NOW_MS } from "./journal-support.js";

journalContract("the journal in memory", async (clock) => createMemoryJournal({ clock }));

test("the history in memory forgets the oldest payments, and none of what was spent", async () => {
  await cryptoReady();
  const history = createMemoryHistory(2);
  const { hash, payTo, reservation } = makeEntry(1);
  for (const sinceMs of [1, 2, 3]) {
    const { day, host, amountRaw: countedRaw } = reservation;
    const counted = { hash, payTo, amountRaw: 5n, resource: undefined, host, day, countedRaw };
    history.add({ ...counted, sinceMs, finishedAtMs: NOW_MS, outcome: "served" });
  }
  const page = history.page({ limit: 10, before: Number.MAX_SAFE_INTEGER });
  expect(page.payments.map(({ sinceMs }) => sinceMs)).toEqual([3, 2]);
  expect(page.next).toBeUndefined();
  expect(history.records()).toEqual([{ ...reservation, amountRaw: 3n * reservation.amountRaw }]);
});

test("a browser has no file for it, and says what to do instead", async () => {
  await expect(openJournalFile("/tmp/purse.db", { accounts: [] })).rejects.toMatchObject({
    code: "missing_dependency",
    facts: { package: "libsql", why: expect.stringMatching(/in memory.*Journal of your own/) },
  });
});
