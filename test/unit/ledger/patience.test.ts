import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { sleep, startPatience } from "../../../src/ledger/patience.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const never = new AbortController().signal;

test("a delay that is longer than timers can count is a long one, not none", async () => {
  const ended: string[] = [];
  startPatience(2 ** 40, undefined, (kind) => ended.push(kind));
  await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(ended).toEqual(["too late"]);
});

test("patience that is disposed of ends for no reason any more", async () => {
  const ended: string[] = [];
  const controller = new AbortController();
  const dispose = startPatience(1_000, controller.signal, (kind) => ended.push(kind));
  dispose();
  controller.abort();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ended).toEqual([]);
});

test("sleep ends with its time", async () => {
  let isOver = false;
  void sleep(1_000, never).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
});

test("sleep ends when it is called off, before or after it began, and leaves no timer", async () => {
  const controller = new AbortController();
  const sleeping = sleep(1_000_000, controller.signal);
  controller.abort();
  await sleeping;
  await sleep(1_000_000, controller.signal);
  expect(vi.getTimerCount()).toBe(0);
});
