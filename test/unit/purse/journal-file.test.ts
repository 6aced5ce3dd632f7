import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cryptoReady, type PublicKey } from "../../../src/nano/index.js";
import { openJournalFile, openJournalWith } from "../../../src/purse/journal-file.node.js";
import { openLibsql } from "../../../src/purse/journal-sqlite.node.js";
import { journalContract } from "./journal-contract.js";
import {
  createPlace,
  makeDirectory,
  makeEntry,
  NOW_MS,
  readJournal,
  removePlaces,
  testAccounts,
} from "./journal-support.js";

let main: PublicKey;
let second: PublicKey;
let stranger: PublicKey;
beforeAll(async () => {
  await cryptoReady();
  [main, second, stranger] = await testAccounts();
});
afterAll(removePlaces);

journalContract("the journal in a file", (clock) => createPlace().open({ clock }));

test("everything is there again, each field of it", async () => {
  const place = createPlace();
  const first = await place.open();
  const entries = Array.from({ length: 12 }, (_, number) => makeEntry(number));
  await Promise.all(entries.map((entry) => first.add(entry)));
  const [a, b, c] = entries;
  if (a === undefined || b === undefined || c === undefined) throw new TypeError("twelve");
  await first.change(a.hash, { sighting: "confirmed", inFlightUntilMs: [NOW_MS + 0.5, NOW_MS + 2], presented: 2 });
  await first.change(b.hash, { isServed: true, lastReason: "half \ud83d, none \0, quote '" });
  await first.remove(c.hash, "spent");
  const before = await readJournal(first);
  await first.close();
  expect(readdirSync(join(place.path, ".."))).toEqual(["purse.db"]);
  const again = await place.open();
  expect(await readJournal(again)).toEqual(before);
  expect(again.get(a.hash)).toEqual({
    ...a,
    sighting: "confirmed",
    inFlightUntilMs: [NOW_MS + 0.5, NOW_MS + 2],
    presented: 2,
  });
  expect(again.get(b.hash)).toEqual({ ...b, isServed: true, lastReason: "half \ud83d, none \0, quote '" });
  expect(again.list()[3]?.reservation).toEqual(entries[4]?.reservation);
  await again.close();
});

test("a stranger's text as resource and host comes back as it was, from the history too", async () => {
  const place = createPlace();
  const first = await place.open();
  const text = "https://x/\0\ud800\u{1f600}'\";--\n";
  const entry = makeEntry(1, { resource: text });
  await first.add({ ...entry, reservation: { ...entry.reservation, host: text } });
  await first.add(makeEntry(2, { resource: "", reservation: { ...makeEntry(2).reservation, host: "" } }));
  await first.remove(entry.hash, "spent");
  await first.remove(makeEntry(2).hash, "spent");
  const before = await readJournal(first);
  await first.close();
  const again = await place.open();
  expect(await readJournal(again)).toEqual(before);
  expect(before.history.map(({ resource, host }) => [resource, host])).toEqual([
    ["", ""],
    [text, text],
  ]);
  await again.close();
});

test("nothing is answered before it is on the disk, and callers of one moment share one wait for it", async () => {
  const place = createPlace();
  const journal = await place.open();
  place.disk.statements.length = 0;
  const writes = Array.from({ length: 50 }, (_, number) => journal.add(makeEntry(number)));
  expect(place.disk.statements).toEqual([]);
  await Promise.all(writes);
  expect(place.disk.statements.filter((sql) => sql === "COMMIT")).toHaveLength(1);
  const crashed = await place.afterCrash().open();
  expect(crashed.list()).toEqual(journal.list());
  await Promise.all([journal.close(), crashed.close()]);
});

test("each commit waits for the disk (WAL, synchronous FULL)", async () => {
  const { path } = createPlace();
  const seen: unknown[] = [];
  const journal = await openJournalWith(path, { accounts: [main] }, async (file) => {
    const database = await openLibsql(file);
    const look = (): void => {
      for (const name of ["journal_mode", "synchronous", "locking_mode"]) {
        seen.push(Reflect.get(Object(database.prepare(`PRAGMA ${name}`).all([])[0]), name));
      }
    };
    return {
      ...database,
      prepare(sql) {
        if (sql.startsWith("INSERT INTO history")) look();
        return database.prepare(sql);
      },
    };
  });
  expect(seen).toEqual(["wal", 2, "exclusive"]);
  await journal.close();
});

test("the file and its log are for its owner alone, and no secret is in them", async () => {
  const place = createPlace();
  const journal = await place.open();
  await journal.add(makeEntry(1));
  for (const suffix of ["", "-wal"]) {
    expect(statSync(place.path + suffix).mode & 0o777).toBe(0o600);
    const bytes = readFileSync(place.path + suffix);
    for (const secret of ["7a".repeat(32), "7A".repeat(32)]) {
      expect(bytes.includes(Buffer.from(secret))).toBe(false);
      expect(bytes.includes(Buffer.from(secret, "hex"))).toBe(false);
    }
  }
  await journal.close();
});

test.each(["", ":memory:", ":any", "file:purse.db", "http://a.example/db", "libsql://a.example", "a\0b"])(
  "refuses %j as a path",
  async (path) => {
    await expect(openJournalFile(path, { accounts: [main] })).rejects.toMatchObject({
      code: "invalid_configuration",
      facts: { setting: "journal" },
    });
  },
);

test("makes the folders that are missing, for the owner alone", async () => {
  const directory = makeDirectory();
  const path = join(directory, "a", "b", "purse.db");
  const journal = await openJournalFile(path, { accounts: [main] });
  expect(existsSync(path)).toBe(true);
  expect(statSync(join(directory, "a")).mode & 0o777).toBe(0o700);
  await journal.close();
});

test("a relative path starts at the working directory, and errors name the whole of it", async () => {
  const directory = makeDirectory();
  writeFileSync(join(directory, "file"), "");
  const relative = join("..", "..", "..", "..", "..", "..", "..", "..", directory, "file", "purse.db");
  await expect(openJournalFile(relative, { accounts: [main] })).rejects.toMatchObject({
    code: "store_unavailable",
    facts: { path: join(directory, "file", "purse.db") },
  });
});

test("wants an account", async () => {
  await expect(openJournalFile(createPlace().path, { accounts: [] })).rejects.toMatchObject({
    code: "invalid_configuration",
  });
});

test("a second one is told so at once, and can open it once the first is closed", async () => {
  const place = createPlace();
  const first = await place.open();
  await expect(place.open()).rejects.toMatchObject({
    code: "store_unavailable",
    facts: { path: place.path, why: expect.stringContaining("has the journal open") },
  });
  await first.add(makeEntry(1));
  await first.close();
  const again = await place.open();
  expect(again.list()).toHaveLength(1);
  await again.close();
});

test("another purse's file is refused, and stays its own", async () => {
  const place = createPlace();
  const first = await place.open();
  await first.add(makeEntry(1));
  await first.close();
  const bytes = readFileSync(place.path);
  for (const accounts of [[stranger], [stranger, main]]) {
    await expect(place.open({ accounts })).rejects.toMatchObject({
      code: "account_mismatch",
      facts: { path: place.path },
    });
  }
  expect(readFileSync(place.path).equals(bytes)).toBe(true);
  const again = await place.open();
  expect(again.list()).toHaveLength(1);
  await again.close();
});

test("accounts may be added later, and left out while none of their payments is open", async () => {
  const place = createPlace();
  await (await place.open()).close();
  const both = await place.open({ accounts: [main, second] });
  const entry = makeEntry(1, { key: 1 });
  await both.add(entry);
  await both.close();
  await expect(place.open()).rejects.toMatchObject({ code: "account_mismatch", facts: { hash: entry.hash } });
  const again = await place.open({ accounts: [main, stranger, second] });
  expect(again.list()).toEqual([entry]);
  await again.remove(entry.hash, "spent");
  await again.close();
  const alone = await place.open();
  expect(alone.finished()).toEqual([entry.reservation]);
  await alone.close();
});

test("a file that is gone, or is another one: the write rejects and has not happened; back again, so do writes", async () => {
  const place = createPlace();
  const journal = await place.open();
  const kept = makeEntry(1);
  await journal.add(kept);
  const away = `${place.path}-away`;
  for (const suffix of ["", "-wal"]) {
    const path = place.path + suffix;
    renameSync(path, away);
    const gone = { code: "store_unavailable", facts: { path: place.path, why: "the journal's file is gone" } };
    await expect(journal.add(makeEntry(2))).rejects.toMatchObject(gone);
    writeFileSync(path, "another");
    await expect(journal.change(kept.hash, { presented: 9 })).rejects.toMatchObject(gone);
    await expect(journal.remove(kept.hash, "spent")).rejects.toMatchObject(gone);
    expect(journal.list()).toEqual([kept]);
    expect(journal.finished()).toEqual([]);
    rmSync(path);
    renameSync(away, path);
  }
  await journal.add(makeEntry(3));
  expect(journal.list()).toEqual([kept, makeEntry(3)]);
  await journal.close();
  const again = await place.open();
  expect(again.list()).toEqual([kept, makeEntry(3)]);
  await again.close();
});

test.each([/BEGIN IMMEDIATE/, /INSERT INTO entry/, /INSERT INTO history/, /DELETE/, /COMMIT/])(
  "a disk that refuses %s: nothing of the batch has happened, and whoever waits is told; later writes work",
  async (failing) => {
    const place = createPlace();
    const journal = await place.open();
    const [one, two, three] = [makeEntry(1), makeEntry(2), makeEntry(3)];
    await Promise.all([journal.add(one), journal.add(two)]);
    await journal.remove(two.hash, "spent");
    const before = await readJournal(journal);
    place.disk.failing = failing;
    const writes = [
      journal.change(one.hash, { presented: 7 }),
      journal.remove(one.hash, "void"),
      journal.add(three),
      journal.add(one),
      // They decide nothing themselves, and rely on what was not written.
      journal.remove(two.hash, "spent"),
      journal.change(two.hash, { presented: 7 }),
    ];
    const told = journal.nextChange();
    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { code: "store_unavailable", facts: { path: place.path } },
      });
    }
    await told;
    place.disk.failing = undefined;
    expect(await readJournal(journal)).toEqual(before);
    await journal.add(three);
    const crashed = await place.afterCrash().open();
    expect(crashed.list()).toEqual([one, three]);
    await Promise.all([journal.close(), crashed.close()]);
  },
);

test("a disk that is really full (SQLite's own limit of pages)", async () => {
  const place = createPlace();
  let limit: (pages: number) => void = () => undefined;
  const journal = await openJournalWith(place.path, { accounts: [main] }, async (file) => {
    const database = await openLibsql(file);
    limit = (pages) => {
      database.prepare(`PRAGMA max_page_count = ${String(pages)}`).all([]);
    };
    return database;
  });
  await journal.add(makeEntry(1));
  limit(1);
  const many = Array.from({ length: 60 }, (_, number) => makeEntry(100 + number));
  const results = await Promise.allSettled(many.map((entry) => journal.add(entry)));
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["rejected"]));
  expect(journal.list()).toEqual([makeEntry(1)]);
  limit(100_000);
  await Promise.all(many.map((entry) => journal.add(entry)));
  expect(journal.list()).toHaveLength(61);
  await journal.close();
});

test("a number that is none is refused, where JSON would have made the file unreadable", async () => {
  const place = createPlace();
  const journal = await place.open();
  await expect(journal.add(makeEntry(1, { sinceMs: Number.NaN }))).rejects.toMatchObject({ code: "invalid_request" });
  expect(journal.list()).toEqual([]);
  await journal.close();
  await (await place.open()).close();
});

test("100,000 finished payments are not read at the start, only their sums", async () => {
  const place = createPlace();
  const first = await place.open();
  const entry = makeEntry(1);
  await first.add(entry);
  await first.remove(entry.hash, "spent");
  await first.close();
  const database = await openLibsql(place.path);
  database.exec(`INSERT INTO history (hash, pay_to, amount, resource, host, day, counted, since_ms, finished_at_ms, outcome)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999)
    SELECT hash, pay_to, amount, resource, host, day + i % 3, counted, since_ms, finished_at_ms, outcome FROM history, n`);
  database.close();
  const again = await place.open();
  const sums = again.finished();
  expect(place.disk.rows).toBeLessThan(100);
  expect(sums).toHaveLength(3);
  expect(sums.reduce((sum, { amountRaw }) => sum + amountRaw, 0n)).toBe(100_000n * entry.reservation.amountRaw);
  expect((await again.history({ limit: 10 })).payments).toHaveLength(10);
  expect(place.disk.rows).toBeLessThan(100);
  await again.close();
});
