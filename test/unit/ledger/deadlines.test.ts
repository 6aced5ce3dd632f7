import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createDeadlines } from "../../../src/ledger/deadlines.js";
import type { Sleep } from "../../../src/ledger/index.js";
import { createManualTime } from "../../support/manual-time.js";

/** Counts who sleeps, and what each sleep was asked for. */
function createScene(options: { readonly clock?: () => number } = {}) {
  const time = createManualTime();
  const naps: number[] = [];
  let sleeping = 0;
  const sleep: Sleep = async (ms, signal) => {
    naps.push(ms);
    sleeping += 1;
    await time.sleep(ms, signal);
    sleeping -= 1;
  };
  const startMs = time.clock();
  const done: string[] = [];
  const deadlines = createDeadlines({ clock: options.clock ?? time.clock, sleep });
  return {
    time,
    naps,
    done,
    deadlines,
    note: (name: string) => () => {
      done.push(`${name} at ${String(time.clock() - startMs)}`);
    },
    get sleeping() {
      return sleeping;
    },
  };
}

describe("deadlines", () => {
  test("run in the order of their times, each at its own, and those of one moment in the order given", async () => {
    const { time, deadlines, done, note } = createScene();
    deadlines.in(30, note("c"));
    deadlines.in(10, note("a"));
    deadlines.in(20, note("b"));
    deadlines.in(10, note("a2"));
    deadlines.in(10, note("a3"));
    await time.advance(9);
    expect(done).toEqual([]);
    await time.advance(100);
    expect(done).toEqual(["a at 10", "a2 at 10", "a3 at 10", "b at 20", "c at 30"]);
  });

  test("take one timer, however many there are, and none when nothing is due", async () => {
    const scene = createScene();
    for (let ms = 1_000; ms > 0; ms -= 1) scene.deadlines.in(ms, () => undefined);
    await scene.time.settle();
    expect(scene.sleeping).toBe(1);
    await scene.time.advance(1_000);
    expect(scene.sleeping).toBe(0);
  });

  test("sleep once for tasks of the same moment", async () => {
    const { time, deadlines, naps } = createScene();
    for (let count = 0; count < 100; count += 1) deadlines.in(50, () => undefined);
    await time.advance(50);
    expect(naps).toEqual([50]);
  });

  test("set by tasks of the same moment are slept for once", async () => {
    const { time, deadlines, naps } = createScene();
    for (let count = 0; count < 100; count += 1) deadlines.in(50, () => void deadlines.in(70, () => undefined));
    await time.advance(200);
    expect(naps).toEqual([50, 70]);
  });

  test("wake earlier for one that comes later and is due sooner", async () => {
    const { time, deadlines, done, note } = createScene();
    deadlines.in(1_000, note("late"));
    await time.advance(100);
    deadlines.in(50, note("soon"));
    await time.advance(60);
    expect(done).toEqual(["soon at 150"]);
    await time.advance(1_000);
    expect(done).toEqual(["soon at 150", "late at 1000"]);
  });

  test("are not run when called off, once or twice, before or after", async () => {
    const scene = createScene();
    const { time, deadlines, done, note } = scene;
    const callOff = deadlines.in(10, note("a"));
    const callLaterOff = deadlines.in(20, note("b"));
    const callDoneOff = deadlines.in(5, note("c"));
    callOff();
    callOff();
    await time.advance(5);
    callDoneOff();
    callLaterOff();
    await time.advance(100);
    expect(done).toEqual(["c at 5"]);
    expect(scene.sleeping).toBe(0);
  });

  test("end their sleep with the last that is called off", async () => {
    const scene = createScene();
    const first = scene.deadlines.in(10, () => undefined);
    const second = scene.deadlines.in(20, () => undefined);
    second();
    await scene.time.settle();
    expect(scene.sleeping).toBe(1);
    first();
    await scene.time.settle();
    expect(scene.sleeping).toBe(0);
  });

  test("called off in the task of another are not run", async () => {
    const { time, deadlines, done, note } = createScene();
    let callOff = (): void => undefined;
    deadlines.in(10, () => callOff());
    callOff = deadlines.in(10, note("b"));
    deadlines.in(10, note("c"));
    await time.advance(10);
    expect(done).toEqual(["c at 10"]);
  });

  test("calling one off runs nothing, even what is due by now", async () => {
    let nowMs = 0;
    const { deadlines, done, note, time } = createScene({ clock: () => nowMs });
    const callOff = deadlines.in(1, note("a"));
    deadlines.in(2, note("b"));
    nowMs = 10;
    callOff();
    expect(done).toEqual([]);
    await time.advance(1_000);
    expect(done).toHaveLength(1);
  });

  test("set by a task are run in their turn", async () => {
    const { time, deadlines, done, note } = createScene();
    deadlines.in(10, () => {
      deadlines.in(0, note("at once"));
      deadlines.in(10, note("later"));
    });
    await time.advance(9);
    await time.advance(1);
    expect(done).toEqual(["at once at 10"]);
    await time.advance(10);
    expect(done).toEqual(["at once at 10", "later at 20"]);
  });

  test("set over and over by their own tasks do not keep others from running", async () => {
    const { time, deadlines, done, note } = createScene();
    const again = (): void => {
      if (done.length === 0) deadlines.in(0, again);
    };
    deadlines.in(10, again);
    deadlines.in(10, note("other"));
    await time.advance(10);
    expect(done).toEqual(["other at 10"]);
  });

  test.each([0, -5, Number.NaN])("of %s ms are due at once, and disturb no other", async (ms) => {
    const { time, deadlines, done, note } = createScene();
    deadlines.in(20, note("b"));
    deadlines.in(ms, note("odd"));
    deadlines.in(10, note("a"));
    await time.advance(30);
    expect(done).toEqual(["odd at 0", "a at 10", "b at 20"]);
  });

  test("further away than a timer reaches are slept for in parts", async () => {
    const { time, deadlines, done, naps, note } = createScene();
    const monthMs = 31 * 86_400_000;
    deadlines.in(2 * monthMs, note("far"));
    await time.advance(2 * monthMs - 1);
    expect(done).toEqual([]);
    await time.advance(1);
    expect(done).toEqual([`far at ${String(2 * monthMs)}`]);
    expect(Math.max(...naps)).toBe(2 ** 31 - 1);
  });

  test("without end are never due", async () => {
    const { time, deadlines, done, note } = createScene();
    deadlines.in(Number.POSITIVE_INFINITY, note("never"));
    deadlines.in(10, note("a"));
    await time.advance(2 ** 32);
    expect(done).toEqual(["a at 10"]);
  });

  test("are all forgotten by close, and may be set again", async () => {
    const scene = createScene();
    const { time, deadlines, done, note } = scene;
    const callOff = deadlines.in(10, note("a"));
    for (let count = 0; count < 200; count += 1) deadlines.in(20, note("b"));
    deadlines.close();
    callOff();
    await time.settle();
    expect(scene.sleeping).toBe(0);
    deadlines.in(30, note("c"));
    await time.advance(100);
    expect(done).toEqual(["c at 30"]);
  });

  test("closed by a task stay closed", async () => {
    const scene = createScene();
    const { time, deadlines, done, note } = scene;
    deadlines.in(10, () => deadlines.close());
    deadlines.in(10, note("b"));
    await time.advance(100);
    expect([done, scene.sleeping]).toEqual([[], 0]);
  });
});

describe("a clock that is set", () => {
  test("back does not put anything off", async () => {
    let offsetMs = 0;
    const time = createManualTime();
    const done: string[] = [];
    const deadlines = createDeadlines({ clock: () => time.clock() + offsetMs, sleep: time.sleep });
    deadlines.in(1_000, () => done.push("a"));
    await time.advance(500);
    offsetMs = -3_600_000;
    deadlines.in(1_000, () => done.push("b"));
    await time.advance(500);
    expect(done).toContain("a");
    await time.advance(500);
    expect(done).toEqual(["a", "b"]);
  });

  test("forward makes due what it passes", async () => {
    let offsetMs = 0;
    const time = createManualTime();
    const done: string[] = [];
    const deadlines = createDeadlines({ clock: () => time.clock() + offsetMs, sleep: time.sleep });
    deadlines.in(10, () => done.push("a"));
    deadlines.in(60_000, () => done.push("b"));
    offsetMs = 3_600_000;
    await time.advance(10);
    expect(done).toEqual(["a", "b"]);
  });

  test("standing still does not stop what slept long enough", async () => {
    const { time, deadlines, done, note } = createScene({ clock: () => 7 });
    deadlines.in(10, note("a"));
    deadlines.in(30, note("b"));
    await time.advance(100);
    expect(done).toEqual(["a at 10", "b at 30"]);
  });
});

test("a sleep that takes no notice of its signal runs nothing twice", async () => {
  const time = createManualTime();
  const done: string[] = [];
  const deadlines = createDeadlines({
    clock: time.clock,
    sleep: (ms) => time.sleep(ms, new AbortController().signal),
  });
  deadlines.in(50, () => done.push("b"));
  deadlines.in(10, () => done.push("a"));
  deadlines.in(20, () => done.push("called off"))();
  await time.advance(100);
  expect(done).toEqual(["a", "b"]);
});

test("what is called off does not pile up", () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const { deadlines } = createScene();
  deadlines.in(10, () => undefined);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 200_000; count += 1) deadlines.in(25_000, () => undefined)();
  collectGarbage();
  // Kept, they would take more than 10 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2_000_000);
  deadlines.close();
});

/** What a list sorted by time would do, beside the heap. */
test("any mixture of setting, calling off and waiting does what a sorted list would", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), ms: fc.nat(60) }),
    fc.record({ kind: fc.constant("call off" as const), which: fc.nat(300) }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(15) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 300, size: "max" }), async (steps) => {
      let nowMs = 0;
      const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>();
      const deadlines = createDeadlines({
        clock: () => nowMs,
        sleep: (ms, signal) =>
          new Promise((resolve) => {
            const sleeper = {
              atMs: nowMs + ms,
              wake: () => {
                sleepers.delete(sleeper);
                resolve();
              },
            };
            sleepers.add(sleeper);
            signal.addEventListener("abort", sleeper.wake, { once: true });
          }),
      });
      const ran: number[] = [];
      const model: { readonly id: number; readonly atMs: number; isOff: boolean }[] = [];
      const callsOff: (() => void)[] = [];
      for (const action of steps) {
        if (action.kind === "set") {
          const id = model.length;
          model.push({ id, atMs: nowMs + action.ms, isOff: false });
          callsOff.push(deadlines.in(action.ms, () => ran.push(id)));
        } else if (action.kind === "call off") {
          const due = model[action.which];
          if (due === undefined) continue;
          callsOff[action.which]?.();
          if (!ran.includes(due.id)) due.isOff = true;
        } else {
          for (const endMs = nowMs + action.ms; nowMs < endMs; nowMs += 1) {
            for (const sleeper of [...sleepers]) if (sleeper.atMs <= nowMs) sleeper.wake();
            for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
          }
        }
        expect(sleepers.size).toBeLessThanOrEqual(1);
      }
      const expected = model
        .filter(({ atMs, isOff }) => !isOff && atMs < nowMs)
        .sort((left, right) => left.atMs - right.atMs || left.id - right.id)
        .map(({ id }) => id);
      expect(ran).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});
