import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cryptoReady,
  derivePublicKey,
  hashBlock,
  hexToBytes,
  type PublicKey,
  parseBlockHash,
  publicKeyOf,
  signBlock,
} from "../../../src/nano/index.js";
import type { Journal, JournalEntry } from "../../../src/purse/journal.js";
import { openJournalWith } from "../../../src/purse/journal-file.node.js";
import type { FinishedPayment } from "../../../src/purse/journal-history.js";
import { type OpenDatabase, openLibsql, type SqlDatabase } from "../../../src/purse/journal-sqlite.node.js";

export const NOW_MS = 1_800_000_000_000;
const KEYS = ["7a", "7b", "7c"].map((byte) => hexToBytes(byte.repeat(32), 32));

/** Its main account, another one of it, and a stranger's. */
export async function testAccounts(): Promise<readonly [PublicKey, PublicKey, PublicKey]> {
  await cryptoReady();
  const [main, second, stranger] = KEYS.map((key) => publicKeyOf(derivePublicKey(key)));
  if (main === undefined || second === undefined || stranger === undefined) throw new TypeError("three keys");
  return [main, second, stranger];
}

/** A payment that could have been made: signed, each with its own number. Needs `cryptoReady()`. */
export function makeEntry(
  number: number,
  changes: Partial<JournalEntry> & { readonly key?: number } = {},
): JournalEntry {
  const { key = 0, ...rest } = changes;
  const secretKey = KEYS[key] ?? hexToBytes("00".repeat(32), 32);
  const payTo = publicKeyOf(hexToBytes(["5e", "6f"][number % 2]?.repeat(32) ?? "", 32));
  const priceRaw = 10n ** 28n * BigInt(1 + (number % 7));
  const track = number % 3 === 0 ? "nanoTxn" : "nanoSignature";
  const amountRaw = track === "nanoTxn" ? priceRaw + 1n : priceRaw;
  const account = publicKeyOf(derivePublicKey(secretKey));
  const unsigned = {
    account,
    previous: parseBlockHash((number + 1).toString(16).padStart(64, "a")),
    representative: account,
    balanceRaw: 2n ** 127n - BigInt(number),
    link: payTo,
  };
  const work = number % 5 === 0 ? undefined : (number + 1).toString(16).padStart(16, "c");
  const block = { ...signBlock(unsigned, secretKey), work };
  const host = number % 4 === 0 ? undefined : `seller-${String(number % 4)}.example`;
  return {
    hash: hashBlock(block),
    block,
    track,
    payTo,
    amountRaw,
    resource: host === undefined ? undefined : `https://${host}/${String(number)}?key=ä`,
    reservation: { day: 20_000 + (number % 2), amountRaw: priceRaw, host, payTo },
    sinceMs: NOW_MS + number + 0.25,
    sighting: "unknown",
    isServed: false,
    inFlightUntilMs: [],
    presented: 0,
    lastReason: undefined,
    ...rest,
  };
}

/** What a disk does that has no room or is broken. */
export interface Disk {
  /** The next statements that match fail; undefined: none does. */
  failing: RegExp | undefined;
  readonly failures: string[];
  /** How many rows were read. */
  rows: number;
  readonly statements: string[];
}

export interface Place {
  readonly path: string;
  readonly disk: Disk;
  open(options?: { readonly accounts?: readonly PublicKey[]; readonly clock?: () => number }): Promise<Journal>;
  /** The files as a machine finds them that lost its power now, elsewhere: the process that has these open goes on. */
  afterCrash(): Place;
}

const directories: string[] = [];

export function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "x402-nano-journal-"));
  directories.push(directory);
  return directory;
}

export function removePlaces(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export function createPlace(): Place {
  const path = join(makeDirectory(), "purse.db");
  const disk: Disk = { failing: undefined, failures: [], rows: 0, statements: [] };
  return {
    path,
    disk,
    async open({ accounts, clock = () => NOW_MS } = {}) {
      const [main] = await testAccounts();
      return openJournalWith(path, { accounts: accounts ?? [main], clock }, openOn(disk));
    },
    afterCrash() {
      const place = createPlace();
      for (const suffix of ["", "-wal"]) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, place.path + suffix);
      }
      return place;
    },
  };
}

function openOn(disk: Disk): OpenDatabase {
  return async (file) => failingDatabase(await openLibsql(file), disk);
}

function failingDatabase(real: SqlDatabase, disk: Disk): SqlDatabase {
  const spoil = (sql: string): void => {
    disk.statements.push(sql);
    if (disk.failing?.test(sql) !== true) return;
    disk.failures.push(sql);
    throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
  };
  return {
    exec(sql) {
      spoil(sql);
      real.exec(sql);
    },
    prepare(sql) {
      const statement = real.prepare(sql);
      return {
        run(values) {
          spoil(sql);
          statement.run(values);
        },
        all(values) {
          spoil(sql);
          const rows = statement.all(values);
          disk.rows += rows.length;
          return rows;
        },
      };
    },
    close: () => real.close(),
  };
}

/** All of it, newest first, in pages of `limit`. */
export async function readHistory(journal: Journal, limit = 3): Promise<FinishedPayment[]> {
  const payments: FinishedPayment[] = [];
  for (let before: number | undefined; ; ) {
    const page = await journal.history({ limit, before });
    payments.push(...page.payments);
    if (page.next === undefined) return payments;
    before = page.next;
  }
}

/** Everything that can be read of a journal. */
export async function readJournal(journal: Journal) {
  return { list: journal.list(), history: await readHistory(journal), finished: journal.finished() };
}

/** Changes a file behind its journal's back. */
export async function tamper(path: string, ...statements: readonly string[]): Promise<void> {
  const database = await openLibsql(path);
  for (const sql of statements) database.exec(sql);
  database.close();
}
