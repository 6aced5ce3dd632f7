import { afterEach, describe, expect, test, vi } from "vitest";
import type { WorkCacheEntry } from "../../../../src/ledger/work/index.js";
import { createGate, errorOf } from "../support.js";
import { createCache, EASY, failWith, findWork, HARDER, OTHER_ROOT, ROOT, rootOf, settle } from "./support.js";

/** A storage that keeps what it is given, and does what the test says. */
function createStorage(content: unknown = []) {
  const saved: (readonly WorkCacheEntry[])[] = [];
  return {
    saved,
    loads: 0,
    async load(): Promise<unknown> {
      this.loads += 1;
      return content;
    },
    async save(entries: readonly WorkCacheEntry[]): Promise<void> {
      saved.push(entries);
    },
  };
}

describe("a storage", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test("carries work over a restart, for what it is worth", async () => {
    const work = await findWork(ROOT, EASY);
    const storage = createStorage([{ root: ROOT, work }]);
    const { source, cache } = createCache({ storage });
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect([source.asked.length, storage.loads]).toEqual([0, 1]);
    const hard = cache.generateWork(ROOT, HARDER);
    await settle();
    await source.last().find();
    expect(await hard).toBe(await findWork(ROOT, HARDER));
  });

  test("that is slow is waited for, but by nobody who has gone", async () => {
    const loaded = createGate();
    const storage = { ...createStorage(), load: () => loaded.isOpen };
    const { source, cache } = createCache({ storage });
    const stop = new AbortController();
    const gone = errorOf(cache.generateWork(ROOT, EASY, { signal: stop.signal }));
    cache.prepareWork(OTHER_ROOT, EASY);
    await settle();
    stop.abort();
    await gone;
    expect(source.asked).toHaveLength(0);
    loaded.open();
    await settle();
    expect(source.asked.map(({ root }) => root)).toEqual([OTHER_ROOT]);
  });

  test("is not asked before the cache is", async () => {
    const storage = createStorage();
    const { cache } = createCache({ storage });
    await settle();
    expect(storage.loads).toBe(0);
    await cache.close();
  });

  test("spares work ahead", async () => {
    const storage = createStorage([{ root: ROOT, work: await findWork(ROOT, EASY) }]);
    const { source, cache } = createCache({ storage });
    cache.prepareWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(0);
  });

  test("is given everything, the oldest first, whenever something was found", async () => {
    const storage = createStorage([{ root: rootOf(1), work: await findWork(rootOf(1), EASY) }]);
    const { source, cache } = createCache({ storage });
    const call = cache.generateWork(rootOf(2), EASY);
    await settle();
    await source.last().find();
    await call;
    await cache.close();
    expect(storage.saved).toEqual([
      [
        { root: rootOf(1), work: await findWork(rootOf(1), EASY) },
        { root: rootOf(2), work: await findWork(rootOf(2), EASY) },
      ],
    ]);
  });

  test("is never written to twice at once: the last state follows when it is ready, before close is over", async () => {
    let release = (): void => undefined;
    let running = 0;
    const saved: number[] = [];
    const storage = {
      load: async () => [],
      async save(entries: readonly WorkCacheEntry[]) {
        running += 1;
        expect(running).toBe(1);
        saved.push(entries.length);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        running -= 1;
      },
    };
    const { source, cache } = createCache({ storage });
    for (const index of [1, 2, 3]) {
      const call = cache.generateWork(rootOf(index), EASY);
      await settle();
      await source.last().find();
      await call;
    }
    expect(saved).toEqual([1]);
    let isClosed = false;
    const closed = cache.close().then(() => {
      isClosed = true;
    });
    release();
    await settle();
    expect([saved, isClosed]).toEqual([[1, 3], false]);
    release();
    await closed;
  });

  test.each<[string, (good: WorkCacheEntry) => unknown]>([
    ["no list", () => ({ entries: [] })],
    ["nothing", () => undefined],
    ["a number", () => 5],
    ["rubbish among it", (good) => [null, 5, "x", [], {}, { root: 5, work: 5 }, good, { root: "zz", work: good.work }]],
    [
      "work of the wrong form",
      (good) => [
        { ...good, work: "zz" },
        { ...good, work: good.work.slice(1) },
      ],
    ],
    [
      "roots of the wrong form",
      (good) => [
        { ...good, root: good.root.toUpperCase() },
        { ...good, root: "" },
      ],
    ],
    ["work for other roots", (good) => [{ root: good.root, work: "0000000000000000" }]],
    ["__proto__", () => JSON.parse('[{"__proto__": {"root": "x"}}]')],
  ])("that holds %s is read as far as it can be", async (what, content) => {
    const good = { root: ROOT, work: await findWork(ROOT, EASY) };
    const { source, cache } = createCache({ storage: createStorage(content(good)) });
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(what === "rubbish among it" ? 0 : 1);
    if (source.asked.length > 0) await source.last().find();
    expect(await call).toBe(good.work);
  });

  test("that holds more than the cache may is read from its end", async () => {
    const entries = await Promise.all(
      [1, 2, 3].map(async (index) => ({ root: rootOf(index), work: await findWork(rootOf(index), EASY) })),
    );
    const { source, cache } = createCache({ storage: createStorage(entries), maxEntries: 2 });
    await cache.generateWork(rootOf(2), EASY);
    await cache.generateWork(rootOf(3), EASY);
    expect(source.asked).toHaveLength(0);
    void errorOf(cache.generateWork(rootOf(1), EASY));
    await settle();
    expect(source.asked).toHaveLength(1);
    await cache.close();
  });

  test("that fails is told of once each time, and the work is found all the same", async () => {
    const told: string[] = [];
    let isFull = true;
    const storage = {
      load: () => Promise.reject(new Error("no such thing at https://user:k3y5ecret@example.com/")),
      save: async () => {
        if (isFull) throw new Error("disk full");
      },
    };
    const { source, cache } = createCache({ storage, onWarning: (message) => told.push(message) });
    const ask = async (index: number): Promise<void> => {
      const call = cache.generateWork(rootOf(index), EASY);
      await settle();
      await source.last().find();
      expect(await call).toBe(await findWork(rootOf(index), EASY));
      await settle();
    };
    await ask(1);
    await ask(2);
    expect(told).toEqual([expect.stringMatching(/read.*no such thing/)]);
    isFull = false;
    await ask(3);
    isFull = true;
    await ask(4);
    await ask(5);
    expect(told.slice(1)).toEqual([expect.stringMatching(/written.*disk full/)]);
    expect(told.join()).not.toContain("k3y5ecret");
  });

  test("that fails is told of on the console, and telling may fail as well", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => failWith("no console"));
    const storage = { ...createStorage(), load: () => Promise.reject(new Error("broken")) };
    const { source, cache } = createCache({ storage });
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await call;
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("broken"));
  });
});
