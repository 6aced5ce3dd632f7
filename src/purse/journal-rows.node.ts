import { z } from "zod";
import { NanoError } from "../errors/index.js";
import { addressOf, type PublicKey, parseRaw } from "../nano/index.js";
import type { JournalEntry, JournalWrite } from "./journal.js";
import { addressText, encodeEntry, hashText, parseEntry, rawText, readKept, textOf } from "./journal-codec.js";
import {
  FINISH_OUTCOMES,
  type FinishedPayment,
  type HistoryPage,
  makePage,
  type PageRequest,
} from "./journal-history.js";
import { APPLICATION_ID, judgeMarks, MIGRATIONS } from "./journal-schema.js";
import { pragma, readColumn, type SqlDatabase } from "./journal-sqlite.node.js";
import type { LimitRecord } from "./limits/index.js";

/** 40 digits in four pieces: 900 million rows of one group fit into a sum. */
const PIECES = [1, 11, 21, 31];
const PIECE_DIGITS = 10;
const SUMS = PIECES.map((from) => `CAST(sum(CAST(substr(counted, ${from}, 10) AS INTEGER)) AS TEXT)`).join(
  " || ' ' || ",
);
const RECORDS = `SELECT day, host, pay_to, ${SUMS} AS pieces FROM history WHERE outcome <> 'void'
  GROUP BY day, host, pay_to ORDER BY min(id)`;
const PAGE = "SELECT * FROM history WHERE id < ? ORDER BY id DESC LIMIT ?";
const SAVE = `INSERT INTO entry (hash, payment) VALUES (?,?)
  ON CONFLICT (hash) DO UPDATE SET payment = excluded.payment`;
const FINISH = `INSERT INTO history (hash, pay_to, amount, resource, host, day, counted, since_ms, finished_at_ms,
  outcome) VALUES (?,?,?,?,?,?,?,?,?,?)`;

const jsonText = textOf((text) => z.string().parse(JSON.parse(text)));
const optionalText = jsonText.nullable().transform((text) => text ?? undefined);
const countedText = textOf((digits) => parseRaw(digits.replace(/^0+(?=\d)/, "")));

const recordRow = z.object({
  day: z.number().int(),
  host: optionalText,
  pay_to: addressText,
  pieces: z.string().transform((pieces) => {
    const shift = 10n ** BigInt(PIECE_DIGITS);
    return pieces.split(" ").reduce((sum, piece) => sum * shift + BigInt(piece), 0n);
  }),
});

const historyRow = z.object({
  id: z.number().int(),
  hash: hashText,
  pay_to: addressText,
  amount: rawText,
  resource: optionalText,
  host: optionalText,
  day: z.number().int(),
  counted: countedText,
  since_ms: z.number(),
  finished_at_ms: z.number(),
  outcome: z.enum(FINISH_OUTCOMES),
});

/** Throws `store_unusable` where the file is not to be touched. */
export function identify(database: SqlDatabase): void {
  const tables = readNumber(database.prepare("SELECT count(*) AS tables FROM sqlite_schema").all([]), "tables");
  judgeMarks({
    applicationId: readMark(database, "application_id"),
    version: readMark(database, "user_version"),
    tables,
  });
}

/** Brings the file to the newest version and reads what is open. Belongs to the transaction that is open. */
export function adopt(database: SqlDatabase, accounts: readonly PublicKey[]): JournalEntry[] {
  const missing = MIGRATIONS.slice(readMark(database, "user_version"));
  for (const migration of missing) database.exec(migration);
  if (missing.length > 0) {
    pragma(database, `application_id = ${String(APPLICATION_ID)}`);
    markVersion(database);
  }
  const entries = loadEntries(database);
  adoptAccounts(database, accounts, entries);
  return entries;
}

export function markVersion(database: SqlDatabase): void {
  pragma(database, `user_version = ${String(MIGRATIONS.length)}`);
}

function loadEntries(database: SqlDatabase): JournalEntry[] {
  const row = z.object({ hash: hashText, payment: z.string() });
  return database
    .prepare("SELECT hash, payment FROM entry ORDER BY id")
    .all([])
    .map((kept) => {
      const { hash, payment } = readKept(row, kept, "a payment");
      const entry = parseEntry(payment);
      if (entry.hash === hash) return entry;
      throw new NanoError("store_unusable", { why: "a payment in it is another one than it says" });
    });
}

/** The payments of another purse would be lost to it, and its limits would count for this one. */
function adoptAccounts(database: SqlDatabase, accounts: readonly PublicKey[], entries: readonly JournalEntry[]): void {
  const kept = database
    .prepare("SELECT address FROM account ORDER BY id")
    .all([])
    .map((row) => readKept(z.object({ address: addressText }), row, "an account").address);
  const [ours, theirs] = [accounts[0], kept[0]];
  if (ours !== undefined && theirs !== undefined && ours !== theirs) {
    const why = "the journal belongs to another account's purse";
    throw new NanoError("account_mismatch", { why, journalOf: addressOf(theirs), purse: addressOf(ours) });
  }
  for (const { block, hash } of entries) {
    if (!kept.includes(block.account)) {
      throw new NanoError("store_unusable", { why: "a payment in it is of none of its accounts", hash });
    }
    if (accounts.includes(block.account)) continue;
    const why = "the journal holds an open payment of an account that this purse does not have";
    throw new NanoError("account_mismatch", { why, account: addressOf(block.account), hash });
  }
  const save = database.prepare("INSERT OR IGNORE INTO account (address) VALUES (?)");
  for (const account of accounts) save.run([addressOf(account)]);
}

export interface JournalRows {
  /** Belongs to the transaction that is open. */
  write(write: JournalWrite): void;
  page(request: PageRequest): HistoryPage;
  records(): readonly LimitRecord[];
}

export function createRows(database: SqlDatabase): JournalRows {
  const save = database.prepare(SAVE);
  const remove = database.prepare("DELETE FROM entry WHERE hash = ?");
  const finish = database.prepare(FINISH);
  const page = database.prepare(PAGE);
  const records = database.prepare(RECORDS);
  return {
    write({ hash, entry, finished }) {
      if (entry === undefined) remove.run([hash]);
      else save.run([hash, encodeEntry(entry)]);
      if (finished !== undefined) finish.run(encodeFinished(finished));
    },
    page(request) {
      const rows = page.all([request.before, request.limit + 1]);
      return makePage(rows.map((row) => readKept(historyRow, row, "a finished payment")).map(decodeFinished), request);
    },
    records: () =>
      records.all([]).map((row) => {
        const { day, host, pay_to: payTo, pieces } = readKept(recordRow, row, "a sum of finished payments");
        return { day, amountRaw: pieces, host, payTo };
      }),
  };
}

function encodeFinished(payment: FinishedPayment): (string | number | null)[] {
  const { hash, payTo, amountRaw, resource, host, day, countedRaw, sinceMs, finishedAtMs, outcome } = payment;
  return [
    hash,
    addressOf(payTo),
    amountRaw.toString(),
    resource === undefined ? null : JSON.stringify(resource),
    host === undefined ? null : JSON.stringify(host),
    day,
    countedRaw.toString().padStart(PIECES.length * PIECE_DIGITS, "0"),
    sinceMs,
    finishedAtMs,
    outcome,
  ];
}

function decodeFinished(row: z.infer<typeof historyRow>): { number: number; payment: FinishedPayment } {
  const { hash, resource, host, day, outcome } = row;
  const amounts = { amountRaw: row.amount, countedRaw: row.counted };
  const times = { sinceMs: row.since_ms, finishedAtMs: row.finished_at_ms };
  return { number: row.id, payment: { hash, payTo: row.pay_to, ...amounts, resource, host, day, ...times, outcome } };
}

function readMark(database: SqlDatabase, name: "application_id" | "user_version"): number {
  return readNumber(pragma(database, name), name);
}

function readNumber(rows: readonly unknown[], column: string): number {
  const value = readColumn(rows[0], column);
  if (typeof value === "number") return value;
  throw new NanoError("store_unusable", { why: `${column} is missing` });
}
