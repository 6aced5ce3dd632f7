import { beforeAll, describe, expect, test } from "vitest";
import { cryptoReady } from "../../../src/nano/index.js";
import type { Journal } from "../../../src/purse/journal.js";
import { makeEntry, NOW_MS, readHistory } from "./journal-support.js";

/** What every journal does, wherever it keeps what it is told. */
export function journalContract(name: string, open: (clock: () => number) => Promise<Journal>): void {
  describe(`${name}, as every journal`, () => {
    beforeAll(cryptoReady);

    const start = (clock: () => number = () => NOW_MS): Promise<Journal> => open(clock);

    test("is empty at first", async () => {
      const journal = await start();
      expect(journal.list()).toEqual([]);
      expect(journal.get(makeEntry(1).hash)).toBeUndefined();
      expect(await journal.history()).toEqual({ payments: [], next: undefined });
      expect(journal.finished()).toEqual([]);
      await journal.close();
    });

    test("shows a write at once, before it resolves", async () => {
      const journal = await start();
      const entry = makeEntry(1);
      const added = journal.add(entry);
      expect(journal.get(entry.hash)).toBe(entry);
      const changed = journal.change(entry.hash, { presented: 1 });
      expect(journal.get(entry.hash)).toEqual({ ...entry, presented: 1 });
      const removed = journal.remove(entry.hash, "spent");
      expect(journal.list()).toEqual([]);
      expect(journal.finished()).toEqual([entry.reservation]);
      await Promise.all([added, changed, removed]);
      expect(journal.list()).toEqual([]);
      await journal.close();
    });

    test("lists the oldest first; one that changes, or comes again, keeps its place and its other fields", async () => {
      const journal = await start();
      const entries = [1, 2, 3].map((number) => makeEntry(number));
      for (const entry of entries) await journal.add(entry);
      const [first, second, third] = entries.map(({ hash }) => hash);
      if (first === undefined || second === undefined || third === undefined) throw new TypeError("three");
      const changes = {
        sighting: "landed",
        isServed: true,
        inFlightUntilMs: [NOW_MS, NOW_MS + 0.5],
        presented: 3,
        lastReason: 'no "\u{fffd}"\0',
      } as const;
      await journal.change(first, changes);
      await journal.change(first, {});
      await journal.add(makeEntry(2, { resource: "https://other.example/" }));
      expect(journal.list()).toEqual([
        { ...entries[0], ...changes },
        { ...entries[1], resource: "https://other.example/" },
        entries[2],
      ]);
      await journal.change(first, { lastReason: undefined });
      expect(journal.get(first)).toEqual({ ...entries[0], ...changes, lastReason: undefined });
      await journal.close();
    });

    test("hands out the same reservation as long as an entry is listed: limits know it by identity", async () => {
      const journal = await start();
      const entry = makeEntry(5);
      await journal.add(entry);
      await journal.change(entry.hash, { presented: 1 });
      expect(journal.get(entry.hash)?.reservation).toBe(entry.reservation);
      await journal.close();
    });

    test("an entry that is gone stays gone, and one that comes again is the newest", async () => {
      const journal = await start();
      const [one, two] = [makeEntry(1), makeEntry(2)];
      await Promise.all([journal.add(one), journal.add(two)]);
      await journal.remove(one.hash, "void");
      await journal.change(one.hash, { presented: 1 });
      await journal.remove(one.hash, "spent");
      expect(journal.list()).toEqual([two]);
      expect(await readHistory(journal)).toHaveLength(1);
      await journal.add(one);
      expect(journal.list()).toEqual([two, one]);
      await journal.close();
    });

    test("keeps what is finished, newest first, with what became of it", async () => {
      let nowMs = NOW_MS;
      const journal = await start(() => nowMs);
      const [served, lost, given] = [makeEntry(6), makeEntry(7), makeEntry(8)];
      for (const entry of [served, lost, given]) await journal.add(entry);
      await journal.change(served.hash, { isServed: true });
      await journal.remove(served.hash, "spent");
      nowMs += 1_000.5;
      await journal.remove(lost.hash, "void");
      await journal.remove(given.hash, "spent");
      const common = ({ hash, payTo, amountRaw, resource, reservation, sinceMs }: typeof served) => ({
        ...{ hash, payTo, amountRaw, resource, sinceMs },
        ...{ day: reservation.day, host: reservation.host, countedRaw: reservation.amountRaw },
      });
      expect(await journal.history()).toEqual({
        payments: [
          { ...common(given), finishedAtMs: NOW_MS + 1_000.5, outcome: "written_off" },
          { ...common(lost), finishedAtMs: NOW_MS + 1_000.5, outcome: "void" },
          { ...common(served), finishedAtMs: NOW_MS, outcome: "served" },
        ],
        next: undefined,
      });
      expect(served.amountRaw).toBe(served.reservation.amountRaw + 1n);
      await journal.close();
    });

    test("shows the history by page; what is finished meanwhile moves nothing", async () => {
      const journal = await start();
      const entries = [1, 2, 3, 4, 5, 6, 7].map((number) => makeEntry(number));
      const finish = async (part: typeof entries): Promise<void> => {
        for (const entry of part) await journal.add(entry);
        for (const { hash } of part) await journal.remove(hash, "spent");
      };
      await finish(entries.slice(0, 5));
      const first = await journal.history({ limit: 2 });
      await finish(entries.slice(5));
      const second = await journal.history({ limit: 2, before: first.next });
      const third = await journal.history({ limit: 2, before: second.next });
      const hashes = [first, second, third].map(({ payments }) => payments.map(({ hash }) => hash));
      const [e1, e2, e3, e4, e5, e6, e7] = entries.map(({ hash }) => hash);
      expect(hashes).toEqual([[e5, e4], [e3, e2], [e1]]);
      expect([first.next, second.next, third.next].map((next) => next === undefined)).toEqual([false, false, true]);
      expect((await journal.history({ limit: 5 })).payments.map(({ hash }) => hash)).toEqual([e7, e6, e5, e4, e3]);
      expect((await journal.history({ limit: 7 })).next).toBeUndefined();
      await journal.close();
    });

    test.each([{ limit: 0 }, { limit: 1_001 }, { limit: 1.5 }, { limit: Number.NaN }, { before: 0.5 }])(
      "refuses the page %o",
      async (query) => {
        const journal = await start();
        await expect(journal.history(query)).rejects.toMatchObject({ code: "invalid_request" });
        await journal.close();
      },
    );

    test("sums up what is finished by day, host and receiver: void costs nothing, open ones are listed", async () => {
      const journal = await start();
      const huge = 2n ** 128n - 1n;
      const base = makeEntry(1).reservation;
      const reservations = [
        { ...base, amountRaw: huge },
        { ...base, amountRaw: huge },
        { ...base, amountRaw: 1n },
        { ...base, day: base.day + 1 },
        { ...base, host: undefined },
        { ...base, host: "other.example:8443" },
        { ...base, payTo: makeEntry(2).payTo },
      ];
      // Odd numbers have one receiver, even ones the other.
      const entries = reservations.map((reservation, index) =>
        makeEntry(reservation.payTo === base.payTo ? 11 + 2 * index : 12, { reservation }),
      );
      for (const entry of [...entries, makeEntry(31), makeEntry(33)]) await journal.add(entry);
      for (const { hash } of entries) await journal.remove(hash, "spent");
      await journal.remove(makeEntry(31).hash, "void");
      const found = journal.finished();
      const total = found.reduce((sum, { amountRaw }) => sum + amountRaw, 0n);
      expect(total).toBe(reservations.reduce((sum, { amountRaw }) => sum + amountRaw, 0n));
      expect(found).toEqual([{ ...base, amountRaw: 2n * huge + 1n }, ...reservations.slice(3)]);
      expect(journal.list()).toEqual([makeEntry(33)]);
      await journal.close();
    });

    test("tells whoever waits of the next write, once", async () => {
      const journal = await start();
      const heard: string[] = [];
      const listen = (what: string): Promise<void> => journal.nextChange().then(() => void heard.push(what));
      const entry = makeEntry(1);
      const waits = [listen("add")];
      await journal.add(entry);
      await Promise.all(waits);
      waits.push(listen("change"), listen("change too"));
      await journal.change(makeEntry(2).hash, { presented: 1 });
      await journal.remove(makeEntry(2).hash, "spent");
      expect(heard).toEqual(["add"]);
      await journal.change(entry.hash, { presented: 1 });
      await Promise.all(waits);
      waits.push(listen("remove"));
      await journal.remove(entry.hash, "spent");
      await Promise.all(waits);
      expect(heard).toEqual(["add", "change", "change too", "remove"]);
      await journal.close();
    });

    test("closed: what was written before is kept, later writes reject and change nothing, reads of entries go on", async () => {
      const journal = await start();
      const entry = makeEntry(1);
      const added = journal.add(entry);
      await journal.close();
      await added;
      await journal.close();
      const closed = { code: "store_unavailable" };
      await expect(journal.add(makeEntry(2))).rejects.toMatchObject(closed);
      await expect(journal.change(entry.hash, { presented: 1 })).rejects.toMatchObject(closed);
      await expect(journal.remove(entry.hash, "spent")).rejects.toMatchObject(closed);
      expect(journal.list()).toEqual([entry]);
    });
  });
}
