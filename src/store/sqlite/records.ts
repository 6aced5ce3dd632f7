import { z } from "zod";
import type { Held, Journal, LeaseRecords, Redeemed } from "../leases.js";
import type { LeaseToken } from "../port.js";
import { readToken } from "../token.js";
import type { SqlDatabase } from "./database.node.js";

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);
const journalSchema = z.object({
  block: z.string(),
  previous: hex64.optional(),
  sinceMs: z.number(),
  order: z.number(),
});

/** Blobs are read as digits: what libsql makes of one depends on the call (buffer, array buffer). */
const leaseRow = z.object({
  id: z.number(),
  token: z.string().regex(/^[0-9a-f]{192}$/),
  previous: hex64.nullable(),
  payment_id: z.string(),
  holder: z.enum(["verify", "settle"]),
  until_ms: z.number(),
  saved_at_ms: z.number(),
  journal: z.string().nullable(),
});

const redemptionRow = z.object({ account: hex64, secret: hex64, payment_id: z.string(), result: z.string() });

const SAVE_LEASE = `INSERT OR REPLACE INTO lease (id, token, previous, payment_id, holder, until_ms, saved_at_ms,
  journal) VALUES (?,?,?,?,?,?,?,?)`;
const LOAD_LEASES = `SELECT id, lower(hex(token)) AS token, payment_id, holder, until_ms, saved_at_ms, journal,
  CASE WHEN previous IS NULL THEN NULL ELSE lower(hex(previous)) END AS previous FROM lease`;
const SAVE_REDEMPTION = "INSERT INTO redemption (hash, account, secret, payment_id, result) VALUES (?,?,?,?,?)";
const FIND_REDEMPTION = `SELECT lower(hex(account)) AS account, lower(hex(secret)) AS secret, payment_id, result
  FROM redemption WHERE hash = ?`;

export interface SqliteRecords extends LeaseRecords {
  /** What the file holds, as of now. */
  load(nowMs: number): Held[];
}

/** Leases and redemptions as rows. What is written belongs to the transaction that is open. */
export function createRecords(database: SqlDatabase): SqliteRecords {
  const saveLease = database.prepare(SAVE_LEASE);
  const deleteLease = database.prepare("DELETE FROM lease WHERE id = ?");
  const saveRedemption = database.prepare(SAVE_REDEMPTION);
  const findRedemption = database.prepare(FIND_REDEMPTION);
  /** Hash → row. The leases are all in memory anyway, so the table has no index on the hash. */
  const rows = new Map<string, number>();
  let lastRow = 0;

  return {
    findRedeemed(hash) {
      const row = findRedemption.get([fromHex(hash)]);
      if (row === undefined) return undefined;
      const { account, secret, payment_id, result } = redemptionRow.parse(row);
      return { token: `${account}.${hash}.${secret}`, paymentId: payment_id, result };
    },
    saveRedeemed(hash: string, { token, paymentId, result }: Redeemed) {
      const { account, secret } = splitToken(token);
      saveRedemption.run([fromHex(hash), account, secret, paymentId, result]);
    },
    saveHeld(held, nowMs) {
      const row = rows.get(held.hash) ?? ++lastRow;
      rows.set(held.hash, row);
      const { journal } = held;
      saveLease.run([
        row,
        fromHex(held.token.replaceAll(".", "")),
        held.previous === undefined ? null : fromHex(held.previous),
        held.paymentId,
        held.holder,
        Math.ceil(held.untilMs),
        Math.floor(nowMs),
        journal === undefined ? null : JSON.stringify(journal),
      ]);
    },
    deleteHeld(hash) {
      const row = rows.get(hash);
      if (row === undefined) return;
      rows.delete(hash);
      deleteLease.run([row]);
    },
    load(nowMs) {
      rows.clear();
      lastRow = 0;
      return database
        .prepare(LOAD_LEASES)
        .all([])
        .map((loaded) => {
          const row = leaseRow.parse(loaded);
          const held = heldOf(row, nowMs);
          rows.set(held.hash, row.id);
          lastRow = Math.max(lastRow, row.id);
          return held;
        });
    },
  };
}

function heldOf(row: z.infer<typeof leaseRow>, nowMs: number): Held {
  const [account, hash, secret] = [row.token.slice(0, 64), row.token.slice(64, 128), row.token.slice(128)];
  return {
    account,
    hash,
    previous: row.previous ?? undefined,
    token: `${account}.${hash}.${secret}`,
    paymentId: row.payment_id,
    holder: row.holder,
    // Were the clock set back between two processes, the lease would last longer by as much.
    untilMs: Math.min(row.until_ms, nowMs + (row.until_ms - row.saved_at_ms)),
    journal: row.journal === null ? undefined : readJournal(row.journal),
  };
}

function readJournal(text: string): Journal {
  const { previous, ...rest } = journalSchema.parse(JSON.parse(text));
  return { ...rest, previous };
}

function splitToken(token: LeaseToken): { account: Uint8Array; secret: Uint8Array } {
  const { account, secret } = readToken(token) ?? { account: "", secret: "" };
  return { account: fromHex(account), secret: fromHex(secret) };
}

function fromHex(digits: string): Uint8Array {
  return Buffer.from(digits, "hex");
}
