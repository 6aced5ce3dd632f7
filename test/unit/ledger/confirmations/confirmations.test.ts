import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { createConfirmations } from "../../../../src/ledger/confirmations/confirmations.js";
import type { ConfirmationWait } from "../../../../src/ledger/index.js";
import { parseBlockHash, ZERO_HASH } from "../../../../src/nano/index.js";
import { hangUp, inTurn, json, text } from "../fake-node.js";
import { CONFIRMED_SEND, createStage, SEND, SEND_HASH, UNCONFIRMED_SEND } from "../support.js";

const HASH = parseBlockHash("AB".repeat(32));
const wait = (changes: Partial<ConfirmationWait> = {}): ConfirmationWait => ({
  account: SEND.account,
  timeoutMs: 10_000,
  ...changes,
});

/** Sleepers wake when the test moves the time, in the order of their alarms. */
function createTime() {
  let nowMs = 0;
  const sleepers = new Set<{ atMs: number; wake: () => void }>();
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return {
    settle,
    sleeping: () => sleepers.size,
    sleep: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const sleeper = {
          atMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal.removeEventListener("abort", sleeper.wake);
            resolve();
          },
        };
        if (signal.aborted) return resolve();
        sleepers.add(sleeper);
        signal.addEventListener("abort", sleeper.wake, { once: true });
      }),
    async pass(ms: number): Promise<void> {
      const endMs = nowMs + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].filter(({ atMs }) => atMs <= endMs).sort((left, right) => left.atMs - right.atMs)[0];
        if (next === undefined) break;
        nowMs = next.atMs;
        next.wake();
        await settle();
      }
      nowMs = endMs;
    },
    now: () => nowMs,
  };
}

function createScene(isConfirmed: (look: number) => boolean | Promise<boolean> = () => false) {
  const time = createTime();
  const looks: number[] = [];
  const signals: AbortSignal[] = [];
  const confirmations = createConfirmations({
    pollIntervalMs: 250,
    sleep: time.sleep,
    isConfirmed: async (_hash, signal) => {
      looks.push(time.now());
      signals.push(signal);
      return isConfirmed(looks.length);
    },
  });
  return { time, looks, signals, confirmations };
}

describe("a wait", () => {
  test("looks at once, before any time passes", async () => {
    const { time, looks, confirmations } = createScene(() => true);
    expect(await confirmations.wait(HASH, wait())).toBe(true);
    expect([looks, time.sleeping()]).toEqual([[0], 0]);
  });

  test("looks again and again, at growing intervals up to a second", async () => {
    const { time, looks, confirmations } = createScene((look) => look === 12);
    const waiting = confirmations.wait(HASH, wait());
    await time.pass(10_000);
    expect(await waiting).toBe(true);
    const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(gaps.map(Math.round)).toEqual([250, 313, 391, 488, 610, 763, 954, 1000, 1000, 1000, 1000]);
    expect(time.sleeping()).toBe(0);
  });

  test("is over at its timeout, not before and not after", async () => {
    const { time, confirmations } = createScene();
    let result: boolean | undefined;
    void confirmations.wait(HASH, wait({ timeoutMs: 3_000 })).then((value) => {
      result = value;
    });
    await time.pass(2_999);
    expect(result).toBeUndefined();
    await time.pass(1);
    expect([result, time.sleeping()]).toEqual([false, 0]);
  });

  test("is over when the caller goes, and nothing is asked any more", async () => {
    const { time, looks, signals, confirmations } = createScene();
    const controller = new AbortController();
    const waiting = confirmations.wait(HASH, wait({ signal: controller.signal }));
    await time.pass(300);
    controller.abort();
    expect(await waiting).toBe(false);
    const { length } = looks;
    await time.pass(10_000);
    expect([looks.length, time.sleeping(), signals.at(-1)?.aborted]).toEqual([length, 0, true]);
  });

  test("does not begin for a caller who has gone", async () => {
    const { looks, confirmations } = createScene(() => true);
    expect(await confirmations.wait(HASH, wait({ signal: AbortSignal.abort() }))).toBe(false);
    expect(looks).toEqual([]);
  });

  test("that ends while a look is under way is not answered twice", async () => {
    let confirm = (_value: boolean): void => undefined;
    const { time, confirmations } = createScene(
      () =>
        new Promise<boolean>((resolve) => {
          confirm = resolve;
        }),
    );
    const waiting = confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    await time.pass(100);
    confirm(true);
    expect(await waiting).toBe(false);
  });
});

describe("several waits", () => {
  test("for one hash share one poll", async () => {
    const { time, looks, confirmations } = createScene((look) => look === 3);
    const waits = Promise.all(Array.from({ length: 100 }, () => confirmations.wait(HASH, wait())));
    await time.pass(10_000);
    expect(new Set(await waits)).toEqual(new Set([true]));
    expect(looks.length).toBe(3);
  });

  test("end each at its own time, and the poll with the last", async () => {
    const { time, looks, confirmations } = createScene();
    const short = confirmations.wait(HASH, wait({ timeoutMs: 300 }));
    const long = confirmations.wait(HASH, wait({ timeoutMs: 2_000 }));
    await time.pass(300);
    expect(await short).toBe(false);
    const { length } = looks;
    await time.pass(1_700);
    expect(await long).toBe(false);
    expect(looks.length).toBeGreaterThan(length);
    expect(time.sleeping()).toBe(0);
  });

  test("for different hashes do not share an answer", async () => {
    const time = createTime();
    const confirmations = createConfirmations({
      pollIntervalMs: 250,
      sleep: time.sleep,
      isConfirmed: async (hash) => hash === HASH,
    });
    const waits = Promise.all([confirmations.wait(HASH, wait()), confirmations.wait(ZERO_HASH, wait())]);
    await time.pass(10_000);
    expect(await waits).toEqual([true, false]);
  });

  test("one after the other poll anew", async () => {
    const { time, looks, confirmations } = createScene((look) => look > 2);
    const first = confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    await time.pass(100);
    expect(await first).toBe(false);
    const second = confirmations.wait(HASH, wait());
    await time.pass(10_000);
    expect([await second, looks.length]).toEqual([true, 3]);
  });

  test("that begin when another is confirmed share their own poll", async () => {
    const { time, looks, confirmations } = createScene((look) => look === 1 || look >= 4);
    expect(await confirmations.wait(HASH, wait())).toBe(true);
    const second = confirmations.wait(HASH, wait());
    await time.settle();
    const third = confirmations.wait(HASH, wait());
    await time.pass(10_000);
    expect([await second, await third, looks.length]).toEqual([true, true, 4]);
  });

  test("are not disturbed by one that was over, even where sleep takes no notice of its signal", async () => {
    const time = createTime();
    let looks = 0;
    const confirmations = createConfirmations({
      pollIntervalMs: 250,
      sleep: (ms) => time.sleep(ms, new AbortController().signal),
      isConfirmed: async () => {
        looks += 1;
        return looks === 1 || looks >= 4;
      },
    });
    expect(await confirmations.wait(HASH, wait({ timeoutMs: 100 }))).toBe(true);
    const second = confirmations.wait(HASH, wait());
    await time.pass(100);
    const third = confirmations.wait(HASH, wait());
    await time.pass(10_000);
    expect([await second, await third, looks]).toEqual([true, true, 4]);
  });

  test("leave nothing on their callers' signal", async () => {
    const { confirmations } = createScene(() => true);
    const { signal } = new AbortController();
    await Promise.all([confirmations.wait(HASH, wait({ signal })), confirmations.wait(HASH, wait({ signal }))]);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("are all ended by close", async () => {
    const { time, confirmations } = createScene();
    const waits = Promise.all([confirmations.wait(HASH, wait()), confirmations.wait(ZERO_HASH, wait())]);
    await time.pass(1_000);
    confirmations.close();
    expect(await waits).toEqual([false, false]);
    expect(time.sleeping()).toBe(0);
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
    expect(await ledger.waitForConfirmation(SEND_HASH, wait({ timeoutMs: 60_000 }))).toBe(true);
    expect(node.heard).toHaveLength(7);
  });

  test("another block's contents confirm nothing", async () => {
    const node = await stage.node(json(CONFIRMED_SEND));
    const ledger = stage.ledger(node.url);
    expect(await ledger.waitForConfirmation(ZERO_HASH, wait({ timeoutMs: 50 }))).toBe(false);
  });
});
