import { afterEach, describe, expect, test, vi } from "vitest";
import { NanoError } from "../../../../src/errors/index.js";
import type { WorkProgress } from "../../../../src/ledger/index.js";
import { type CachedWorkOptions, cachedWork, type WorkCacheEntry } from "../../../../src/ledger/work/index.js";
import { errorOf } from "../support.js";
import { createFakeSource, EASY, failWith, findWork, OTHER_ROOT, ROOT, rootOf, settle } from "./support.js";

/** Sixteen times harder than EASY. */
const HARDER = 0xfff0000000000000n;
const outage = new NanoError("work_unavailable", { why: "unreachable" });

function createWorld(options: CachedWorkOptions = {}) {
  const source = createFakeSource();
  const isStopped = (index: number): unknown => source.asked[index]?.options.signal?.aborted;
  return { source, isStopped, cache: cachedWork(source, options) };
}

describe("work that was found", () => {
  test("is given out again, to a block that is built anew", async () => {
    const { source, cache } = createWorld();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    const work = await call;
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(source.asked).toHaveLength(1);
  });

  test("serves lower thresholds, and is searched for anew for a higher one", async () => {
    const { source, cache } = createWorld();
    const easy = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await easy;
    const hard = cache.generateWork(ROOT, HARDER);
    await settle();
    expect(source.last().threshold).toBe(HARDER);
    await source.last().find();
    const work = await hard;
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(await cache.generateWork(ROOT, HARDER)).toBe(work);
    expect(source.asked).toHaveLength(2);
  });

  test("is not replaced by weaker work that comes later", async () => {
    const { source, cache } = createWorld();
    const [hard, easy] = [cache.generateWork(ROOT, HARDER), cache.generateWork(ROOT, EASY)];
    await settle();
    await source.asked[0]?.find();
    const work = await hard;
    await source.asked[1]?.find();
    await easy;
    expect(await cache.generateWork(ROOT, HARDER)).toBe(work);
    expect(source.asked).toHaveLength(2);
  });

  test("of another root is another work", async () => {
    const { source, cache } = createWorld();
    const calls = [cache.generateWork(ROOT, EASY), cache.generateWork(OTHER_ROOT, EASY)];
    await settle();
    for (const asked of source.asked) await asked.find();
    expect(await Promise.all(calls)).toEqual([await findWork(ROOT, EASY), await findWork(OTHER_ROOT, EASY)]);
  });

  test("makes room for newer work: what was used longest ago goes", async () => {
    const { source, cache } = createWorld({ maxEntries: 2 });
    const ask = async (index: number): Promise<void> => {
      const before = source.asked.length;
      const call = cache.generateWork(rootOf(index), EASY);
      await settle();
      if (source.asked.length > before) await source.last().find();
      await call;
    };
    for (const index of [1, 2, 1, 3, 1]) await ask(index);
    expect(source.asked.map(({ root }) => root)).toEqual([rootOf(1), rootOf(2), rootOf(3)]);
    await ask(2);
    expect(source.asked).toHaveLength(4);
  });

  test.each([
    ["weak", "0000000000000000"],
    ["short", "00"],
    ["no work at all", "what a pity, none"],
  ])("is checked: what is %s is neither given out nor kept", async (_what, answer) => {
    const { source, cache } = createWorld();
    const weak = errorOf(cache.generateWork(ROOT, EASY));
    await settle();
    source.last().answer(answer);
    expect(await weak).toMatchObject({ code: "work_unavailable", facts: { why: "the work found is too weak" } });
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });
});

describe("callers who want the same work", () => {
  test("share one search, and each sees its progress", async () => {
    const { source, cache } = createWorld();
    const told: WorkProgress[][] = [[], []];
    const calls = told.map((list) => cache.generateWork(ROOT, EASY, { onProgress: (progress) => list.push(progress) }));
    const third = cache.generateWork(ROOT, EASY, { onProgress: () => failWith("the display broke") });
    await settle();
    expect(source.asked).toHaveLength(1);
    const progress = { attempts: 5, rate: 2, expectedSeconds: 128 };
    source.last().options.onProgress?.(progress);
    await source.last().find();
    expect(new Set(await Promise.all([...calls, third])).size).toBe(1);
    expect(told).toEqual([[progress], [progress]]);
  });

  test("leave one by one: only the last one ends it", async () => {
    const { source, cache, isStopped } = createWorld();
    const stops = [new AbortController(), new AbortController()];
    const calls = stops.map(({ signal }) => errorOf(cache.generateWork(ROOT, EASY, { signal })));
    await settle();
    stops[0]?.abort();
    expect((await calls[0])?.facts).toEqual({ why: "aborted" });
    expect(isStopped(0)).toBe(false);
    stops[1]?.abort();
    await calls[1];
    expect(isStopped(0)).toBe(true);
    const again = cache.generateWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(2);
    await source.last().find();
    await again;
  });

  test("fail together, and the next one asks anew", async () => {
    const { source, cache } = createWorld();
    const calls = [cache.generateWork(ROOT, EASY), cache.generateWork(ROOT, EASY)].map(errorOf);
    await settle();
    source.last().fail(outage);
    expect(await Promise.all(calls)).toEqual([outage, outage]);
    const again = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await again;
    expect(source.asked).toHaveLength(2);
  });

  test("wait no longer than they said", async () => {
    const { cache, isStopped } = createWorld();
    expect((await errorOf(cache.generateWork(ROOT, EASY, { timeoutMs: 5 }))).facts).toEqual({ why: "too late" });
    await settle();
    expect(isStopped(0)).not.toBe(false);
  });
});

describe("work ahead", () => {
  test("is there when it is asked for", async () => {
    const { source, cache } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await settle();
    expect(await cache.generateWork(ROOT, EASY)).toBe(await findWork(ROOT, EASY));
    expect(source.asked).toHaveLength(1);
  });

  test("is joined by who asks while it is under way", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    expect([source.asked.length, isStopped(0)]).toEqual([1, false]);
    await source.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });

  test("is not lost when who joined it leaves", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    const stop = new AbortController();
    const call = errorOf(cache.generateWork(ROOT, EASY, { signal: stop.signal }));
    await settle();
    stop.abort();
    await call;
    expect(isStopped(0)).toBe(false);
    await source.last().find();
    await settle();
    await cache.generateWork(ROOT, EASY);
    expect(source.asked).toHaveLength(1);
  });

  test("is done for one root at a time, in the order in which it was asked for", async () => {
    const { source, cache } = createWorld();
    for (const index of [1, 2, 3]) cache.prepareWork(rootOf(index), EASY);
    for (const index of [1, 2, 3]) {
      await settle();
      expect(source.asked).toHaveLength(index);
      expect(source.last().root).toBe(rootOf(index));
      await source.last().find();
    }
  });

  test("gives way to who waits for other work, and is taken up again", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(rootOf(1), EASY);
    cache.prepareWork(rootOf(2), EASY);
    await settle();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    expect([isStopped(0), source.asked.length, source.last().root]).toEqual([true, 2, ROOT]);
    source.asked[0]?.fail(outage);
    cache.prepareWork(rootOf(3), EASY);
    await settle();
    expect(source.asked).toHaveLength(2);
    await source.last().find();
    await call;
    for (const index of [1, 2, 3]) {
      await settle();
      expect(source.last().root).toBe(rootOf(index));
      await source.last().find();
    }
    await settle();
    expect(source.asked).toHaveLength(5);
  });

  test("that was joined does not give way: somebody waits for it too", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(rootOf(1), EASY);
    await settle();
    const calls = [cache.generateWork(rootOf(1), EASY), cache.generateWork(rootOf(2), EASY)];
    await settle();
    expect([isStopped(0), isStopped(1)]).toEqual([false, false]);
    for (const asked of source.asked) await asked.find();
    await Promise.all(calls);
  });

  test("for another threshold gives way, and is not done twice where what was found is enough", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    const call = cache.generateWork(ROOT, HARDER);
    await settle();
    expect([isStopped(0), source.last().threshold]).toEqual([true, HARDER]);
    await source.last().find();
    await call;
    await settle();
    expect(source.asked).toHaveLength(2);
  });

  test("takes the highest threshold that a root was prepared for", async () => {
    const { source, cache } = createWorld();
    cache.prepareWork(OTHER_ROOT, EASY);
    for (const threshold of [EASY, HARDER, EASY]) cache.prepareWork(ROOT, threshold);
    await settle();
    await source.last().find();
    await settle();
    expect(source.asked.map(({ root, threshold }) => [root, threshold])).toEqual([
      [OTHER_ROOT, EASY],
      [ROOT, HARDER],
    ]);
  });

  test("that fails troubles nobody, and is done when somebody asks", async () => {
    const { source, cache } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    source.last().fail(outage);
    await settle();
    expect(source.asked).toHaveLength(1);
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });

  test("that fails under a waiting caller is tried once more for him, and goes before other work ahead", async () => {
    const { source, cache } = createWorld();
    cache.prepareWork(ROOT, EASY);
    cache.prepareWork(OTHER_ROOT, EASY);
    await settle();
    const call = errorOf(cache.generateWork(ROOT, EASY));
    await settle();
    source.last().fail(new NanoError("work_unavailable", { why: "an old outage" }));
    await settle();
    expect(source.asked.map(({ root }) => root)).toEqual([ROOT, ROOT]);
    source.last().fail(outage);
    expect(await call).toBe(outage);
  });

  test("that fails under a caller who has gone is not tried again", async () => {
    const { source, cache } = createWorld();
    cache.prepareWork(ROOT, EASY);
    await settle();
    const stop = new AbortController();
    const call = errorOf(cache.generateWork(ROOT, EASY, { signal: stop.signal }));
    await settle();
    stop.abort();
    source.last().fail(outage);
    await call;
    await settle();
    expect(source.asked).toHaveLength(1);
  });

  test("is not done for more roots than are kept: the oldest wish is dropped", async () => {
    const { source, cache } = createWorld({ maxEntries: 2 });
    for (const index of [1, 2, 3, 4, 5]) cache.prepareWork(rootOf(index), EASY);
    for (const index of [1, 4, 5]) {
      await settle();
      expect(source.last().root).toBe(rootOf(index));
      await source.last().find();
    }
    await settle();
    expect(source.asked).toHaveLength(3);
  });

  test("needs no search where the work is known", async () => {
    const { source, cache } = createWorld();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await call;
    cache.prepareWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(1);
  });
});

describe("close", () => {
  test("ends what is under way and what is wanted, and the source", async () => {
    const { source, cache, isStopped } = createWorld();
    cache.prepareWork(rootOf(1), EASY);
    cache.prepareWork(rootOf(2), EASY);
    await settle();
    await cache.close();
    expect([isStopped(0), source.closed()]).toEqual([true, 1]);
    source.last().fail(outage);
    cache.prepareWork(rootOf(3), EASY);
    await settle();
    expect(source.asked).toHaveLength(1);
    expect((await errorOf(cache.generateWork(ROOT, EASY))).facts).toEqual({ why: "closed" });
  });

  test("fails who waits", async () => {
    const { cache } = createWorld();
    const call = errorOf(cache.generateWork(ROOT, EASY));
    await settle();
    await cache.close();
    expect((await call).facts).toEqual({ why: "closed" });
  });

  test("of a source that needs none", async () => {
    await cachedWork({ generateWork: createFakeSource().generateWork }).close();
  });
});

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
    const { source, cache } = createWorld({ storage });
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect([source.asked.length, storage.loads]).toEqual([0, 1]);
    const hard = cache.generateWork(ROOT, HARDER);
    await settle();
    await source.last().find();
    expect(await hard).toBe(await findWork(ROOT, HARDER));
  });

  test("is not asked before the cache is", async () => {
    const storage = createStorage();
    const { cache } = createWorld({ storage });
    await settle();
    expect(storage.loads).toBe(0);
    await cache.close();
  });

  test("spares work ahead", async () => {
    const storage = createStorage([{ root: ROOT, work: await findWork(ROOT, EASY) }]);
    const { source, cache } = createWorld({ storage });
    cache.prepareWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(0);
  });

  test("is given everything, the oldest first, whenever something was found", async () => {
    const storage = createStorage([{ root: rootOf(1), work: await findWork(rootOf(1), EASY) }]);
    const { source, cache } = createWorld({ storage });
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
    const { source, cache } = createWorld({ storage });
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
    const { source, cache } = createWorld({ storage: createStorage(content(good)) });
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
    const { source, cache } = createWorld({ storage: createStorage(entries), maxEntries: 2 });
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
    const { source, cache } = createWorld({ storage, onWarning: (message) => told.push(message) });
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
    const { source, cache } = createWorld({ storage });
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await call;
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("broken"));
  });
});

test.each([{ maxEntries: 0 }, { maxEntries: 1e9 }, { storage: "file" }, { onWarning: 5 }, { file: "x" }])(
  "an option that cannot be used is refused: %j",
  (options) => {
    const make = (): unknown => cachedWork(createFakeSource(), options as unknown as CachedWorkOptions);
    expect(make).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
  },
);
