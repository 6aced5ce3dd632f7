import { NanoError } from "../../errors/index.js";

export type SqlValue = string | number | Uint8Array | null;

export interface SqlStatement {
  run(values: readonly SqlValue[]): void;
  get(values: readonly SqlValue[]): unknown;
  all(values: readonly SqlValue[]): unknown[];
}

/** What the store uses of SQLite. Synchronous: a batch is one step that nothing interrupts. */
export interface SqlDatabase {
  exec(sql: string): void;
  prepare(sql: string): SqlStatement;
  close(): void;
}

export function readColumn(row: unknown, column: string): unknown {
  return typeof row === "object" && row !== null ? Reflect.get(row, column) : undefined;
}

/** Opens a file that exists. An optional dependency, loaded where used. */
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
        // Always one array: a lone buffer is read as named parameters, and libsql aborts the process.
        run: (values) => {
          statement.run([...values]);
        },
        get: (values) => statement.get([...values]),
        all: (values) => statement.all([...values]),
      };
    },
    close: () => {
      database.close();
    },
  };
}
