import { hasCode } from "../errors/index.js";
import type { ProcessResult } from "../ledger/port.js";
import { encodeBlockJson, isBlockWorkValid, type SignedBlock } from "../nano/index.js";
import { type NanoTxnPayment, type Refusal, refuse } from "../protocol/index.js";
import type { LeaseToken } from "../store/port.js";
import type { CheckedPayment } from "./checked-payment.js";
import { findSuccessor } from "./facts.js";
import type { FacilitatorSettings } from "./options.js";

export interface Broadcast {
  readonly payment: NanoTxnPayment;
  readonly checked: CheckedPayment;
  readonly lease: LeaseToken;
  readonly leaseMs: number;
  readonly waitMs: number;
  /** This settlement's own journal entry had broadcast the block before: landed is then our doing (row 8). */
  readonly ownsJournal: boolean;
}

type Unsettled = Refusal & { readonly hash?: CheckedPayment["hash"] };

/**
 * The one place that calls `process`. Journals the intent first (R9), then lets the ledger decide (R10): undefined when
 * the block is confirmed, else the refusal; after the request has left, an outage is `settlement_pending`.
 */
export async function broadcastAndConfirm(
  job: Broadcast,
  settings: FacilitatorSettings,
): Promise<Unsettled | undefined> {
  const { checked, lease, leaseMs } = job;
  const { ledger, store } = settings;
  const block = await withWork(job, settings);
  const intent = JSON.stringify(encodeBlockJson(block));
  const journalled = await store.advance(lease, { to: "broadcasting", block: intent, leaseMs });
  if (journalled.outcome === "redeemed") return refuse("duplicate_block_hash");
  if (journalled.outcome === "lost") return refuse("payment_in_progress");

  // Waiting starts before `process`: a push carries no history (SPEC 9).
  const stop = new AbortController();
  const wait = { account: checked.payer, timeoutMs: job.waitMs, signal: stop.signal };
  const confirmation = ledger.waitForConfirmation(checked.hash, wait).catch(() => false);
  let answer: ProcessResult | "unknown";
  try {
    answer = await ledger.process(block, "send");
  } catch (error) {
    if (!hasCode(error, "ledger_unavailable") || error.facts["mayHaveLanded"] === true) answer = "unknown";
    else {
      stop.abort();
      await close(job, "void", settings);
      return refuse("ledger_unavailable");
    }
  }
  const refusal =
    answer !== "unknown" && answer.outcome === "refused"
      ? await explainRefusal(job, answer.nodeError, settings)
      : undefined;
  if (refusal !== undefined) {
    stop.abort();
    return refusal;
  }
  return (await confirmation) ? undefined : pending(job, settings);
}

/** Work is not in the hash: policy `attach` adds what is absent, after every other check (row 6). */
async function withWork(job: Broadcast, settings: FacilitatorSettings): Promise<SignedBlock> {
  const { block } = job.payment.payload;
  if (block.work !== undefined || settings.workPolicy !== "attach") return block;
  const work = await settings.ledger.generateWork(block.previous, settings.sendWorkThreshold);
  const worked = { ...block, work };
  return isBlockWorkValid(worked, settings.sendWorkThreshold) ? worked : block;
}

/** What `process` refused is looked up: hash first, then the frontier. undefined: it has landed through us, go on. */
async function explainRefusal(
  job: Broadcast,
  nodeError: string,
  settings: FacilitatorSettings,
): Promise<Unsettled | undefined> {
  const { ledger } = settings;
  const { hash, payer } = job.checked;
  const { previous } = job.payment.payload.block;
  try {
    if ((await ledger.blockInfo(hash)) !== undefined) {
      if (job.ownsJournal) return undefined;
      await close(job, "landed", settings);
      return refuse("block_already_landed");
    }
    const account = await ledger.accountInfo(payer);
    const successor = account?.frontier === previous ? undefined : await findSuccessor(ledger, previous);
    if (successor !== undefined && !successor.confirmed) return await pending(job, settings);
    await close(job, "void", settings);
    return successor === undefined
      ? refuse("broadcast_failed", `The node said: ${nodeError}.`)
      : refuse("frontier_changed");
  } catch {
    return pending(job, settings);
  }
}

/** The block may land: the lease ends, the journal entry and its token stay, and the payer keeps the hash (R8, R9). */
async function pending(job: Broadcast, settings: FacilitatorSettings): Promise<Unsettled> {
  await settings.store.release(job.lease).catch(() => false);
  return { ...refuse("settlement_pending"), hash: job.checked.hash };
}

/** The ledger has decided. A store that is out of reach leaves the entry to recovery. */
async function close(job: Broadcast, as: "landed" | "void", settings: FacilitatorSettings): Promise<void> {
  await settings.store.advance(job.lease, { to: "closed", as }).catch(() => undefined);
}
