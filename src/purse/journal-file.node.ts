import { NanoError } from "../errors/index.js";
import { type BlockHash, cryptoReady } from "../nano/index.js";
import { createDeferred, type Deferred } from "./deferred.js";
import {
  closedError,
  createJournal,
  type Journal,
  type JournalEntry,
  type JournalKeeper,
  type JournalWrite,
} from "./journal.js";
import { createEntries, type Entries } from "./journal-entries.js";
import type { JournalFileOptions, OpenJournalFile } from "./journal-file.js";
import { adopt, createRows, identify, type JournalRows, markVersion } from "./journal-rows.node.js";
import {
  checkIntegrity,
  closeFile,
  createPresenceCheck,
  explain,
  fileOf,
  lockFile,
  makeFile,
  type OpenDatabase,
  openLibsql,
  pragma,
  rollBack,
  type SqlDatabase,
} from "./journal-sqlite.node.js";

export const openJournalFile: OpenJournalFile = (path, options) => openJournalWith(path, options, openLibsql);

/** `openDatabase` is what tests put a failing disk behind. */
export async function openJournalWith(
  path: string,
  { accounts, clock }: JournalFileOptions,
  openDatabase: OpenDatabase,
): Promise<Journal> {
  if (accounts.length === 0)
    throw new NanoError("invalid_configuration", { setting: "accounts", accepted: "one or more" });
  const file = fileOf(path);
  await cryptoReady();
  let database: SqlDatabase | undefined;
  let isOurs = false;
  try {
    makeFile(file);
    const opened = await openDatabase(file);
    database = opened;
    // Without a lock of its own, which libsql would not give back: the file may be another program's.
    identify(opened);
    checkIntegrity(opened);
    isOurs = true;
    const loaded = lockFile(opened, () => {
      identify(opened);
      return adopt(opened, accounts);
    });
    pragma(opened, "journal_mode = WAL");
    // Each commit is on the disk before it is answered.
    pragma(opened, "synchronous = FULL");
    // A write that changes nothing: the log is there from now on, and a disk that takes none is found before a payment.
    markVersion(opened);
    const entries = createEntries(loaded);
    const rows = createRows(opened);
    const isThere = createPresenceCheck(file);
    return createJournal(entries, createFileKeeper({ file, database: opened, rows, entries, isThere }), clock);
  } catch (error) {
    if (database !== undefined) closeFile(database, { isRefused: !isOurs });
    throw explain(error, file);
  }
}

interface FileParts {
  readonly file: string;
  readonly database: SqlDatabase;
  readonly rows: JournalRows;
  readonly entries: Entries<JournalEntry>;
  readonly isThere: () => boolean;
}

/** Writes of many callers in one transaction, one wait for the disk for all of them: they share its end, too. */
interface Batch {
  readonly writes: JournalWrite[];
  readonly ended: Deferred;
}

function createFileKeeper({ file, database, rows, entries, isThere }: FileParts): JournalKeeper {
  /** What the file holds. The entries are ahead of it by the batch that is waiting. */
  const kept = new Map<BlockHash, JournalEntry>(entries.list().map((entry) => [entry.hash, entry]));
  let waiting: Batch | undefined;
  let isClosed = false;

  const commit = (writes: readonly JournalWrite[]): void => {
    if (!isThere()) throw new NanoError("store_unavailable", { path: file, why: "the journal's file is gone" });
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const write of writes) rows.write(write);
      database.exec("COMMIT");
    } catch (error) {
      rollBack(database);
      throw error;
    }
    for (const { hash, entry } of writes) {
      if (entry === undefined) kept.delete(hash);
      else kept.set(hash, entry);
    }
  };

  const flush = (): void => {
    const batch = waiting;
    waiting = undefined;
    if (batch === undefined) return;
    try {
      commit(batch.writes);
      batch.ended.resolve();
    } catch (error) {
      entries.replaceAll(kept.values());
      batch.ended.reject(explain(error, file));
    }
  };

  const look = <Result>(read: () => Result): Result => {
    if (isClosed) throw closedError();
    flush();
    try {
      return read();
    } catch (error) {
      throw explain(error, file);
    }
  };

  return {
    keep(write) {
      if (isClosed) throw closedError();
      if (waiting === undefined) {
        waiting = { writes: [], ended: createDeferred() };
        // The callers that are ready now join it.
        setImmediate(flush);
      }
      waiting.writes.push(write);
      return waiting.ended.promise;
    },
    settled: () => waiting?.ended.promise ?? Promise.resolve(),
    history: async (request) => look(() => rows.page(request)),
    finished: () => look(() => rows.records()),
    async close() {
      if (isClosed) return;
      flush();
      isClosed = true;
      closeFile(database, { isRefused: false });
    },
  };
}
