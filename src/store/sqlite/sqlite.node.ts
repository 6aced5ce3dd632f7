import { createLeaseStore } from "../lease-store.js";
import { Leases } from "../leases.js";
import type { RedemptionStore } from "../port.js";
import { steady } from "../steady-clock.js";
import { createToken, type RandomBytes, systemRandomBytes } from "../token.js";
import { openLibsql } from "./database.node.js";
import { GroupCommit } from "./group-commit.js";
import { closeFile, type IntegrityCheck, type OpenDatabase, openFile } from "./open.node.js";
import { createRecords } from "./records.js";

export interface SqliteStoreOptions {
  /** What is checked of the file at the start. "quick" (the default) reads all of it, "full" its indexes as well. */
  readonly integrityCheck?: IntegrityCheck | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  readonly randomBytes?: RandomBytes | undefined;
}

/**
 * Redemptions in a file, for one facilitator process. Every answer is on the disk before it is given (WAL, synchronous
 * FULL), many callers share one write. Redeemed hashes are never forgotten; the file is born when it is created, and
 * refuses every block that the node saw before (R6). Throws `store_unavailable` where another process has the file,
 * `store_unusable` where it is damaged or not ours.
 */
export async function sqliteStore(path: string, options: SqliteStoreOptions = {}): Promise<RedemptionStore> {
  return openSqliteStore(path, options, openLibsql);
}

/** `openDatabase` is what tests put a failing disk behind. */
export async function openSqliteStore(
  path: string,
  options: SqliteStoreOptions,
  openDatabase: OpenDatabase,
): Promise<RedemptionStore> {
  const { clock = Date.now, randomBytes = systemRandomBytes, integrityCheck = "quick" } = options;
  const nowSeconds = Math.floor(clock() / 1000);
  const { database, bornAtSeconds } = await openFile(path, { openDatabase, integrityCheck, nowSeconds });
  const now = steady(clock);
  const records = createRecords(database);
  const leases = new Leases((key) => createToken(key, randomBytes), records);
  const restore = (): void => {
    const nowMs = now();
    leases.at(nowMs).restore(records.load(nowMs));
  };
  const commits = new GroupCommit({ database, restore, schedule: (flush) => setImmediate(flush) });
  commits.look(restore);

  return createLeaseStore({
    bornAtSeconds,
    leases,
    now,
    write: (step) => commits.run(step),
    look: (read) => commits.look(read),
    close: () => {
      commits.flush();
      closeFile(database);
    },
  });
}
