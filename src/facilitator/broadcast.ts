import { hasCode, NanoError } from "../errors/index.js";
import type { ConfirmationWait, Ledger, ProcessResult } from "../ledger/port.js";
import { type BlockHash, encodeBlockJson, isBlockWorkValid, type PublicKey, type SignedBlock } from "../nano/index.js";
import { type NanoTxnPayment, type Refusal, refuse } from "../protocol/index.js";
import type { LeaseToken } from "../store/port.js";
import type { CheckedPayment } from "./checked-payment.js";
import { findFollower } from "./follower.js";
import type { FacilitatorSettings } from "./options.js";

export interface Broadcast {
  readonly payment: NanoTxnPayment;
  readonly hash: BlockHash;
  readonly payer: PublicKey;
  readonly lease: LeaseToken;
  readonly leaseMs: number;
  readonly waitMs: number;
  /** This lease's own journal entry was there before, so an earlier call may have broadcast the block (row 8). */
  readonly hasJournal: boolean;
}

export type Unsettled = Refusal & { readonly hash?: BlockHash };

/**
 * undefined when the block is confirmed, else the refusal. Once a request may have left, an outage is
 * `settlement_pending`: for a job that is resumed, from the start.
 */
export async function broadcastAndConfirm(
  job: Broadcast,
  settings: FacilitatorSettings,
): Promise<Unsettled | undefined> {
  if (!job.hasJournal) return broadcast(job, settings);
  const { ledger } = settings;
  try {
    if ((await ledger.blockInfo(job.hash, { anywhere: "known" })) === undefined) return await broadcast(job, settings);
    return (await waitFor(job, ledger, {})) ? undefined : await pending(job, settings);
  } catch {
    return pending(job, settings);
  }
}

/** The block may land: the lease ends, the journal entry and its token stay, and the payer keeps the hash (R8, R9). */
export async function pending(
  { hash, lease }: Pick<Broadcast, "hash" | "lease">,
  { store }: FacilitatorSettings,
): Promise<Unsettled> {
  await store.release(lease).catch(() => false);
  return { ...refuse("settlement_pending"), hash };
}

/** The one place that calls `process`. Journals the intent first (R9), then lets the ledger decide (R10). */
async function broadcast(job: Broadcast, settings: FacilitatorSettings): Promise<Unsettled | undefined> {
  const { lease, leaseMs } = job;
  const { ledger, store } = settings;
  const block = await withWork(job, settings);
  // Waiting starts before `process`, a push carries no history (SPEC 9); a look for the block has time until after it.
  const stop = new AbortController();
  const hand = createEvent();
  const confirmation = waitFor(job, ledger, { signal: stop.signal, after: hand.isOver });
  try {
    const intent = JSON.stringify(encodeBlockJson(block));
    const journalled = await store.advance(lease, { to: "broadcasting", block: intent, leaseMs });
    if (journalled.outcome === "redeemed") return refuse("duplicate_block_hash");
    if (journalled.outcome === "lost") return refuse("payment_in_progress");
    // Another facilitator on this store may be at work with the same token: what has landed is then ours (R10).
    const hasJournal = job.hasJournal || journalled.wasJournalled;
    const refusal = await processBlock(block, { ...job, hasJournal }, settings);
    if (refusal !== undefined) return refusal;
    hand.end();
    return (await confirmation) ? undefined : await pending(job, settings);
  } finally {
    stop.abort();
  }
}

function createEvent(): { readonly isOver: Promise<void>; readonly end: () => void } {
  let end = (): void => undefined;
  const isOver = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    isOver,
    end: () => {
      end();
    },
  };
}

async function waitFor(
  { hash, payer, waitMs }: Broadcast,
  ledger: Ledger,
  wait: Pick<ConfirmationWait, "signal" | "after">,
): Promise<boolean> {
  return ledger.waitForConfirmation(hash, { account: payer, timeoutMs: waitMs, ...wait }).catch(() => false);
}

/** undefined: the block may be on its way, so its confirmation decides. */
async function processBlock(
  block: SignedBlock,
  job: Broadcast,
  settings: FacilitatorSettings,
): Promise<Unsettled | undefined> {
  try {
    const answer = await settings.ledger.process(block, "send");
    return answer.outcome === "accepted" ? undefined : await explainRefusal(job, answer, settings);
  } catch (error) {
    const hasNotLeft = hasCode(error, "ledger_unavailable") && error.facts["mayHaveLanded"] === false;
    if (!hasNotLeft) return undefined;
    // What an earlier call sent may land all the same.
    if (job.hasJournal) return pending(job, settings);
    await close(job, "void", settings);
    return refuse("ledger_unavailable");
  }
}

/** Policy `attach` adds what is absent: work is not in the hash. */
export function needsWork({ payment }: Pick<CheckedPayment, "payment">, { workPolicy }: FacilitatorSettings): boolean {
  return payment.track === "nanoTxn" && payment.payload.block.work === undefined && workPolicy === "attach";
}

/** After every other check (row 6). */
async function withWork(job: Broadcast, settings: FacilitatorSettings): Promise<SignedBlock> {
  const { block } = job.payment.payload;
  const { ledger, sendWorkThreshold } = settings;
  if (!needsWork(job, settings)) return block;
  const worked = { ...block, work: await ledger.generateWork(block.previous, sendWorkThreshold) };
  if (isBlockWorkValid(worked, sendWorkThreshold)) return worked;
  throw new NanoError("work_unavailable", { why: "the work does not meet the threshold" });
}

/** What `process` refused is looked up: hash first, then the frontier. undefined: it has landed through us, go on. */
async function explainRefusal(
  job: Broadcast,
  { nodeError, at, mayHaveLanded = false }: Extract<ProcessResult, { outcome: "refused" }>,
  settings: FacilitatorSettings,
): Promise<Unsettled | undefined> {
  const { ledger } = settings;
  try {
    const isThere = (await ledger.blockInfo(job.hash, { at })) !== undefined;
    const { previous } = job.payment.payload.block;
    switch (isThere ? "own" : await findFollower({ hash: job.hash, previous }, ledger, { at })) {
      case "own":
        if (job.hasJournal || mayHaveLanded) return undefined;
        await close(job, "landed", settings);
        return refuse("block_already_landed");
      case "unconfirmed":
        return await pending(job, settings);
      case "confirmed":
        await close(job, "void", settings);
        return refuse("frontier_changed");
      case "none":
        // Another endpoint has it and said nothing usable: it may still come.
        if (mayHaveLanded) return await pending(job, settings);
        await close(job, "void", settings);
        return refuse("broadcast_failed", `The node said: ${nodeError}.`);
    }
  } catch {
    return pending(job, settings);
  }
}

/** The ledger has decided. A store that is out of reach leaves the entry to recovery. */
async function close(job: Broadcast, as: "landed" | "void", { store }: FacilitatorSettings): Promise<void> {
  await store.advance(job.lease, { to: "closed", as, by: "holder" }).catch(() => undefined);
}
