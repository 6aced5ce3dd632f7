import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { ZERO_HASH } from "../../../../src/nano/index.js";
import { hangUp, inTurn, json, text } from "../fake-node.js";
import { CONFIRMED_SEND, createGate, createStage, SEND, SEND_HASH, UNCONFIRMED_SEND } from "../support.js";
import { accountOf, createScene as create, HASH, hashOf, type SceneOptions, wait } from "./support.js";

/** Nothing is pushed. */
const createScene = (options: SceneOptions = {}) => create({ hasSocket: false, ...options });

describe("a wait without a websocket", () => {
  test("looks at once, before any time passes", async () => {
    const scene = createScene({ looks: () => true });
    expect(await scene.confirmations.wait(HASH, wait())).toBe(true);
    await scene.time.settle();
    expect([scene.lookTimes, scene.timers]).toEqual([[0], 0]);
  });

  test("looks again and again, at growing intervals up to a second", async () => {
    const scene = createScene({ looks: (_hash, look) => look === 12 });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(10_000);
    expect(await waiting).toBe(true);
    const gaps = scene.lookTimes.slice(1).map((at, index) => at - (scene.lookTimes[index] ?? 0));
    expect(gaps.map(Math.round)).toEqual([250, 313, 391, 488, 610, 763, 954, 1000, 1000, 1000, 1000]);
    expect(scene.timers).toBe(0);
  });

  test("is over at its timeout, not before and not after", async () => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 3_000 }));
    await scene.time.advance(2_999);
    expect(await scene.stateOf(waiting)).toBe("waits");
    await scene.time.advance(1);
    expect([await scene.stateOf(waiting), scene.timers]).toEqual([false, 0]);
  });

  test("is over when the caller goes, and nothing is asked any more", async () => {
    const scene = createScene({ looks: (_hash, look) => (look < 3 ? false : new Promise(() => undefined)) });
    const controller = new AbortController();
    const waiting = scene.confirmations.wait(HASH, wait({ signal: controller.signal }));
    await scene.time.advance(600);
    expect([scene.looks.length, scene.looks[2]?.signal.aborted]).toEqual([3, false]);
    controller.abort();
    expect(await waiting).toBe(false);
    await scene.time.advance(10_000);
    expect([scene.looks.length, scene.timers, scene.looks[2]?.signal.aborted]).toEqual([3, 0, true]);
  });

  test("does not begin for a caller who has gone", async () => {
    const scene = createScene({ looks: () => true });
    expect(await scene.confirmations.wait(HASH, wait({ signal: AbortSignal.abort() }))).toBe(false);
    await scene.time.settle();
    expect([scene.looks, scene.timers, scene.notices]).toEqual([[], 0, []]);
  });

  test("that ends while a look is under way is not answered twice", async () => {
    const looked = createGate();
    const scene = createScene({ looks: () => looked.isOpen.then(() => true) });
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    await scene.time.advance(100);
    looked.open();
    expect(await waiting).toBe(false);
  });

  test.each([
    ["that rejects", () => Promise.reject(new Error("no"))],
    [
      "that throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("goes on after a look %s", async (_name, fail) => {
    const scene = createScene({ looks: (_hash, look) => (look < 3 ? fail() : true) });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect([await waiting, scene.looks.length]).toEqual([true, 3]);
  });

  test.each([
    ["is answered", () => Promise.resolve("processed")],
    ["fails", () => Promise.reject(new Error("connection lost"))],
  ])("for a block of its own looks only when its hand-over %s", async (_name, settle) => {
    const handedOver = createGate();
    const scene = createScene({ looks: () => true });
    const waiting = scene.confirmations.wait(HASH, wait({ after: handedOver.isOpen.then(settle) }));
    await scene.time.advance(8_000);
    expect(scene.looks).toEqual([]);
    handedOver.open();
    expect(await waiting).toBe(true);
    expect(scene.lookTimes).toEqual([8_000]);
  });

  test("that is over before its block was handed over never looks", async () => {
    const handedOver = createGate();
    const scene = createScene({ looks: () => true });
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 100, after: handedOver.isOpen }));
    await scene.time.advance(100);
    expect(await waiting).toBe(false);
    handedOver.open();
    await scene.time.advance(1_000);
    expect([scene.looks, scene.timers]).toEqual([[], 0]);
  });

  test("says once that there is none, however many there are", async () => {
    const scene = createScene({ looks: () => true });
    expect(scene.notices).toEqual([]);
    for (let count = 0; count < 3; count += 1) await scene.confirmations.wait(hashOf(count), wait());
    expect(scene.notices).toEqual(["no websocket: confirmations are polled for"]);
  });

  test("is not disturbed by who is told and throws", async () => {
    const scene = createScene({
      looks: () => true,
      onNotice: () => {
        throw new Error("no logger");
      },
    });
    expect(await scene.confirmations.wait(HASH, wait())).toBe(true);
  });
});

describe("several waits without a websocket", () => {
  test("for one hash share one poll", async () => {
    const scene = createScene({ looks: (_hash, look) => look === 3 });
    const waits = Promise.all(Array.from({ length: 100 }, () => scene.confirmations.wait(HASH, wait())));
    await scene.time.advance(10_000);
    expect(new Set(await waits)).toEqual(new Set([true]));
    expect(scene.looks.length).toBe(3);
  });

  test("end each at its own time, and the poll with the last", async () => {
    const scene = createScene();
    const short = scene.confirmations.wait(HASH, wait({ timeoutMs: 300 }));
    const long = scene.confirmations.wait(HASH, wait({ timeoutMs: 2_000 }));
    await scene.time.advance(300);
    expect(await scene.stateOf(short)).toBe(false);
    const { length } = scene.looks;
    await scene.time.advance(1_700);
    expect(await scene.stateOf(long)).toBe(false);
    expect(scene.looks.length).toBeGreaterThan(length);
    expect(scene.timers).toBe(0);
  });

  test("for different hashes do not share an answer", async () => {
    const scene = createScene({ looks: (hash) => hash === HASH });
    const waits = Promise.all([scene.confirmations.wait(HASH, wait()), scene.confirmations.wait(ZERO_HASH, wait())]);
    await scene.time.advance(60_000);
    expect(await waits).toEqual([true, false]);
  });

  test("one after the other poll anew", async () => {
    const scene = createScene({ looks: (_hash, look) => look > 2 });
    const first = scene.confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    await scene.time.advance(100);
    expect(await first).toBe(false);
    const second = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(10_000);
    expect([await second, scene.looks.length]).toEqual([true, 3]);
  });

  test("are not answered by a look that was made for another before", async () => {
    const gates = [createGate(), createGate()];
    const scene = createScene({ looks: (_hash, look) => gates[look - 1]?.isOpen.then(() => look === 1) ?? false });
    const first = scene.confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    await scene.time.advance(100);
    expect(await first).toBe(false);
    const second = scene.confirmations.wait(HASH, wait());
    gates[0]?.open();
    expect(await scene.stateOf(second)).toBe("waits");
    gates[1]?.open();
    expect(await scene.stateOf(second)).toBe("waits");
    expect(scene.looks.length).toBe(2);
  });

  test("a block of its own does not keep another's wait from looking", async () => {
    const scene = createScene({ looks: (_hash, look) => look === 2 });
    const own = scene.confirmations.wait(HASH, wait({ after: new Promise(() => undefined) }));
    await scene.time.advance(1_000);
    expect(scene.looks).toEqual([]);
    const other = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(250);
    expect([await own, await other, scene.lookTimes]).toEqual([true, true, [1_000, 1_250]]);
  });

  test("of which one was over before its hand-over do not look for the other's block", async () => {
    const [first, second] = [createGate(), createGate()];
    const leaving = new AbortController();
    const scene = createScene({ looks: () => true });
    const gone = scene.confirmations.wait(HASH, wait({ after: first.isOpen, signal: leaving.signal }));
    const waiting = scene.confirmations.wait(HASH, wait({ after: second.isOpen }));
    leaving.abort();
    first.open();
    await scene.time.advance(1_000);
    expect([await gone, scene.looks]).toEqual([false, []]);
    second.open();
    expect(await waiting).toBe(true);
  });

  test("look some at a time, and all of them in the end", async () => {
    let open: (() => void)[] = [];
    const scene = createScene({ looks: () => new Promise((resolve) => open.push(() => resolve(true))) });
    const waits = Promise.all(
      Array.from({ length: 500 }, (_, index) => scene.confirmations.wait(hashOf(index), wait())),
    );
    const rounds: number[] = [];
    while (rounds.length < 100) {
      await scene.time.settle();
      if (open.length === 0) break;
      rounds.push(open.length);
      const due = open;
      open = [];
      for (const answer of due) answer();
    }
    expect(Math.max(...rounds)).toBe(32);
    expect(rounds.reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(new Set(await waits)).toEqual(new Set([true]));
  });

  test("that are over make room for others' looks, and give up their own turn", async () => {
    const scene = createScene({ looks: (hash) => (hash === HASH ? true : new Promise(() => undefined)) });
    const leaving = new AbortController();
    for (let count = 0; count < 32; count += 1) {
      const signal = count === 7 ? leaving.signal : undefined;
      void scene.confirmations.wait(hashOf(count), wait({ signal }));
    }
    const leavingTheQueue = new AbortController();
    const gone = scene.confirmations.wait(hashOf(99), wait({ signal: leavingTheQueue.signal }));
    const waiting = scene.confirmations.wait(HASH, wait());
    leavingTheQueue.abort();
    expect([await scene.stateOf(gone), await scene.stateOf(waiting)]).toEqual([false, "waits"]);
    leaving.abort();
    expect(await scene.stateOf(waiting)).toBe(true);
    expect(scene.looks.map(({ hash }) => hash)).not.toContain(hashOf(99));
  });

  test("take one timer", async () => {
    const scene = createScene();
    for (let count = 0; count < 1_000; count += 1) {
      void scene.confirmations.wait(hashOf(count), wait({ account: accountOf(count), timeoutMs: 5_000 + count }));
    }
    await scene.time.advance(1_000);
    expect(scene.timers).toBe(1);
  });

  test("leave nothing on their callers' signal", async () => {
    const scene = createScene({ looks: (hash) => hash === HASH });
    const { signal } = new AbortController();
    const waits = Promise.all([
      scene.confirmations.wait(HASH, wait({ signal })),
      scene.confirmations.wait(HASH, wait({ signal })),
      scene.confirmations.wait(ZERO_HASH, wait({ signal, timeoutMs: 100 })),
    ]);
    expect(getEventListeners(signal, "abort")).toHaveLength(3);
    await scene.time.advance(100);
    expect(await waits).toEqual([true, true, false]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("are all ended by close, and none begins after it", async () => {
    const scene = createScene();
    const waits = Promise.all([scene.confirmations.wait(HASH, wait()), scene.confirmations.wait(ZERO_HASH, wait())]);
    await scene.time.advance(1_000);
    scene.confirmations.close();
    expect(await waits).toEqual([false, false]);
    expect(scene.timers).toBe(0);
    const { length } = scene.looks;
    expect(await scene.confirmations.wait(HASH, wait())).toBe(false);
    await scene.time.advance(1_000);
    expect(scene.looks.length).toBe(length);
  });
});

describe("through a node", () => {
  const stage = createStage();
  /** Waits for nothing between two looks; what ends a wait stays asleep. */
  const impatient = (ms: number, signal: AbortSignal): Promise<void> =>
    ms < 60_000
      ? Promise.resolve()
      : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

  test("faults of the provider, an unknown and an unconfirmed block do not end the wait", async () => {
    const node = await stage.node(
      inTurn(
        json({ error: "Block not found" }),
        json({}, 503),
        text("<html>"),
        hangUp,
        json({ error: "action not allowed" }),
        json(UNCONFIRMED_SEND),
        json(CONFIRMED_SEND),
      ),
    );
    const ledger = stage.ledger(node.url, { sleep: impatient });
    expect(await ledger.waitForConfirmation(SEND_HASH, wait({ timeoutMs: 600_000 }))).toBe(true);
    expect(node.heard).toHaveLength(7);
  });

  test("another block's contents confirm nothing", async () => {
    const node = await stage.node(json(CONFIRMED_SEND));
    const ledger = stage.ledger(node.url);
    expect(await ledger.waitForConfirmation(ZERO_HASH, wait({ account: SEND.account, timeoutMs: 50 }))).toBe(false);
  });
});
