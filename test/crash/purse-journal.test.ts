import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryJournal, type Journal } from "../../src/purse/journal.js";
import { createRandom } from "../support/nano.js";
import { createPlace, readHistory, removePlaces } from "../unit/purse/journal-support.js";
import { type Bundle, bundleChild } from "./bundle.js";
import { type JournalStep, takeStep } from "./purse-journal-steps.js";

const isLong = process.env["X402_NANO_LONG"] !== undefined;
const KILLS = isLong ? 100 : 5;
const SEED = Number(process.env["X402_NANO_SEED"] ?? 1);

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleChild("purse-journal-process");
});
afterAll(async () => {
  await bundle?.remove();
  removePlaces();
});

interface Writer {
  readonly steps: readonly JournalStep[];
  readonly kept: () => number;
  /** Resolves when it has opened the file, and each time it says something. */
  says(): Promise<unknown>;
  isOpen(): boolean;
  kill(): Promise<void>;
}

function startWriter(path: string, settings: { readonly seed: number; readonly nextNumber: number }): Writer {
  const child: ChildProcess = spawn(process.execPath, [bundle.path], {
    env: {
      PATH: process.env["PATH"] ?? "",
      JOURNAL: path,
      SEED: String(settings.seed),
      NEXT_NUMBER: String(settings.nextNumber),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const steps: JournalStep[] = [];
  let kept = 0;
  let isOpen = false;
  let rest = "";
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.stdout?.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split("\n");
    // The last one may be half of a line.
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "open") isOpen = true;
      else if (line.startsWith("step ")) steps.push(JSON.parse(line.slice(5)));
      else kept = Math.max(kept, Number(line.slice(5)));
    }
  });
  const ended = once(child, "close").then(() => {
    if (child.signalCode !== "SIGKILL") throw new Error(`it ended by itself: ${complaint}`);
  });
  ended.catch(() => undefined);
  return {
    steps,
    kept: () => kept,
    isOpen: () => isOpen,
    says: () => Promise.race([child.stdout === null ? ended : once(child.stdout, "data"), ended]),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** All that a file shows, as what a journal in memory shows that took the same steps. */
async function look(journal: Journal) {
  return { list: journal.list(), history: await readHistory(journal, 1000), finished: journal.finished() };
}

test(`killed ${String(KILLS)} times: all that was acknowledged is there, in order, and nothing half`, {
  timeout: 600_000,
}, async () => {
  console.log(`X402_NANO_SEED=${String(SEED)}`);
  const random = createRandom(SEED);
  const { path, open } = createPlace();
  let nowMs = 0;
  const model = createMemoryJournal({ clock: () => nowMs });
  let nextNumber = 0;
  const tally = { kept: 0, lost: 0, unacknowledged: 0, openings: 0 };
  for (let kills = 0; kills < KILLS; kills += 1) {
    const writer = startWriter(path, { seed: SEED * 1000 + kills, nextNumber });
    // One in five dies while it starts, the birth of the file among them; the delay only picks the moment.
    const diesStarting = kills % 5 === 0;
    const wanted = 1 + random.below(150);
    const extraMs = random.below(40) / 10;
    const startMs = 20 + random.below(200);
    if (!diesStarting) while (writer.kept() < wanted) await writer.says();
    await new Promise((resolve) => setTimeout(resolve, diesStarting ? startMs : extraMs));
    await writer.kill();
    tally.openings += writer.isOpen() ? 0 : 1;

    const journal = await open();
    const seen = await look(journal);
    const kept = writer.kept();
    let reached = -1;
    for (let count = 0; count <= writer.steps.length; count += 1) {
      const step = writer.steps[count - 1];
      if (step !== undefined) {
        nowMs = step.atMs;
        if (step.kind === "add") nextNumber = step.number;
        await takeStep(model, step);
      }
      if (count >= kept && isDeepStrictEqual(seen, await look(model))) {
        reached = count;
        break;
      }
    }
    expect(reached, `after kill ${String(kills)}: ${String(kept)} acknowledged`).toBeGreaterThanOrEqual(kept);
    tally.kept += kept;
    tally.unacknowledged += reached - kept;
    tally.lost += writer.steps.length - reached;
    nextNumber = Math.max(nextNumber, ...writer.steps.map((step) => (step.kind === "add" ? step.number : 0)));
    await journal.close();
  }
  console.log(tally);
  expect(tally.kept).toBeGreaterThan(KILLS);
});

test("a second process is told at once that the file is in use, and has it when the first is killed", async () => {
  const { path, open } = createPlace();
  const writer = startWriter(path, { seed: SEED, nextNumber: 0 });
  while (writer.kept() === 0) await writer.says();
  await expect(open()).rejects.toMatchObject({
    code: "store_unavailable",
    facts: { path, why: expect.stringContaining("another process") },
  });
  await writer.kill();
  const journal = await open();
  expect(journal.list().length + (await readHistory(journal, 1000)).length).toBeGreaterThan(0);
  await journal.close();
});
