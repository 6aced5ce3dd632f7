import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { NanoError } from "../../errors/index.js";
import type { WorkCacheStorage } from "./cache-entries.js";

/** Ten times what the largest cache takes: whoever put more there did not write a cache. */
const MAX_FILE_BYTES = 10_000_000;

/** Two caches of one process may share a path; then the last one to write wins, and nobody reads half a file. */
let saves = 0;

export function openCacheFile(path: string): WorkCacheStorage {
  return {
    async load() {
      const info = await stat(path).catch(ignoreMissing);
      if (info === undefined) return [];
      // A pipe would be waited for, for ever.
      if (!info.isFile()) throw new NanoError("invalid_configuration", { path, why: "not a file" });
      if (info.size > MAX_FILE_BYTES) throw new NanoError("invalid_configuration", { path, why: "too large" });
      const content: unknown = JSON.parse(await readFile(path, "utf8"));
      return content;
    },
    async save(entries) {
      saves += 1;
      const temporary = `${path}.${process.pid}-${saves}.tmp`;
      try {
        await writeFile(temporary, JSON.stringify(entries), { mode: 0o600 });
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw error;
      }
    },
  };
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
