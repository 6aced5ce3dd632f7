import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sqliteStore } from "x402-nano/facilitator";
import { isNanoError } from "../../../src/errors/index.js";
import type { Claim } from "../../../src/store/port.js";
import { openLibsql } from "../../../src/store/sqlite/database.node.js";
import { MIGRATIONS, migrate } from "../../../src/store/sqlite/schema.js";

const hex = (number: number): string => number.toString(16).padStart(64, "0");
const claimOf = (hash: number, changes: Partial<Claim> = {}): Claim => ({
  purpose: "verify",
  account: hex(0xacc),
  hash: hex(hash),
  paymentId: "payment",
  leaseMs: 60_000,
  ...changes,
});

let directory = "";
let files = 0;
const newFile = (): string => join(directory, `store-${String(++files)}.db`);

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "x402-nano-sqlite-unit-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function codeOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  return isNanoError(error) ? error.code : "no NanoError";
}

describe("birth", () => {
  test("is when the file was created, however often it is opened", async () => {
    const path = newFile();
    const open = (nowMs: number) => sqliteStore(path, { clock: () => nowMs });
    for (const nowMs of [1_750_000_000_999, 1_750_000_100_000, 1_740_000_000_000]) {
      const store = await open(nowMs);
      expect(store.bornAtSeconds).toBe(1_750_000_000);
      await store.close();
    }
  });

  test("a file that was lost is born anew", async () => {
    const path = newFile();
    await (await sqliteStore(path, { clock: () => 1_750_000_000_000 })).close();
    rmSync(path);
    const store = await sqliteStore(path, { clock: () => 1_760_000_000_000 });
    expect(store.bornAtSeconds).toBe(1_760_000_000);
    await store.close();
  });
});

describe("one process per file", () => {
  test("a second store is refused while the first is open, and opens once it is closed", async () => {
    const path = newFile();
    const first = await sqliteStore(path);
    expect(await codeOf(sqliteStore(path))).toBe("store_unavailable");
    expect((await first.claim(claimOf(1))).outcome).toBe("claimed");
    await first.close();
    await first.close();
    const second = await sqliteStore(path);
    expect((await second.claim(claimOf(1))).outcome).toBe("in_progress");
    await second.close();
  });

  test("what was asked for before the close is answered", async () => {
    const path = newFile();
    const first = await sqliteStore(path);
    const claims = [first.claim(claimOf(1)), first.claim(claimOf(2))];
    await first.close();
    expect((await Promise.all(claims)).map(({ outcome }) => outcome)).toEqual(["claimed", "claimed"]);
    const second = await sqliteStore(path);
    expect((await second.claim(claimOf(2))).outcome).toBe("in_progress");
    await second.close();
  });
});

describe("the file", () => {
  test("is readable by its owner alone, and its folder is made", async () => {
    const path = join(directory, "deep", "er", "store.db");
    const store = await sqliteStore(path);
    expect(statSync(path).mode & 0o077).toBe(0);
    await store.close();
  });

  test.each(["", ":memory:", "file:store.db", "libsql://server.example/db", "https://server.example/db"])(
    "is a file, never %j",
    async (path) => {
      expect(await codeOf(sqliteStore(path))).toBe("invalid_configuration");
    },
  );

  test("that cannot be opened is unavailable", async () => {
    const folder = newFile();
    mkdirSync(folder);
    expect(await codeOf(sqliteStore(folder))).toBe("store_unavailable");
    const below = newFile();
    writeFileSync(below, "");
    expect(await codeOf(sqliteStore(join(below, "store.db")))).toBe("store_unavailable");
  });

  test("that is no database is left as it is, and not used", async () => {
    const path = newFile();
    writeFileSync(path, "somebody else's notes\n".repeat(1_000));
    expect(await codeOf(sqliteStore(path))).toBe("store_unusable");
    expect(statSync(path).size).toBe(22_000);
  });

  test("of another program is not used", async () => {
    const path = newFile();
    writeFileSync(path, "");
    const database = await openLibsql(path);
    database.exec("CREATE TABLE theirs (a)");
    database.close();
    expect(await codeOf(sqliteStore(path))).toBe("store_unusable");
  });

  test("that is damaged is not used, unless the check is off", async () => {
    const path = newFile();
    const store = await sqliteStore(path);
    const claims = Array.from({ length: 400 }, (_, index) => store.claim(claimOf(index)));
    for (const claim of await Promise.all(claims)) {
      if (claim.outcome === "claimed") await store.advance(claim.token, { to: "redeemed", result: "x".repeat(300) });
    }
    await store.close();
    truncateSync(path, statSync(path).size - 3 * 4_096);
    expect(await codeOf(sqliteStore(path))).toBe("store_unusable");
    expect(await codeOf(sqliteStore(path, { integrityCheck: "full" }))).toBe("store_unusable");
  });
});

describe("the schema", () => {
  const NEXT = [...MIGRATIONS, "ALTER TABLE redemption ADD COLUMN seen_at INTEGER"];

  async function openRaw(path: string) {
    writeFileSync(path, "", { flag: "a" });
    return openLibsql(path);
  }

  test("is brought from an older version to the newest, with what it holds", async () => {
    const path = newFile();
    const store = await sqliteStore(path, { clock: () => 1_750_000_000_000 });
    const claimed = await store.claim(claimOf(1));
    if (claimed.outcome === "claimed") await store.advance(claimed.token, { to: "redeemed", result: "done" });
    await store.close();
    const database = await openRaw(path);
    expect(migrate(database, 1_760_000_000, NEXT)).toEqual({ bornAtSeconds: 1_750_000_000 });
    expect(database.prepare("SELECT result, seen_at FROM redemption").all([])).toMatchObject([
      { result: "done", seen_at: null },
    ]);
    expect(migrate(database, 1_760_000_000, NEXT)).toEqual({ bornAtSeconds: 1_750_000_000 });
    database.close();
  });

  test("of a newer version is refused by an older program", async () => {
    const path = newFile();
    const database = await openRaw(path);
    migrate(database, 1_760_000_000, NEXT);
    database.close();
    expect(await codeOf(sqliteStore(path))).toBe("store_unusable");
  });

  test("stays as it was where a migration fails half-way", async () => {
    const path = newFile();
    await (await sqliteStore(path)).close();
    const database = await openRaw(path);
    const broken = [...MIGRATIONS, "CREATE TABLE half (a); CREATE TABLE half (a)"];
    expect(() => migrate(database, 1, broken)).toThrow();
    expect(database.prepare("SELECT count(*) AS tables FROM sqlite_schema WHERE name = 'half'").get([])).toMatchObject({
      tables: 0,
    });
    database.close();
    const store = await sqliteStore(path);
    await store.close();
  });
});

describe("a clock that was set back between two processes", () => {
  test("does not make a lease longer than it was", async () => {
    const path = newFile();
    const day = 86_400_000;
    const first = await sqliteStore(path, { clock: () => 1_750_000_000_000 });
    await first.claim(claimOf(1));
    await first.close();
    let nowMs = 1_750_000_000_000 - day;
    const second = await sqliteStore(path, { clock: () => nowMs });
    expect((await second.claim(claimOf(1))).outcome).toBe("in_progress");
    nowMs += 60_000;
    expect((await second.claim(claimOf(1))).outcome).toBe("claimed");
    await second.close();
  });
});
