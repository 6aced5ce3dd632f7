import { expect, test } from "vitest";
import { createQueue, createTurns } from "../../../src/purse/queue.js";

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

test("jobs run one at a time, in order, and a failure stops none", async () => {
  const queue = createQueue();
  const log: string[] = [];
  const first = gate();
  const failing = queue.run(async () => {
    log.push("first starts");
    await first.opened;
    log.push("first fails");
    throw new TypeError("first");
  });
  const second = queue.run(async () => log.push("second"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["first starts"]);
  first.open();
  await expect(failing).rejects.toThrow("first");
  await second;
  await queue.idle();
  expect(log).toEqual(["first starts", "first fails", "second"]);
});

test("turns of one key wait for each other, those of another do not", async () => {
  const turns = createTurns();
  const log: string[] = [];
  const first = gate();
  const a = turns.run("a", async () => {
    await first.opened;
    log.push("a1");
  });
  const a2 = turns.run("a", async () => log.push("a2"));
  await turns.run("b", async () => log.push("b"));
  first.open();
  await Promise.all([a, a2]);
  await turns.run("a", async () => log.push("a3"));
  expect(log).toEqual(["b", "a1", "a2", "a3"]);
});
