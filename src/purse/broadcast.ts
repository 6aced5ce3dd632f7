import { hasCode } from "../errors/index.js";
import type { BlockSubtype, Ledger, Sleep } from "../ledger/index.js";
import type { SignedBlock } from "../nano/index.js";
import { tryAskFate } from "./fate.js";
import type { Journal } from "./journal.js";

export interface Broadcast {
  readonly block: SignedBlock;
  readonly subtype: BlockSubtype;
}

/** `isOut`: it may be on its way, so nothing else may be signed on its `previous` before the ledger decided. */
export type BroadcastOutcome =
  | { readonly outcome: "landed" }
  | { readonly outcome: "void" }
  | { readonly outcome: "undecided"; readonly why: string; readonly isOut: boolean; readonly cause?: unknown };

export interface BroadcastTools {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly clock: () => number;
  readonly sleep: Sleep;
  readonly closing: AbortSignal;
}

/** Between two questions about a block whose `process` got no answer. */
const PAUSE_MS = 500;

/**
 * Hands a block to the node until the ledger shows what became of it, or the time is over. What `process` says is a
 * hint (SPEC R10); the same block may be handed in again without risk, another one never.
 */
export async function broadcast(
  { block, subtype }: Broadcast,
  tools: BroadcastTools,
  until: { readonly untilMs: number; readonly isOut: boolean },
): Promise<BroadcastOutcome> {
  const { ledger, clock, sleep, closing } = tools;
  let { isOut } = until;
  let answer = await tryProcess(ledger, block, subtype);
  for (;;) {
    if (answer.outcome === "accepted") return { outcome: "landed" };
    if (answer.outcome === "lost" || (answer.outcome === "refused" && answer.mayHaveLanded === true)) isOut = true;
    if (answer.outcome === "unsent" && !isOut) {
      return { outcome: "undecided", why: "the node could not be reached", isOut, cause: answer.cause };
    }
    const fate = await tryAskFate(tools, block);
    if (fate === "landed" || fate === "confirmed") return { outcome: "landed" };
    if (fate === "void") return { outcome: "void" };
    if (fate === "absent" && answer.outcome === "refused") {
      return { outcome: "undecided", why: answer.nodeError, isOut };
    }
    if (closing.aborted || clock() >= until.untilMs) return { outcome: "undecided", why: reasonOf(fate), isOut };
    await sleep(PAUSE_MS, closing);
    if (fate === "absent") answer = await tryProcess(ledger, block, subtype);
  }
}

type Answer =
  | { readonly outcome: "accepted" }
  | { readonly outcome: "refused"; readonly nodeError: string; readonly mayHaveLanded?: boolean | undefined }
  | { readonly outcome: "lost" }
  | { readonly outcome: "unsent"; readonly cause: unknown };

async function tryProcess(ledger: Ledger, block: SignedBlock, subtype: BlockSubtype): Promise<Answer> {
  try {
    return await ledger.process(block, subtype);
  } catch (error) {
    if (!hasCode(error, "ledger_unavailable")) throw error;
    return error.facts["mayHaveLanded"] === false ? { outcome: "unsent", cause: error } : { outcome: "lost" };
  }
}

function reasonOf(fate: "contested" | "absent" | undefined): string {
  if (fate === undefined) return "the node cannot be asked";
  return fate === "absent" ? "the ledger does not show the block" : "another unconfirmed block follows its previous";
}
