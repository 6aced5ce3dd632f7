import type { BlockInfo, Ledger } from "../ledger/port.js";
import { hashBlock, type SignedBlock } from "../nano/index.js";
import { type NanoSignaturePayment, type NanoTxnPayment, type Refusal, refuse } from "../protocol/index.js";
import { judgeNanoSignature, type NanoSignatureFacts } from "../tracks/nano-signature/index.js";
import { judgeNanoTxn, type NanoTxnFacts } from "../tracks/nano-txn/index.js";
import type { CheckedPayment } from "./checked-payment.js";
import type { FacilitatorSettings } from "./options.js";

/** How often an unknown block is looked for; a node learns of a block within a few hundred milliseconds. */
const LOOK_AGAIN_MS = 200;
/** How long Track B waits for a block that the node does not know at all: "a short wait" (SPEC 3, row 6). */
const UNKNOWN_BLOCK_WAIT_MS = 3_000;

export interface LedgerRows {
  /** Row 7 again, where the block is found to have landed or its frontier to be stale. */
  readonly isTaken: () => Promise<Refusal | undefined>;
  /** False for a settle that holds the lease: the age was judged when verify accepted (R4). */
  readonly judgeAge: boolean;
}

/**
 * `seen`: what the rows passed on. `block_info` of a Track A block's `previous`, of a Track B block itself.
 */
export type Judgement =
  | { readonly ok: true; readonly seen: BlockInfo }
  | { readonly ok: false; readonly refusal: Refusal };

/** Rows 8–10 of Track A or 6–11 of Track B. Throws `ledger_unavailable`, which decides nothing. */
export async function judgeOnLedger(
  checked: CheckedPayment,
  settings: FacilitatorSettings,
  rows: LedgerRows,
): Promise<Judgement> {
  const { payment } = checked;
  return payment.track === "nanoTxn"
    ? judgeTrackA(payment, checked, settings, rows)
    : judgeTrackB(payment, checked, settings, rows);
}

/**
 * The same rows once more on what verify has seen, for the settle that holds its lease. What a block sent, and that it
 * is confirmed, does not change; whether the frontier has moved since, `process` finds out as it takes the block.
 */
export function judgeAgain(
  { payment, amountRaw }: CheckedPayment,
  seen: BlockInfo,
  settings: FacilitatorSettings,
): Refusal | undefined {
  return payment.track === "nanoTxn"
    ? judgeNanoTxn(payment.payload.block, amountRaw, { previous: seen })
    : judgeNanoSignature(payment, amountRaw, signatureFacts(seen, settings, false));
}

async function judgeTrackA(
  payment: NanoTxnPayment,
  { amountRaw }: CheckedPayment,
  { ledger }: FacilitatorSettings,
  { isTaken }: LedgerRows,
): Promise<Judgement> {
  const { block } = payment.payload;
  const previous = await ledger.blockInfo(block.previous, { share: true, anywhere: "confirmed" });
  let facts: NanoTxnFacts = { previous };
  let verdict = judgeNanoTxn(block, amountRaw, facts);
  if (verdict?.reason === "stale_frontier") {
    // The block itself may just have landed: "stale" would make an honest payer pay again (row 9).
    facts = await lookAgain(block, ledger);
    verdict = judgeNanoTxn(block, amountRaw, facts);
  }
  if (verdict === undefined && facts.previous !== undefined) return { ok: true, seen: facts.previous };
  if (verdict?.reason !== "stale_frontier" && verdict?.reason !== "block_already_landed") return refused(verdict);
  // A race is settled by the store: its losers hear "in progress" or "duplicate", never "landed without you" (SPEC 6).
  return refused((await isTaken()) ?? verdict);
}

/** A look that no other call has begun before: what has happened meanwhile is in it. */
async function lookAgain(block: SignedBlock, ledger: Ledger): Promise<NanoTxnFacts> {
  const previous = await ledger.blockInfo(block.previous, { anywhere: "known" });
  if (previous?.account !== block.account) {
    const account = await ledger.accountInfo(block.account, { share: true, anywhere: "known" });
    return { previous, hasAccount: account !== undefined };
  }
  const isOther = previous.successor !== undefined && previous.successor !== hashBlock(block);
  const successor = isOther ? await ledger.blockInfo(previous.successor, { anywhere: "known" }) : undefined;
  return { previous, successorConfirmed: successor?.confirmed };
}

async function judgeTrackB(
  payment: NanoSignaturePayment,
  { amountRaw, hash, payer }: CheckedPayment,
  settings: FacilitatorSettings,
  { judgeAge }: LedgerRows,
): Promise<Judgement> {
  const { ledger, clock } = settings;
  const startMs = clock();
  const judge = (info: BlockInfo | undefined): Refusal | undefined =>
    judgeNanoSignature(payment, amountRaw, signatureFacts(info, settings, judgeAge));

  const waitMs = Math.min(settings.verifyTimeoutSeconds, payment.requirements.maxTimeoutSeconds) * 1000;
  const unknownMs = Math.min(UNKNOWN_BLOCK_WAIT_MS, waitMs);
  let info = await ledger.blockInfo(hash, { share: true, anywhere: "known" });
  // Counted, and timed as well: each look of a slow node takes longer than the pause.
  for (
    let waitedMs = 0;
    info === undefined && Math.max(waitedMs, clock() - startMs) < unknownMs;
    waitedMs += LOOK_AGAIN_MS
  ) {
    await settings.sleep(LOOK_AGAIN_MS);
    info = await ledger.blockInfo(hash, { anywhere: "known" });
  }
  if (info !== undefined && judge(info)?.reason === "unconfirmed_block") {
    const timeoutMs = Math.max(0, waitMs - (clock() - startMs));
    await ledger.waitForConfirmation(hash, { account: payer, timeoutMs });
    // What woke us may be a message of anybody's; what is redeemed is what the node answers.
    info = await ledger.blockInfo(hash, { anywhere: "confirmed" });
  }
  const refusal = judge(info);
  return refusal === undefined && info !== undefined ? { ok: true, seen: info } : refused(refusal);
}

/** A judge that passes has seen a block, so there is always a refusal here; the ledger's silence would be one. */
function refused(refusal: Refusal | undefined): Judgement {
  return { ok: false, refusal: refusal ?? refuse("block_not_found") };
}

function signatureFacts(
  info: BlockInfo | undefined,
  { clock, paymentAgeSeconds, store }: FacilitatorSettings,
  judgeAge: boolean,
): NanoSignatureFacts {
  return {
    info,
    nowSeconds: Math.floor(clock() / 1000),
    paymentAgeSeconds: judgeAge ? paymentAgeSeconds : Number.POSITIVE_INFINITY,
    storeBornAtSeconds: store.bornAtSeconds,
  };
}
