import { describe, expect, test } from "vitest";
import { NanoError } from "../../../../src/errors/index.js";
import type { WorkProgress, WorkSource } from "../../../../src/ledger/index.js";
import { workInOrder, workRace } from "../../../../src/ledger/work/index.js";
import { errorOf } from "../support.js";
import { createFakeSource, EASY, failWith, findWork, OTHER_ROOT, outage, ROOT, settle } from "./support.js";

describe.each([
  ["in order", workInOrder],
  ["in a race", workRace],
])("sources %s", (_how, combine) => {
  test("are asked for the same work", async () => {
    const source = createFakeSource();
    const call = combine([source]).generateWork(OTHER_ROOT, EASY);
    await source.last().find();
    expect(await call).toBe(await findWork(OTHER_ROOT, EASY));
    expect(source.asked).toMatchObject([{ root: OTHER_ROOT, threshold: EASY }]);
  });

  test.each([
    ["is worth less", "0000000000000000"],
    ["is too short", "00"],
    ["is no hexadecimal", "no work at all!!"],
    ["is too long", "00000000000000000"],
    ["is nothing", undefined as unknown as string],
  ])("count as failed where the work %s", async (_what, work) => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const call = combine([first, second]).generateWork(ROOT, EASY);
    first.last().answer(work);
    await settle();
    await second.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });

  test("that print upper case are understood", async () => {
    const source = createFakeSource();
    const call = combine([source]).generateWork(ROOT, EASY);
    const work = await findWork(ROOT, EASY, 0xabcdefabcdef0000n);
    source.last().answer(work.toUpperCase());
    expect(await call).toBe(work);
  });

  test("that all fail are quoted, each with its reason; a stranger's is only in the cause", async () => {
    const [first, second, third] = [createFakeSource(), createFakeSource(), createFakeSource()];
    const call = errorOf(combine([first, second, third]).generateWork(ROOT, EASY));
    first.last().fail(outage);
    await settle();
    second.last().fail(new Error("at https://user:k3y5ecret@example.com/"));
    await settle();
    third.last().answer("0000000000000000");
    const error = await call;
    expect(error.code).toBe("work_unavailable");
    expect(error.facts).toEqual({
      "source 1": outage.message,
      "source 2": "an error of its own",
      "source 3": expect.stringContaining("too weak"),
    });
    expect(JSON.stringify(error.facts)).not.toContain("k3y5ecret");
    expect(String(error.cause)).not.toContain("k3y5ecret");
  });

  test("may throw instead of rejecting", async () => {
    const broken: WorkSource = { generateWork: () => failWith("at once") };
    const second = createFakeSource();
    const call = combine([broken, second]).generateWork(ROOT, EASY);
    await settle();
    await second.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });

  test("are told when the caller leaves, and he does not wait for them", async () => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const stop = new AbortController();
    const call = errorOf(combine([first, second]).generateWork(ROOT, EASY, { signal: stop.signal }));
    stop.abort();
    expect(await call).toMatchObject({ code: "work_unavailable", facts: { why: "aborted" } });
    expect(first.last().options.signal?.aborted).toBe(true);
    const askedBefore = second.asked.length;
    first.last().fail(outage);
    await settle();
    expect(second.asked).toHaveLength(askedBefore);
  });

  test("are told when the time is over, and he does not wait for them", async () => {
    const source = createFakeSource();
    const error = await errorOf(combine([source]).generateWork(ROOT, EASY, { timeoutMs: 5 }));
    expect(error.facts).toEqual({ why: "too late" });
    expect(source.last().options.signal?.aborted).toBe(true);
  });

  test("are not asked by a caller who left before", async () => {
    const source = createFakeSource();
    await errorOf(combine([source]).generateWork(ROOT, EASY, { signal: AbortSignal.abort() }));
    expect(source.asked).toEqual([]);
  });

  test("tell their progress", async () => {
    const source = createFakeSource();
    const told: WorkProgress[] = [];
    const call = combine([source]).generateWork(ROOT, EASY, { onProgress: (progress) => told.push(progress) });
    const progress = { attempts: 5, rate: 2, expectedSeconds: 128 };
    source.last().options.onProgress?.(progress);
    await source.last().find();
    await call;
    expect(told).toEqual([progress]);
  });

  test("are closed with it, and asked no more", async () => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const both = combine([first, { generateWork: second.generateWork }, second]);
    const call = errorOf(both.generateWork(ROOT, EASY));
    await both.close();
    expect((await call).facts).toEqual({ why: "closed" });
    expect([first.closed(), second.closed()]).toEqual([1, 1]);
    expect((await errorOf(both.generateWork(ROOT, EASY))).facts).toEqual({ why: "closed" });
  });

  test("must be given", () => {
    expect(() => combine([])).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
  });

  test("may hold one another", async () => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const call = combine([combine([first]), combine([second])]).generateWork(ROOT, EASY);
    first.last().fail(outage);
    await settle();
    await second.last().find();
    expect(await call).toBe(await findWork(ROOT, EASY));
  });
});

describe("in order", () => {
  test("the second is asked only after the first has failed, by whatever error", async () => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const call = workInOrder([first, second]).generateWork(ROOT, EASY);
    await settle();
    expect(second.asked).toHaveLength(0);
    first.last().fail(new NanoError("missing_dependency", { package: "node:worker_threads" }));
    await settle();
    expect(second.asked).toHaveLength(1);
    await second.last().find();
    await call;
    expect(first.asked).toHaveLength(1);
  });

  test("the first that can work ahead does so, alone", () => {
    const [first, second, third] = [createFakeSource(), createFakeSource(), createFakeSource()];
    workInOrder([{ generateWork: first.generateWork }, second, third]).prepareWork(ROOT, EASY);
    expect([first.prepared, second.prepared, third.prepared]).toEqual([[], [[ROOT, EASY]], []]);
  });
});

describe("in a race", () => {
  test("the loser is cancelled as soon as there is valid work, not by weak work", async () => {
    const sources = [createFakeSource(), createFakeSource(), createFakeSource()] as const;
    const call = workRace(sources).generateWork(ROOT, EASY);
    const isCancelled = (): unknown[] => sources.map((source) => source.last().options.signal?.aborted);
    sources[0].last().answer("0000000000000000");
    await settle();
    expect(isCancelled()).toEqual([false, false, false]);
    await sources[2].last().find();
    await call;
    expect(isCancelled()).toEqual([true, true, true]);
  });

  test("what the losers answer later troubles nobody", async () => {
    const [first, second] = [createFakeSource(), createFakeSource()];
    const call = workRace([first, second]).generateWork(ROOT, EASY);
    await second.last().find();
    await call;
    first.last().fail(outage);
    await settle();
  });

  test("all that can work ahead do so", () => {
    const [first, second, third] = [createFakeSource(), createFakeSource(), createFakeSource()];
    workRace([first, { generateWork: second.generateWork }, third]).prepareWork(ROOT, EASY);
    expect([first.prepared, second.prepared, third.prepared]).toEqual([[[ROOT, EASY]], [], [[ROOT, EASY]]]);
  });
});
