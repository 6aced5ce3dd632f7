import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isNanoError, NanoError } from "../../errors/index.js";
import { readColumn, type SqlDatabase } from "./database.node.js";
import { migrate } from "./schema.js";

export type OpenDatabase = (file: string) => Promise<SqlDatabase>;
export type IntegrityCheck = "quick" | "full" | "off";

export interface OpenedDatabase {
  readonly database: SqlDatabase;
  readonly bornAtSeconds: number;
}

export interface OpenSettings {
  readonly openDatabase: OpenDatabase;
  readonly integrityCheck: IntegrityCheck;
  /** When a file that is made now is born. */
  readonly nowSeconds: number;
}

const CHECKS = { quick: "quick_check", full: "integrity_check" } as const;
/** 64 MiB: the index of a few million redemptions stays in memory. */
const CACHE_KIB = 65_536;

/**
 * One process per file: the lock is held until the store is closed or the process ends, however it ends. So no other
 * facilitator can be at work with the leases that are read here; several facilitators share a Redis.
 */
export async function openFile(path: string, settings: OpenSettings): Promise<OpenedDatabase> {
  const file = fileOf(path);
  let database: SqlDatabase | undefined;
  try {
    makeFile(file);
    database = await settings.openDatabase(file);
    database.prepare("PRAGMA locking_mode = EXCLUSIVE").get([]);
    database.prepare("PRAGMA journal_mode = WAL").get([]);
    // Each commit is on the disk before it is answered.
    database.prepare("PRAGMA synchronous = FULL").get([]);
    database.prepare(`PRAGMA cache_size = -${String(CACHE_KIB)}`).get([]);
    const { bornAtSeconds } = migrate(database, settings.nowSeconds);
    if (settings.integrityCheck !== "off") checkIntegrity(database, CHECKS[settings.integrityCheck]);
    return { database, bornAtSeconds };
  } catch (error) {
    if (database !== undefined) closeFile(database);
    throw explain(error, path);
  }
}

/** libsql keeps its lock while statements live, so the lock is given back by leaving WAL. Never throws. */
export function closeFile(database: SqlDatabase): void {
  for (const pragma of ["journal_mode = DELETE", "locking_mode = NORMAL", "user_version"]) {
    try {
      database.prepare(`PRAGMA ${pragma}`).get([]);
    } catch {
      // The file is gone, or was never ours.
    }
  }
  database.close();
}

/** An absolute path is never taken for the address of a server, or for a database in memory. */
function fileOf(path: string): string {
  if (path === "" || path.startsWith(":") || /^[a-z]{2,}:/i.test(path)) {
    throw new NanoError("invalid_configuration", { setting: "path", accepted: "the path of a file", path });
  }
  return resolve(path);
}

/** It holds lease tokens: nobody else may read it. */
function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  closeSync(openSync(file, "a", 0o600));
}

function checkIntegrity(database: SqlDatabase, check: string): void {
  const rows = database.prepare(`PRAGMA ${check}`).all([]);
  const word = readColumn(rows[0], check);
  if (rows.length === 1 && word === "ok") return;
  throw new NanoError("store_unusable", { why: "the integrity check failed", found: String(word) });
}

function explain(error: unknown, path: string): unknown {
  if (isNanoError(error)) return error;
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "SQLITE_BUSY" || code === "SQLITE_LOCKED") {
    const why = "another process, or another store of this one, has the file open; several facilitators share a Redis";
    return new NanoError("store_unavailable", { path, why }, error);
  }
  if (code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT") {
    return new NanoError("store_unusable", { path, why: "the file is damaged, or no SQLite database" }, error);
  }
  return new NanoError("store_unavailable", { path, why: "the file cannot be opened or written" }, error);
}
