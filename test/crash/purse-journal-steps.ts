import { parseBlockHash } from "../../src/nano/index.js";
import type { Journal } from "../../src/purse/journal.js";
import { makeEntry } from "../unit/purse/journal-support.js";

/** What the child does to its journal, as it tells its parent. */
export type JournalStep = { readonly atMs: number } & (
  | { readonly kind: "add"; readonly number: number }
  | { readonly kind: "change"; readonly hash: string; readonly presented: number }
  | { readonly kind: "remove"; readonly hash: string; readonly end: "spent" | "void" }
);

export function takeStep(journal: Journal, step: JournalStep): Promise<void> {
  if (step.kind === "add") return journal.add(makeEntry(step.number));
  const hash = parseBlockHash(step.hash);
  if (step.kind === "remove") return journal.remove(hash, step.end);
  return journal.change(hash, {
    presented: step.presented,
    isServed: step.presented % 2 === 0,
    inFlightUntilMs: [step.atMs, step.presented],
    lastReason: "x".repeat(step.presented),
  });
}
