import { NanoError } from "../../errors/index.js";
import { readColumn, type SqlDatabase } from "./database.node.js";

/** "x4Na": tells our files from those of other programs (`PRAGMA application_id`). */
const APPLICATION_ID = 0x78344e61;

/**
 * One entry per version of the schema (`PRAGMA user_version`), each making it from the one before. An entry that was
 * released is never changed.
 *
 * `lease` is small and is read whole at the start, so that it needs no index: rows are written in order and leave few
 * pages to be flushed. `token` is account, hash and secret, 32 bytes each; `journal` is JSON, present while the block is
 * journalled. `redemption` only grows, and nothing takes a row out (R1).
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE birth (at_seconds INTEGER NOT NULL) STRICT;
   CREATE TABLE lease (
     id INTEGER PRIMARY KEY,
     token BLOB NOT NULL,
     previous BLOB,
     payment_id TEXT NOT NULL,
     holder TEXT NOT NULL,
     until_ms INTEGER NOT NULL,
     saved_at_ms INTEGER NOT NULL,
     journal TEXT
   ) STRICT;
   CREATE TABLE redemption (
     id INTEGER PRIMARY KEY,
     hash BLOB NOT NULL UNIQUE,
     account BLOB NOT NULL,
     secret BLOB NOT NULL,
     payment_id TEXT NOT NULL,
     result TEXT NOT NULL
   ) STRICT;`,
];

/** Brings the file to the newest version, in one transaction: a crash leaves the version it had. */
export function migrate(
  database: SqlDatabase,
  bornAtSeconds: number,
  migrations: readonly string[] = MIGRATIONS,
): { readonly bornAtSeconds: number } {
  database.exec("BEGIN IMMEDIATE");
  try {
    const applicationId = readNumber(database, "PRAGMA application_id", "application_id");
    const version = readNumber(database, "PRAGMA user_version", "user_version");
    const tables = readNumber(database, "SELECT count(*) AS tables FROM sqlite_schema", "tables");
    const isNew = applicationId === 0 && version === 0 && tables === 0;
    if (!isNew && applicationId !== APPLICATION_ID) throw unusable("the file belongs to another program");
    if (version > migrations.length) throw unusable("the file was written by a newer x402-nano");
    for (const migration of migrations.slice(version)) database.exec(migration);
    if (isNew) {
      database.exec(`PRAGMA application_id = ${String(APPLICATION_ID)}`);
      database.prepare("INSERT INTO birth (at_seconds) VALUES (?)").run([bornAtSeconds]);
    }
    database.exec(`PRAGMA user_version = ${String(migrations.length)}`);
    const born = readNumber(database, "SELECT at_seconds FROM birth", "at_seconds");
    database.exec("COMMIT");
    return { bornAtSeconds: born };
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function unusable(why: string): NanoError {
  return new NanoError("store_unusable", { why });
}

function readNumber(database: SqlDatabase, sql: string, column: string): number {
  const value = readColumn(database.prepare(sql).get([]), column);
  if (typeof value === "number") return value;
  throw unusable(`${column} is missing`);
}
