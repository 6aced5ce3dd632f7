import { describe, expect, test } from "vitest";
import type { WorkProgress } from "../../../../src/ledger/index.js";
import { type CachedWorkOptions, cachedWork } from "../../../../src/ledger/work/index.js";
import { errorOf } from "../support.js";
import {
  createCache,
  createFakeSource,
  EASY,
  failWith,
  findWork,
  HARDER,
  OTHER_ROOT,
  outage,
  ROOT,
  rootOf,
  settle,
} from "./support.js";

describe("work that was found", () => {
  test("is given out again, to a block that is built anew", async () => {
    const { source, cache } = createCache();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    const work = await call;
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(await cache.generateWork(ROOT, EASY)).toBe(work);
    expect(source.asked).toHaveLength(1);
  });

  test("serves lower thresholds, and is searched for anew for a higher one", async () => {
    const { source, cache } = createCache();
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
    const { source, cache } = createCache();
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
    const { source, cache } = createCache();
    const calls = [cache.generateWork(ROOT, EASY), cache.generateWork(OTHER_ROOT, EASY)];
    await settle();
    for (const asked of source.asked) await asked.find();
    expect(await Promise.all(calls)).toEqual([await findWork(ROOT, EASY), await findWork(OTHER_ROOT, EASY)]);
  });

  test("makes room for newer work: what was used longest ago goes", async () => {
    const { source, cache } = createCache({ maxEntries: 2 });
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
    const { source, cache } = createCache();
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
  test("see no progress but that of their own work", async () => {
    const { source, cache } = createCache();
    const told: WorkProgress[][] = [[], []];
    const calls = [ROOT, OTHER_ROOT].map((root, index) =>
      cache.generateWork(root, EASY, { onProgress: (progress) => told[index]?.push(progress) }),
    );
    await settle();
    const progress = { attempts: 5, rate: 2, expectedSeconds: 128 };
    source.asked[1]?.options.onProgress?.(progress);
    for (const asked of source.asked) await asked.find();
    await Promise.all(calls);
    expect(told).toEqual([[], [progress]]);
  });

  test("share one search, and each sees its progress", async () => {
    const { source, cache } = createCache();
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
    const { source, cache, isStopped } = createCache();
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
    const { source, cache } = createCache();
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
    const { cache, isStopped } = createCache();
    expect((await errorOf(cache.generateWork(ROOT, EASY, { timeoutMs: 5 }))).facts).toEqual({ why: "too late" });
    await settle();
    expect(isStopped(0)).not.toBe(false);
  });
});

describe("close", () => {
  test("ends what is under way and what is wanted, and the source", async () => {
    const { source, cache, isStopped } = createCache();
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
    const { cache } = createCache();
    const call = errorOf(cache.generateWork(ROOT, EASY));
    await settle();
    await cache.close();
    expect((await call).facts).toEqual({ why: "closed" });
  });

  test("of a source that needs none", async () => {
    await cachedWork({ generateWork: createFakeSource().generateWork }).close();
  });
});

test.each([{ maxEntries: 0 }, { maxEntries: 1e9 }, { storage: "file" }, { onWarning: 5 }, { file: "x" }])(
  "an option that cannot be used is refused: %j",
  (options) => {
    const make = (): unknown => cachedWork(createFakeSource(), options as unknown as CachedWorkOptions);
    expect(make).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
  },
);
