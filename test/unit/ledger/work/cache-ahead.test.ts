import { describe, expect, test } from "vitest";
import { NanoError } from "../../../../src/errors/index.js";
import { errorOf } from "../support.js";
import { createCache, EASY, findWork, HARDER, OTHER_ROOT, outage, ROOT, rootOf, settle } from "./support.js";

describe("work ahead", () => {
  test("is there when it is asked for", async () => {
    const { source, cache } = createCache();
    cache.prepareWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await settle();
    expect(await cache.generateWork(ROOT, EASY)).toBe(await findWork(ROOT, EASY));
    expect(source.asked).toHaveLength(1);
  });

  test("is joined by who asks while it is under way", async () => {
    const { source, cache, isStopped } = createCache();
    cache.prepareWork(ROOT, EASY);
    await settle();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    expect([source.asked.length, isStopped(0)]).toEqual([1, false]);
    await source.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });

  test("is not lost when who joined it leaves", async () => {
    const { source, cache, isStopped } = createCache();
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
    const { source, cache } = createCache();
    for (const index of [1, 2, 3]) cache.prepareWork(rootOf(index), EASY);
    for (const index of [1, 2, 3]) {
      await settle();
      expect(source.asked).toHaveLength(index);
      expect(source.last().root).toBe(rootOf(index));
      await source.last().find();
    }
  });

  test("gives way to who waits for other work, and is taken up again", async () => {
    const { source, cache, isStopped } = createCache();
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
    const { source, cache, isStopped } = createCache();
    cache.prepareWork(rootOf(1), EASY);
    await settle();
    const calls = [cache.generateWork(rootOf(1), EASY), cache.generateWork(rootOf(2), EASY)];
    await settle();
    expect([isStopped(0), isStopped(1)]).toEqual([false, false]);
    for (const asked of source.asked) await asked.find();
    await Promise.all(calls);
  });

  test("for another threshold gives way, and is not done twice where what was found is enough", async () => {
    const { source, cache, isStopped } = createCache();
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
    const { source, cache } = createCache();
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
    const { source, cache } = createCache();
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
    const { source, cache } = createCache();
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
    const { source, cache } = createCache();
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
    const { source, cache } = createCache({ maxEntries: 2 });
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
    const { source, cache } = createCache();
    const call = cache.generateWork(ROOT, EASY);
    await settle();
    await source.last().find();
    await call;
    cache.prepareWork(ROOT, EASY);
    await settle();
    expect(source.asked).toHaveLength(1);
  });
});
