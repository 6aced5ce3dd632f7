import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RedemptionStore } from "../../src/store/port.js";
import { openLibsql, type SqlDatabase } from "../../src/store/sqlite/database.node.js";
import { openSqliteStore, type SqliteStoreOptions } from "../../src/store/sqlite/sqlite.node.js";

/** What SQLite itself leaves to a disk that has no room: the statement fails, or the commit does. */
export interface Disk {
  /** The next calls of SQL that matches fail; undefined: none does. */
  failing: RegExp | undefined;
  readonly failures: string[];
}

export interface SqlitePlace {
  readonly path: string;
  readonly disk: Disk;
  open(options?: SqliteStoreOptions): Promise<RedemptionStore>;
  /** The files as a machine finds them that lost its power now, elsewhere: the process that has these open goes on. */
  afterCrash(): SqlitePlace;
}

const directories: string[] = [];

export function removePlaces(): void {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

export function createSqlitePlace(): SqlitePlace {
  const directory = mkdtempSync(join(tmpdir(), "x402-nano-sqlite-"));
  directories.push(directory);
  const path = join(directory, "redemptions.db");
  const disk: Disk = { failing: undefined, failures: [] };
  return {
    path,
    disk,
    open: (options = {}) =>
      openSqliteStore(path, options, async (file) => failingDatabase(await openLibsql(file), disk)),
    afterCrash() {
      const place = createSqlitePlace();
      for (const suffix of ["", "-wal"]) {
        if (existsSync(path + suffix)) copyFileSync(path + suffix, place.path + suffix);
      }
      return place;
    },
  };
}

function failingDatabase(real: SqlDatabase, disk: Disk): SqlDatabase {
  const spoil = (sql: string): void => {
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
        get(values) {
          spoil(sql);
          return statement.get(values);
        },
        all(values) {
          spoil(sql);
          return statement.all(values);
        },
      };
    },
    close: () => real.close(),
  };
}
