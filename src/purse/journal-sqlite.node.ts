import { closeSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isNanoError, NanoError } from "../errors/index.js";

/** What a journal uses of SQLite. Synchronous: a batch is one step that nothing interrupts. */
export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

export interface SqlStatement {
  run(values: readonly (string | number | null)[]): void;
  all(values: readonly (string | number | null)[]): unknown[];
}

export type OpenDatabase = (file: string) => Promise<SqlDatabase>;

/** An optional dependency, loaded where used. */
export async function openLibsql(file: string): Promise<SqlDatabase> {
  const { default: Database } = await import("libsql").catch((cause: unknown) => {
    throw new NanoError("missing_dependency", { package: "libsql", install: "npm install libsql" }, cause);
  });
  const database = new Database(file);
  return {
    exec: (sql) => {
      database.exec(sql);
    },
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (values) => {
          statement.run([...values]);
        },
        all: (values) => statement.all([...values]),
      };
    },
    close: () => {
      database.close();
    },
  };
}

/** An absolute path is never taken for the address of a server, or for a database in memory. */
export function fileOf(path: string): string {
  if (path === "" || path.startsWith(":") || path.includes("\0") || /^[a-z]{2,}:/i.test(path)) {
    throw new NanoError("invalid_configuration", { setting: "journal", accepted: "the path of a file", path });
  }
  return resolve(path);
}

const MAGIC = "SQLite format 3\0";

/**
 * What was paid where is nobody else's business, and a signed block can be broadcast by whoever reads it. SQLite itself
 * would take a few bytes of anything for an empty database, and begin anew where the file was cut to nothing.
 */
export function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const opened = openSync(file, "a+", 0o600);
  try {
    const start = new Uint8Array(MAGIC.length);
    const size = readSync(opened, start, 0, start.length, 0);
    if (size > 0 && String.fromCharCode(...start) !== MAGIC) throw unusable("the file is no SQLite database");
    if (size === 0 && sizeOf(`${file}-wal`) > 0) throw unusable("the file is empty, and its write-ahead log is not");
  } finally {
    closeSync(opened);
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Takes the lock, which is held until the journal is closed or the process ends, however it ends. What `adopt` does is
 * one transaction: where it throws, not a byte of the file is another one.
 */
export function lockFile<Result>(database: SqlDatabase, adopt: () => Result): Result {
  pragma(database, "locking_mode = EXCLUSIVE");
  database.exec("BEGIN EXCLUSIVE");
  try {
    const result = adopt();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

/** The checks of the schema count too: an amount that is no number is found here. */
export function checkIntegrity(database: SqlDatabase): void {
  const rows = pragma(database, "quick_check");
  const word = readColumn(rows[0], "quick_check");
  if (rows.length === 1 && word === "ok") return;
  throw unusable("the integrity check failed");
}

function unusable(why: string): NanoError {
  return new NanoError("store_unusable", { why });
}

export function pragma(database: SqlDatabase, text: string): unknown[] {
  return database.prepare(`PRAGMA ${text}`).all([]);
}

export function readColumn(row: unknown, column: string): unknown {
  return typeof row === "object" && row !== null ? Reflect.get(row, column) : undefined;
}

export function rollBack(database: SqlDatabase): void {
  try {
    database.exec("ROLLBACK");
  } catch {
    // SQLite has rolled back by itself, as it does where the disk is full.
  }
}

/**
 * libsql keeps its lock while statements live, so the lock is given back by leaving WAL; a file that was refused is not
 * written to. Never throws.
 */
export function closeFile(database: SqlDatabase, { isRefused }: { readonly isRefused: boolean }): void {
  const steps = isRefused ? [] : ["journal_mode = DELETE", "locking_mode = NORMAL", "user_version"];
  for (const step of steps) {
    try {
      pragma(database, step);
    } catch {
      // The file is gone, or another process has it.
    }
  }
  database.close();
}

/** Whether the files of this path are still those that are open: SQLite would go on writing into deleted ones. */
export function createPresenceCheck(file: string): () => boolean {
  const identify = (path: string): string => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? "gone" : `${String(found.dev)} ${String(found.ino)}`;
  };
  const look = (): string => `${identify(file)}, ${identify(`${file}-wal`)}`;
  const opened = look();
  return () => look() === opened;
}

export function explain(error: unknown, path: string): unknown {
  if (isNanoError(error)) return "path" in error.facts ? error : new NanoError(error.code, { path, ...error.facts });
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const name = typeof code === "string" ? code : "";
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(name)) {
    const why = "another process, or another purse of this one, has the journal open";
    return new NanoError("store_unavailable", { path, why }, error);
  }
  if (/^SQLITE_(?:NOTADB|CORRUPT|ERROR)/.test(name)) {
    return new NanoError("store_unusable", { path, why: "the file is damaged, or no SQLite database" }, error);
  }
  return new NanoError("store_unavailable", { path, why: "the journal cannot be opened or written" }, error);
}
