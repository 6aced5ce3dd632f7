import type { Ledger } from "../ledger/port.js";
import { type BlockHash, parseBlockHash } from "../nano/index.js";
import type { OpenEntry } from "../store/port.js";
import { findFollower } from "./follower.js";
import type { FacilitatorSettings } from "./options.js";

/** What became of the journalled blocks that nobody was at work with. */
export interface RecoveryReport {
  /** On the ledger and confirmed: its payer can claim it through Track B. */
  readonly landed: number;
  /** Not on the ledger, and another block may take its place. Were it to land all the same, its payer could claim it. */
  readonly void: number;
  /** Neither yet, or the node could not say: looked at again in the next pass. */
  readonly open: number;
}

/** A host asks once more right after `settlement_pending`, and a crash makes it ask again: its token must be known. */
const GRACE_MS = 30_000;

/**
 * One pass over the journal (R9): asks the ledger about every block that no lease holds any more, records it as landed
 * or void, and frees it. Never redeems: nobody waits for the response, and a payer who was told "pending" would find
 * the payment spent. Throws where the store cannot be asked.
 */
export async function recoverJournal({ ledger, store }: FacilitatorSettings): Promise<RecoveryReport> {
  const report = { landed: 0, void: 0, open: 0 };
  for (const entry of await store.listOpen()) {
    const isOver = !entry.leaseOpen && entry.idleMs >= GRACE_MS;
    const fate = isOver ? await findFate(entry, ledger) : "open";
    if (fate === "open") {
      report.open += 1;
      continue;
    }
    const closed = await store.advance(entry.token, { to: "closed", as: fate, by: "recovery" });
    // Lost: a settle took it up meanwhile, or another facilitator's recovery was faster.
    if (closed.outcome === "advanced") report[fate] += 1;
  }
  return report;
}

async function findFate(entry: OpenEntry, ledger: Ledger): Promise<"landed" | "void" | "open"> {
  try {
    const hash = parseBlockHash(entry.hash);
    const info = await ledger.blockInfo(hash, { anywhere: "known" });
    if (info !== undefined) return info.confirmed ? "landed" : "open";
    return entry.previous === undefined ? "void" : await fateOfUnknown(hash, parseBlockHash(entry.previous), ledger);
  } catch {
    return "open";
  }
}

async function fateOfUnknown(hash: BlockHash, previous: BlockHash, ledger: Ledger): Promise<"void" | "open"> {
  const follower = await findFollower({ hash, previous }, ledger, { anywhere: "known" });
  return follower === "confirmed" || follower === "none" ? "void" : "open";
}

/** Passes at the start and then regularly, until it is told to stop. A pass that fails is followed by the next one. */
export function keepRecovering(
  recover: () => Promise<unknown>,
  { recoveryIntervalSeconds, schedule }: FacilitatorSettings,
): () => void {
  if (recoveryIntervalSeconds === 0) return () => undefined;
  const pass = (): void => {
    recover().catch(() => undefined);
  };
  pass();
  return schedule(pass, recoveryIntervalSeconds * 1000);
}
