import { beforeAll, describe, expect, test } from "vitest";
import type { WorkProgress } from "../../../../src/ledger/index.js";
import { createLocalWork, type LocalWorkOptions } from "../../../../src/ledger/work/local.js";
import { ATTEMPTS_AT, STOP_AT, type ThreadSearch } from "../../../../src/ledger/work/threads.js";
import { compileWorkModule } from "../../../../src/nano/index.js";
import { createManualTime } from "../../../support/manual-time.js";
import { errorOf } from "../support.js";
import { createFakePlatform, EASY, failWith, findWork, OTHER_ROOT, ROOT, rootOf, settle } from "./support.js";

/** Compiled on a thread of V8's; later it is there at once. */
beforeAll(compileWorkModule);

/** Local work on threads that do what the test says, in time that the test moves. */
function createWorld(options: LocalWorkOptions = {}, cores = 4) {
  const time = createManualTime();
  const platform = createFakePlatform(cores);
  const source = createLocalWork({ clock: time.clock, sleep: time.sleep, ...options }, platform);
  const thread = (index: number) => platform.threads[index] ?? failWith(`no thread ${index}`);
  const searchOf = (index: number): ThreadSearch => thread(index).searches.at(-1) ?? failWith(`thread ${index} idles`);
  /** Thread `index` finds work for what it was told last. */
  const find = async (index: number, root = ROOT, threshold = EASY): Promise<string> => {
    const work = await findWork(root, threshold);
    thread(index).events.onFound(searchOf(index).id, BigInt(`0x${work}`));
    return work;
  };
  return { time, platform, source, thread, searchOf, find };
}

const attempt = (search: ThreadSearch, count: number): void => {
  Atomics.add(new BigInt64Array(search.signals, ATTEMPTS_AT, 1), 0, BigInt(count));
};
const isStopped = (search: ThreadSearch): boolean => Atomics.load(new Int32Array(search.signals, STOP_AT, 1), 0) !== 0;

describe("threads", () => {
  test("start with the first search, one core fewer than there are, and are kept", async () => {
    const { platform, source, find } = createWorld();
    expect(platform.threads).toHaveLength(0);
    for (let round = 0; round < 2; round += 1) {
      const call = source.generateWork(ROOT, EASY);
      await settle();
      const work = await find(1);
      expect(await call).toBe(work);
    }
    expect(platform.threads).toHaveLength(3);
    expect(platform.threads.map(({ searches }) => searches.length)).toEqual([2, 2, 2]);
  });

  test.each([
    [1, 1],
    [2, 1],
    [8, 7],
  ])("on %i cores are %i", async (cores, threads) => {
    const { platform, source } = createWorld({}, cores);
    void errorOf(source.generateWork(ROOT, EASY));
    await settle();
    expect(platform.threads).toHaveLength(threads);
    await source.close();
  });

  test("are as many as asked for, and search each in a part of its own from a random start", async () => {
    const { source, searchOf } = createWorld({
      threads: 4,
      randomBytes: (length) => new Uint8Array(length).fill(0xc0),
    });
    void errorOf(source.generateWork(ROOT, EASY));
    await settle();
    const first = 0xc0c0c0c0c0c0c0c0n;
    const quarter = 2n ** 62n;
    expect([0, 1, 2, 3].map((index) => searchOf(index).start)).toEqual(
      [0n, 1n, 2n, 3n].map((index) => BigInt.asUintN(64, first + index * quarter)),
    );
    await source.close();
  });

  test("keep the process alive only while they search", async () => {
    const { platform, source, find } = createWorld({ threads: 2 });
    const holds = (): boolean[] => platform.threads.map(({ isHeld }) => isHeld);
    const [one, two] = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)];
    await settle();
    expect(holds()).toEqual([true, true]);
    await find(0);
    await one;
    expect(holds()).toEqual([true, true]);
    await find(0, OTHER_ROOT);
    await two;
    expect(holds()).toEqual([false, false]);
  });

  test("are told to stop as soon as one has found work, or the caller has gone", async () => {
    const { source, searchOf, find, thread } = createWorld({ threads: 2 });
    const stop = new AbortController();
    const [one, two] = [
      source.generateWork(ROOT, EASY),
      source.generateWork(OTHER_ROOT, EASY, { signal: stop.signal }),
    ];
    await settle();
    const first = searchOf(1);
    expect(isStopped(first)).toBe(false);
    await find(0);
    await one;
    expect(isStopped(first)).toBe(true);
    const second = searchOf(1);
    expect(isStopped(second)).toBe(false);
    stop.abort();
    expect((await errorOf(two)).facts).toMatchObject({ why: "aborted" });
    expect(isStopped(second)).toBe(true);
    expect(thread(0).isHeld).toBe(false);
  });
});

describe("work", () => {
  test("that is not enough is never handed out", async () => {
    const { source, thread, searchOf } = createWorld({ threads: 1 });
    const call = errorOf(source.generateWork(ROOT, EASY));
    await settle();
    thread(0).events.onFound(searchOf(0).id, 0n);
    expect(await call).toMatchObject({ code: "work_unavailable", facts: { why: expect.stringContaining("kernel") } });
  });

  test("for an earlier search is nobody's", async () => {
    const { source, thread, searchOf, find } = createWorld({ threads: 2 });
    const one = source.generateWork(ROOT, EASY);
    await settle();
    const { id } = searchOf(1);
    await find(0);
    await one;
    const two = source.generateWork(OTHER_ROOT, EASY);
    await settle();
    thread(1).events.onFound(id, 0n);
    const work = await find(0, OTHER_ROOT);
    expect(await two).toBe(work);
    thread(1).events.onFound(searchOf(1).id, 0n);
  });

  test.each([2n ** 64n, -1n])("that is worth %s does not exist", async (threshold) => {
    const { source, platform } = createWorld();
    expect((await errorOf(source.generateWork(ROOT, threshold))).code).toBe("work_unavailable");
    expect(platform.threads).toHaveLength(0);
  });
});

describe("turns", () => {
  test("change every 250 ms while somebody waits, and everybody gets one", async () => {
    const { source, searchOf, time, find } = createWorld({ threads: 1 });
    const roots = [rootOf(1), rootOf(2), rootOf(3)];
    const calls = roots.map((root) => source.generateWork(root, EASY));
    const rootWord = (): bigint => BigInt.asUintN(64, searchOf(0).rootWords[3] ?? 0n) >> 56n;
    await settle();
    const seen: bigint[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      seen.push(rootWord());
      await time.advance(250);
    }
    expect(seen).toEqual([1n, 2n, 3n, 1n, 2n, 3n, 1n]);
    for (const index of [1, 2, 0]) {
      const root = roots[index] ?? failWith("no root");
      const work = await find(0, root);
      expect(await calls[index]).toBe(work);
    }
  });

  test("do not change while nobody waits", async () => {
    const { source, thread, time, find } = createWorld({ threads: 1 });
    const call = source.generateWork(ROOT, EASY);
    await settle();
    await time.advance(10_000);
    expect(thread(0).searches).toHaveLength(1);
    await find(0);
    await call;
  });

  test("are not given to who left while waiting", async () => {
    const { source, thread, find } = createWorld({ threads: 1 });
    const stop = new AbortController();
    const one = source.generateWork(ROOT, EASY);
    const gone = errorOf(source.generateWork(rootOf(1), EASY, { signal: stop.signal }));
    const three = source.generateWork(OTHER_ROOT, EASY);
    await settle();
    stop.abort();
    await gone;
    await find(0);
    await one;
    await find(0, OTHER_ROOT);
    await three;
    expect(thread(0).searches).toHaveLength(2);
  });

  test("that have just ended may bring work yet", async () => {
    const { source, searchOf, thread, time, find } = createWorld({ threads: 1 });
    const calls = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)];
    await settle();
    const { id } = searchOf(0);
    await time.advance(250);
    const work = await findWork(ROOT, EASY);
    thread(0).events.onFound(id, BigInt(`0x${work}`));
    expect(await calls[0]).toBe(work);
    expect(isStopped(searchOf(0))).toBe(false);
    await time.advance(1_000);
    expect(thread(0).searches).toHaveLength(2);
    expect(await find(0, OTHER_ROOT)).toBe(await calls[1]);
  });

  test("begin somewhere else each", async () => {
    const { source, thread, time } = createWorld({ threads: 1 });
    const calls = [errorOf(source.generateWork(ROOT, EASY)), errorOf(source.generateWork(OTHER_ROOT, EASY))];
    await settle();
    await time.advance(1_000);
    const starts = thread(0).searches.map(({ start }) => start);
    expect(new Set(starts).size).toBe(5);
    await source.close();
    await Promise.all(calls);
  });
});

describe("progress", () => {
  test("counts all threads, and expects as long as work without memory takes", async () => {
    const { source, searchOf, time, find } = createWorld({ threads: 2 });
    const told: WorkProgress[] = [];
    const call = source.generateWork(ROOT, EASY, { onProgress: (progress) => told.push(progress) });
    await settle();
    await time.advance(250);
    expect(told).toEqual([]);
    attempt(searchOf(0), 300);
    attempt(searchOf(1), 100);
    await time.advance(250);
    expect(told).toEqual([{ attempts: 400, rate: 800, expectedSeconds: 256 / 800 }]);
    attempt(searchOf(1), 600);
    await time.advance(500);
    expect(told.slice(1).map(({ attempts, rate }) => [attempts, rate])).toEqual([
      [1000, 1000 / 0.75],
      [1000, 1000],
    ]);
    await find(0);
    await call;
    await time.advance(1_000);
    expect(told).toHaveLength(3);
  });

  test("goes on over turns, at the rate that is left when others search too", async () => {
    const { source, searchOf, time } = createWorld({ threads: 1 });
    const told: WorkProgress[] = [];
    const calls = [
      errorOf(source.generateWork(ROOT, EASY, { onProgress: (progress) => told.push(progress) })),
      errorOf(source.generateWork(OTHER_ROOT, EASY)),
    ];
    await settle();
    for (let turn = 0; turn < 3; turn += 1) {
      attempt(searchOf(0), 1_000);
      await time.advance(250);
    }
    expect(told.map(({ attempts, rate }) => [attempts, Math.round(rate)])).toEqual([
      [1_000, 4_000],
      [2_000, 2_667],
    ]);
    await source.close();
    await Promise.all(calls);
  });

  test("that cannot be shown costs nobody the work", async () => {
    const { source, searchOf, time, find } = createWorld({ threads: 1 });
    const call = source.generateWork(ROOT, EASY, {
      onProgress: () => failWith("the display broke"),
    });
    await settle();
    attempt(searchOf(0), 1);
    await time.advance(500);
    const work = await find(0);
    expect(await call).toBe(work);
  });

  test("may make a caller leave, for good", async () => {
    const { source, searchOf, thread, time, find } = createWorld({ threads: 1 });
    const stop = new AbortController();
    const onProgress = (): void => {
      stop.abort();
    };
    const gone = errorOf(source.generateWork(rootOf(1), EASY, { signal: stop.signal, onProgress }));
    const others = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)];
    await settle();
    attempt(searchOf(0), 1);
    await time.advance(1_000);
    expect((await gone).facts).toEqual({ why: "aborted" });
    const [, second, third, ...later] = thread(0).searches.map(({ id }) => id);
    expect(later).toEqual([second, third]);
    await find(0, OTHER_ROOT);
    await find(0, ROOT);
    await Promise.all(others);
    expect(thread(0).isHeld).toBe(false);
  });

  test("is not told at a clock that stands still or was set back", async () => {
    const told: WorkProgress[] = [];
    let nowMs = 5_000;
    const { source, searchOf, time } = createWorld({ threads: 1, clock: () => nowMs });
    const call = errorOf(source.generateWork(ROOT, EASY, { onProgress: (progress) => told.push(progress) }));
    await settle();
    attempt(searchOf(0), 1_000);
    await time.advance(250);
    nowMs = 0;
    await time.advance(250);
    expect(told).toEqual([]);
    await source.close();
    await call;
  });
});

describe("a thread that dies", () => {
  test("is replaced, and the search goes on", async () => {
    const { source, platform, thread, searchOf, find } = createWorld({ threads: 2 });
    const call = source.generateWork(ROOT, EASY);
    await settle();
    thread(0).events.onDeath(new Error("out of memory"));
    expect(platform.threads).toHaveLength(3);
    expect(searchOf(2)).toMatchObject({ id: searchOf(1).id, signals: searchOf(1).signals, threshold: EASY });
    expect(searchOf(2).start).not.toBe(searchOf(0).start);
    expect(thread(2).isHeld).toBe(true);
    const work = await find(2);
    expect(await call).toBe(work);
  });

  test("over and over fails the search, and the next one begins anew", async () => {
    const { source, platform, thread, find } = createWorld({ threads: 1 });
    const one = errorOf(source.generateWork(ROOT, EASY));
    const two = source.generateWork(OTHER_ROOT, EASY);
    await settle();
    for (let death = 0; death < 4; death += 1) thread(death).events.onDeath(new Error(`death ${death}`));
    const error = await one;
    expect(error).toMatchObject({ code: "work_unavailable", facts: { why: "no thread to work on" } });
    expect(error.cause).toMatchObject({ message: "death 3" });
    expect(platform.threads).toHaveLength(5);
    const work = await find(4, OTHER_ROOT);
    expect(await two).toBe(work);
  });

  test("while idle is replaced by the next search", async () => {
    const { source, platform, thread, find } = createWorld({ threads: 2 });
    const one = source.generateWork(ROOT, EASY);
    await settle();
    await find(0);
    await one;
    thread(0).events.onDeath(undefined);
    expect(platform.threads).toHaveLength(2);
    const two = source.generateWork(ROOT, EASY);
    await settle();
    expect(platform.threads).toHaveLength(3);
    const work = await find(2);
    expect(await two).toBe(work);
  });

  test("and cannot be replaced fails the search, and those that wait as long as none starts", async () => {
    const { source, platform, thread, find } = createWorld({ threads: 1 });
    const calls = [source.generateWork(ROOT, EASY), source.generateWork(rootOf(1), EASY)].map(errorOf);
    const last = source.generateWork(OTHER_ROOT, EASY);
    await settle();
    const refusals = [new Error("no more threads"), new Error("still none")];
    platform.refusals.push(...refusals);
    thread(0).events.onDeath(undefined);
    expect((await Promise.all(calls)).map(({ cause }) => cause)).toEqual(refusals);
    const work = await find(1, OTHER_ROOT);
    expect(await last).toBe(work);
  });
});

describe("where threads cannot start", () => {
  test("a search fails, everybody's in turn, and a later one succeeds", async () => {
    const { source, platform, find } = createWorld({ threads: 2 });
    platform.refusals.push(new Error("first"), new Error("second"));
    const calls = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)].map(errorOf);
    expect((await Promise.all(calls)).map((error) => error.cause)).toMatchObject([
      { message: "first" },
      { message: "second" },
    ]);
    const later = source.generateWork(ROOT, EASY);
    await settle();
    const work = await find(0);
    expect(await later).toBe(work);
  });

  test("those that did start are neither busy nor held", async () => {
    const { source, platform, searchOf } = createWorld({ threads: 2 });
    const start = platform.startThread;
    platform.startThread = (module, events) =>
      platform.threads.length === 0 ? start(module, events) : failWith("only one");
    await errorOf(source.generateWork(ROOT, EASY));
    expect(platform.threads).toMatchObject([{ isHeld: false, searches: [] }]);
    platform.startThread = start;
    const later = errorOf(source.generateWork(ROOT, EASY));
    await settle();
    expect(searchOf(1).id).toBe(searchOf(0).id);
    await source.close();
    await later;
  });
});

describe("close", () => {
  test("fails what searches and what waits, ends the threads, and refuses what comes after", async () => {
    const { source, platform, searchOf } = createWorld({ threads: 2 });
    const calls = [source.generateWork(ROOT, EASY), source.generateWork(OTHER_ROOT, EASY)].map(errorOf);
    await settle();
    const running = searchOf(0);
    await source.close();
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: "work_unavailable", facts: { why: "closed" } });
    }
    expect(isStopped(running)).toBe(true);
    expect(platform.threads.every(({ hasEnded }) => hasEnded)).toBe(true);
    expect((await errorOf(source.generateWork(ROOT, EASY))).facts).toEqual({ why: "closed" });
    await source.close();
    expect(platform.threads).toHaveLength(2);
  });

  test("before anything was searched is no matter", async () => {
    const { source, platform } = createWorld();
    await source.close();
    expect(platform.threads).toHaveLength(0);
  });

  test("while the first search is still getting ready starts no thread", async () => {
    const { source, platform } = createWorld();
    const call = errorOf(source.generateWork(ROOT, EASY));
    await source.close();
    expect((await call).facts).toEqual({ why: "closed" });
    expect(platform.threads).toHaveLength(0);
  });
});

test.each([
  { threads: 0 },
  { threads: 1.5 },
  { threads: 257 },
  { threads: "2" },
  { clock: 5 },
  { sleep: "no" },
  { randomBytes: {} },
  { thread: 2 },
])("an option that cannot be used is refused: %j", (options) => {
  const make = (): unknown => createLocalWork(options as LocalWorkOptions, createFakePlatform());
  expect(make).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
});
