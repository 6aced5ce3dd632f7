import { writeSync } from "node:fs";
import type { Journal } from "../../src/purse/journal.js";
import { openJournalFile } from "../../src/purse/journal-file.node.js";
import { createRandom } from "../support/nano.js";
import { testAccounts } from "../unit/purse/journal-support.js";
import { setting } from "./child-settings.js";
import { type JournalStep, takeStep } from "./purse-journal-steps.js";

/** Says what it is about to do, does it, and says what was acknowledged, for ever. It ends by being killed. */
const random = createRandom(Number(setting("SEED")));
const [main] = await testAccounts();
let nowMs = 0;
const journal = await openJournalFile(setting("JOURNAL"), { accounts: [main], clock: () => nowMs });
let nextNumber = Number(setting("NEXT_NUMBER"));
say("open");

for (let count = 0; ; ) {
  // What is asked for at one moment shares a transaction.
  const writes = Array.from({ length: 1 + random.below(6) }, async () => {
    const step = chooseStep(journal);
    count += 1;
    const number = count;
    say(`step ${JSON.stringify(step)}`);
    nowMs = step.atMs;
    await takeStep(journal, step);
    say(`kept ${String(number)}`);
  });
  await Promise.all(writes);
}

function chooseStep(from: Journal): JournalStep {
  const open = from.list();
  const atMs = random.below(1_000_000);
  const hash = open[random.below(Math.max(1, open.length))]?.hash;
  const kind = random.below(5);
  if (hash === undefined || kind === 0 || (kind === 1 && open.length < 20)) {
    nextNumber += 1;
    return { kind: "add", number: nextNumber, atMs };
  }
  if (kind < 4) return { kind: "change", hash, presented: random.below(1000), atMs };
  return { kind: "remove", hash, end: random.below(3) === 0 ? "void" : "spent", atMs };
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}
