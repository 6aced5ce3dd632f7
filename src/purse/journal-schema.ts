import { NanoError } from "../errors/index.js";

/** "x4Nj": tells our files from those of other programs, and from redemption stores (`PRAGMA application_id`). */
export const APPLICATION_ID = 0x78344e6a;

/**
 * One entry per version of the schema (`PRAGMA user_version`), each making it from the one before. An entry that was
 * released is never changed.
 *
 * `entry` is small and is read whole at the start; a row keeps its `id` while it changes, which is the order. `payment`
 * is JSON (journal-codec.ts). `history` only grows, and is read by page or summed up: `counted` is 40 digits, so that it
 * can be summed in pieces that fit into 64 bits; `resource` and `host` are JSON, a stranger's text may hold anything.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE account (id INTEGER PRIMARY KEY, address TEXT NOT NULL UNIQUE) STRICT;
   CREATE TABLE entry (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, payment TEXT NOT NULL) STRICT;
   CREATE TABLE history (
     id INTEGER PRIMARY KEY,
     hash TEXT NOT NULL,
     pay_to TEXT NOT NULL,
     amount TEXT NOT NULL,
     resource TEXT,
     host TEXT,
     day INTEGER NOT NULL,
     counted TEXT NOT NULL CHECK (length(counted) = 40 AND counted NOT GLOB '*[^0-9]*'),
     since_ms REAL NOT NULL,
     finished_at_ms REAL NOT NULL,
     outcome TEXT NOT NULL CHECK (outcome IN ('served', 'void', 'written_off'))
   ) STRICT;`,
];

export interface FileMarks {
  readonly applicationId: number;
  readonly version: number;
  readonly tables: number;
}

/** Throws `store_unusable` for whatever is neither empty nor a journal of this version or an older one. */
export function judgeMarks({ applicationId, version, tables }: FileMarks): void {
  const isNew = applicationId === 0 && version === 0 && tables === 0;
  if (!isNew && applicationId !== APPLICATION_ID) throw unusable("the file belongs to another program");
  if (version > MIGRATIONS.length) throw unusable("the file was written by a newer x402-nano");
}

function unusable(why: string): NanoError {
  return new NanoError("store_unusable", { why });
}
