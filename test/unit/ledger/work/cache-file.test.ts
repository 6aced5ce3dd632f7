import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cachedWork, workCacheFile } from "../../../../src/ledger/work/index.js";
import { openCacheFile as openInBrowser } from "../../../../src/ledger/work/work-threads.browser.js";
import { createFakeSource, EASY, findWork, ROOT, rootOf, settle } from "./support.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "work-cache-"));
  path = join(folder, "works.json");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const entry = { root: ROOT, work: "0123456789abcdef" };

/** Asks a new cache on the file, as after a restart; whether it had to search. */
async function askAfterRestart(warnings: string[] = []): Promise<boolean> {
  const source = createFakeSource();
  const cache = cachedWork(source, { storage: workCacheFile(path), onWarning: (message) => warnings.push(message) });
  const call = cache.generateWork(ROOT, EASY);
  await Promise.race([call, waitUntilAsked(source)]);
  const hadToSearch = source.asked.length > 0;
  if (hadToSearch) await source.last().find();
  expect(await call).toBe(await findWork(ROOT, EASY));
  await cache.close();
  return hadToSearch;
}

async function waitUntilAsked(source: ReturnType<typeof createFakeSource>): Promise<void> {
  while (source.asked.length === 0) await settle();
}

test("a cache outlives its process in a file that only its owner may read", async () => {
  expect(await askAfterRestart()).toBe(true);
  expect(await askAfterRestart()).toBe(false);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual([{ root: ROOT, work: await findWork(ROOT, EASY) }]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["works.json"]);
});

test("a file that is not there is an empty one, without a word", async () => {
  const warnings: string[] = [];
  expect(await workCacheFile(path).load()).toEqual([]);
  await askAfterRestart(warnings);
  expect(warnings).toEqual([]);
});

describe("a file that", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["was cut", () => writeFile(path, '[{"root":"e59f')],
    ["is empty", () => writeFile(path, "")],
    [
      "is binary",
      () =>
        writeFile(
          path,
          Uint8Array.from({ length: 1000 }, (_, index) => index & 255),
        ),
    ],
    ["is a folder", () => mkdir(path)],
    ["is a pipe, which would be waited for", async () => execFileSync("mkfifo", [path])],
    ["is huge", () => writeFile(path, `[]${" ".repeat(10_000_000)}`)],
  ])("%s is told of, and the cache goes on without", async (_what, make) => {
    await make();
    const warnings: string[] = [];
    expect(await askAfterRestart(warnings)).toBe(true);
    expect(warnings[0]).toContain("could not be read");
  });

  test("cannot be read or written because of its folder is told of", async () => {
    const warnings: string[] = [];
    path = join(folder, "missing", "works.json");
    await askAfterRestart(warnings);
    expect(warnings).toEqual([expect.stringContaining("could not be written")]);
  });

  test("names things that are no folder is told of", async () => {
    await writeFile(path, "[]");
    path = join(path, "works.json");
    const warnings: string[] = [];
    await askAfterRestart(warnings);
    expect(warnings[0]).toContain("could not be read");
  });
});

test("what cannot replace the file leaves nothing behind", async () => {
  await mkdir(path);
  await expect(workCacheFile(path).save([entry])).rejects.toMatchObject({ code: "EISDIR" });
  expect(await readdir(folder)).toEqual(["works.json"]);
});

test("a file is replaced in one step: whoever reads meanwhile reads all of the old or all of the new", async () => {
  const storages = [workCacheFile(path), workCacheFile(path)];
  const lists = [1, 500].map((count) =>
    Array.from({ length: count }, (_, index) => ({ ...entry, root: rootOf(index) })),
  );
  await storages[0]?.save(lists[0] ?? []);
  let isOver = false;
  const writing = Promise.all(
    storages.map(async (storage, index) => {
      for (let round = 0; round < 20; round += 1) await storage.save(lists[index] ?? []);
    }),
  ).finally(() => {
    isOver = true;
  });
  const lengths = new Set<number>();
  while (!isOver) lengths.add((JSON.parse(await readFile(path, "utf8")) as unknown[]).length);
  await writing;
  expect([...lengths].filter((length) => length !== 1 && length !== 500)).toEqual([]);
  expect(await readdir(folder)).toEqual(["works.json"]);
});

test("what a crash left behind is in nobody's way", async () => {
  for (let save = 1; save < 100; save += 1) await writeFile(`${path}.${process.pid}-${save}.tmp`, "half a li");
  await chmod(folder, 0o700);
  await workCacheFile(path).save([entry]);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual([entry]);
});

test("in a browser there are no files", () => {
  expect(() => openInBrowser(path)).toThrowError(
    expect.objectContaining({ code: "missing_dependency", facts: expect.objectContaining({ package: "node:fs" }) }),
  );
});
