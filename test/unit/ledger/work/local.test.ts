import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import type { WorkProgress } from "../../../../src/ledger/index.js";
import { cachedWork, localWork, workInOrder, workServer } from "../../../../src/ledger/work/index.js";
import { createLocalWork, type LocalWorkOptions } from "../../../../src/ledger/work/local.js";
import type { WorkPlatform } from "../../../../src/ledger/work/threads.js";
import { workPlatform as browserPlatform } from "../../../../src/ledger/work/work-threads.browser.js";
import { workPlatform } from "../../../../src/ledger/work/work-threads.node.js";
import { hexToBytes, isWorkValid, keyBytes } from "../../../../src/nano/index.js";
import { assembleModule } from "../../../../src/nano/wasm-assembler.js";
import { createManualTime } from "../../../support/manual-time.js";
import { deadUrl, errorOf } from "../support.js";
import { EASY, HARD, OTHER_ROOT, ROOT, rootOf } from "./support.js";

/** Real threads, ended after each test. */
const open: ReturnType<typeof localWork>[] = [];
afterEach(async () => {
  for (const source of open.splice(0)) await source.close();
});

function start(options: LocalWorkOptions = {}, platform: WorkPlatform = workPlatform): ReturnType<typeof localWork> {
  const source = createLocalWork({ threads: 2, ...options }, platform);
  open.push(source);
  return source;
}

const isEnough = (work: string, root = ROOT): boolean => isWorkValid(hexToBytes(work, 8), keyBytes(root), EASY);

describe("real threads", () => {
  test("find work, also for many at once", async () => {
    const source = start();
    const roots = Array.from({ length: 20 }, (_, index) => rootOf(index));
    const works = await Promise.all(roots.map((root) => source.generateWork(root, EASY)));
    expect(works.map((work, index) => isEnough(work, rootOf(index)))).toEqual(roots.map(() => true));
  });

  test("find other work next time: they start where nobody knows", async () => {
    const source = start();
    const works = [await source.generateWork(ROOT, EASY), await source.generateWork(ROOT, EASY)];
    expect(works.map((work) => isEnough(work))).toEqual([true, true]);
    expect(works[0]).not.toBe(works[1]);
  });

  test("start where they are told, and go up from there", async () => {
    const source = start({ threads: 1, randomBytes: () => hexToBytes("ffffffffffffff00", 8) });
    const work = BigInt(`0x${await source.generateWork(ROOT, EASY)}`);
    expect(BigInt.asUintN(64, work - 0xffffffffffffff00n)).toBeLessThan(4096n);
  });

  test("stop when the caller leaves: the next search gets them", async () => {
    const source = start();
    const stop = new AbortController();
    const call = errorOf(source.generateWork(ROOT, HARD, { signal: stop.signal }));
    await source.generateWork(OTHER_ROOT, EASY);
    stop.abort();
    expect(await call).toMatchObject({ code: "work_unavailable", facts: { why: "aborted" } });
    expect(isEnough(await source.generateWork(ROOT, EASY))).toBe(true);
  });

  test("are not even asked by a caller who left before", async () => {
    const error = await errorOf(start().generateWork(ROOT, EASY, { signal: AbortSignal.abort() }));
    expect(error.facts).toEqual({ why: "aborted" });
  });

  test("stop when the time is over", async () => {
    const source = start();
    const error = await errorOf(source.generateWork(ROOT, HARD, { timeoutMs: 20 }));
    expect(error).toMatchObject({ code: "work_unavailable", facts: { why: "too late" } });
    expect(isEnough(await source.generateWork(ROOT, EASY))).toBe(true);
  });

  test("tell how far they are", async () => {
    const { clock, sleep, advance } = createManualTime();
    const told: WorkProgress[] = [];
    const source = start({ clock, sleep });
    const stop = new AbortController();
    const onProgress = (progress: WorkProgress): void => {
      told.push(progress);
    };
    const call = errorOf(source.generateWork(ROOT, HARD, { onProgress, signal: stop.signal }));
    while (told.length < 2) await advance(250);
    stop.abort();
    await call;
    const [first, second] = told;
    expect(first?.attempts).toBeGreaterThan(0);
    expect(second?.attempts).toBeGreaterThanOrEqual(first?.attempts ?? 0);
    expect(told.every(({ rate, expectedSeconds }) => Math.abs(expectedSeconds * rate - 2 ** 64) < 1e6)).toBe(true);
  });

  test("end with close, in the middle of a search", async () => {
    let ended = 0;
    const source = start(
      {},
      {
        countCores: workPlatform.countCores,
        startThread(module, { onFound, onDeath }) {
          const onEnd = (cause: unknown): void => {
            ended += 1;
            onDeath(cause);
          };
          return workPlatform.startThread(module, { onFound, onDeath: onEnd });
        },
      },
    );
    const call = errorOf(source.generateWork(ROOT, HARD));
    await source.generateWork(OTHER_ROOT, EASY);
    await source.close();
    expect((await call).facts).toEqual({ why: "closed" });
    expect(ended).toBe(2);
  });
});

/** The kernel's signature, and a crash for a body. */
const crashing = new WebAssembly.Module(
  assembleModule({
    name: "search",
    parameters: ["i64", "i32", "i64", "i64", "i64", "i64", "i64"],
    result: "i32",
    locals: [],
    code: [0x00],
  }),
);

/** The first `count` threads crash in their first search. */
function createCrashingPlatform(count: number): WorkPlatform & { started: () => number } {
  let started = 0;
  return {
    countCores: workPlatform.countCores,
    started: () => started,
    startThread(module, events) {
      started += 1;
      return workPlatform.startThread(started <= count ? crashing : module, events);
    },
  };
}

describe("a real thread that crashes", () => {
  test("is replaced", async () => {
    const platform = createCrashingPlatform(2);
    expect(isEnough(await start({ threads: 1 }, platform).generateWork(ROOT, EASY))).toBe(true);
    expect(platform.started()).toBe(3);
  });

  test("again and again fails the search, and tells why", async () => {
    const error = await errorOf(start({ threads: 1 }, createCrashingPlatform(100)).generateWork(ROOT, EASY));
    expect(error).toMatchObject({ code: "work_unavailable", cause: { name: "RuntimeError", message: "unreachable" } });
  });
});

test("all together: ahead of time, by a server that is down or else by threads of our own", async () => {
  const source = cachedWork(workInOrder([workServer({ url: await deadUrl() }), start()]));
  source.prepareWork(ROOT, EASY);
  const [first, second] = [await source.generateWork(ROOT, EASY), await source.generateWork(ROOT, EASY)];
  expect([isEnough(first), second]).toEqual([true, first]);
  await source.close();
  expect((await errorOf(source.generateWork(ROOT, EASY))).facts).toEqual({ why: "closed" });
});

test("a process waits for work, but not for idle threads", async () => {
  const script = fileURLToPath(new URL("./process-with-threads.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", script]);
  expect(isEnough(stdout.trim())).toBe(true);
});

test("in a browser there are none", async () => {
  const source = start({}, browserPlatform);
  expect(await errorOf(source.generateWork(ROOT, EASY))).toMatchObject({
    code: "missing_dependency",
    facts: { package: "node:worker_threads" },
  });
});

test("the platform's own threads are the default", async () => {
  const source = localWork({ threads: 1 });
  open.push(source);
  expect(isEnough(await source.generateWork(ROOT, EASY))).toBe(true);
});
