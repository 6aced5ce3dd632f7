import { z } from "zod";
import type { Held, LeaseRecords, Redeemed } from "../leases.js";
import type { LeaseToken } from "../port.js";
import { readToken } from "../token.js";
import type { SqlDatabase } from "./database.node.js";

/** Read as digits: what libsql makes of a blob depends on the call (buffer, array buffer). */
const bytes = z.string().regex(/^[0-9a-f]{64}$/);

const leaseRow = z.object({
  id: z.number(),
  hash: bytes,
  account: bytes,
  secret: bytes,
  previous: bytes.nullable(),
  payment_id: z.string(),
  holder: z.enum(["verify", "settle"]),
  until_ms: z.number(),
  saved_at_ms: z.number(),
  block: z.string().nullable(),
  block_previous: bytes.nullable(),
  journalled_at_ms: z.number().nullable(),
  journal_order: z.number().nullable(),
});

const redemptionRow = z.object({ account: bytes, secret: bytes, payment_id: z.string(), result: z.string() });

const SAVE_LEASE = `INSERT OR REPLACE INTO lease (id, hash, account, secret, previous, payment_id, holder, until_ms,
  saved_at_ms, block, block_previous, journalled_at_ms, journal_order) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)`;
const SAVE_REDEMPTION = "INSERT INTO redemption (hash, account, secret, payment_id, result) VALUES (?,?,?,?,?)";
const LOAD_LEASES = `SELECT id, lower(hex(hash)) AS hash, lower(hex(account)) AS account, lower(hex(secret)) AS secret,
  CASE WHEN previous IS NULL THEN NULL ELSE lower(hex(previous)) END AS previous, payment_id, holder, until_ms,
  saved_at_ms, block, CASE WHEN block_previous IS NULL THEN NULL ELSE lower(hex(block_previous)) END AS block_previous,
  journalled_at_ms, journal_order FROM lease`;
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
      const { account, secret } = splitToken(held.token);
      const { journal } = held;
      saveLease.run([
        row,
        fromHex(held.hash),
        account,
        secret,
        fromOptionalHex(held.previous),
        held.paymentId,
        held.holder,
        Math.ceil(held.untilMs),
        Math.floor(nowMs),
        journal?.block ?? null,
        fromOptionalHex(journal?.previous),
        journal === undefined ? null : Math.floor(journal.sinceMs),
        journal?.order ?? null,
      ]);
    },
    deleteHeld(hash) {
      const row = rows.get(hash);
      if (row === undefined) return;
      rows.delete(hash);
      deleteLease.run([row]);
    },
    load(nowMs) {
      const loaded = database
        .prepare(LOAD_LEASES)
        .all([])
        .map((row) => leaseRow.parse(row));
      rows.clear();
      for (const { hash, id } of loaded) rows.set(hash, id);
      lastRow = loaded.reduce((last, { id }) => Math.max(last, id), 0);
      return loaded.map((row) => heldOf(row, nowMs));
    },
  };
}

function heldOf(row: z.infer<typeof leaseRow>, nowMs: number): Held {
  const { account, hash, secret, block, journalled_at_ms: sinceMs, journal_order: order } = row;
  const isJournalled = block !== null && sinceMs !== null && order !== null;
  return {
    account,
    hash,
    previous: row.previous ?? undefined,
    token: `${account}.${hash}.${secret}`,
    paymentId: row.payment_id,
    holder: row.holder,
    // Were the clock set back between two processes, the lease would last longer by as much.
    untilMs: Math.min(row.until_ms, nowMs + (row.until_ms - row.saved_at_ms)),
    journal: isJournalled ? { block, previous: row.block_previous ?? undefined, sinceMs, order } : undefined,
  };
}

function splitToken(token: LeaseToken): { account: Uint8Array; secret: Uint8Array } {
  const { account, secret } = readToken(token) ?? { account: "", secret: "" };
  return { account: fromHex(account), secret: fromHex(secret) };
}

function fromHex(digits: string): Uint8Array {
  return Buffer.from(digits, "hex");
}

function fromOptionalHex(digits: string | undefined): Uint8Array | null {
  return digits === undefined ? null : fromHex(digits);
}
