import type { AccountInfo, BlockInfo, Ledger } from "../ledger/port.js";
import type { BlockHash } from "../nano/index.js";
import type { NanoSignaturePayment, NanoTxnPayment, Refusal } from "../protocol/index.js";
import { judgeNanoSignature } from "../tracks/nano-signature/index.js";
import { judgeNanoTxn } from "../tracks/nano-txn/index.js";
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

/** Rows 8–10 of Track A or 6–11 of Track B. Throws `ledger_unavailable`, which decides nothing. */
export async function judgeOnLedger(
  checked: CheckedPayment,
  settings: FacilitatorSettings,
  rows: LedgerRows,
): Promise<Refusal | undefined> {
  const { payment } = checked;
  return payment.track === "nanoTxn"
    ? judgeTrackA(payment, checked, settings, rows)
    : judgeTrackB(payment, checked, settings, rows);
}

async function judgeTrackA(
  payment: NanoTxnPayment,
  { hash, amountRaw }: CheckedPayment,
  { ledger }: FacilitatorSettings,
  { isTaken }: LedgerRows,
): Promise<Refusal | undefined> {
  const { block } = payment.payload;
  const [landed, account] = await Promise.all([ledger.blockInfo(hash), ledger.accountInfo(block.account)]);
  const first = judgeNanoTxn(block, amountRaw, { landed, account });
  // The block itself may just have landed: "stale" would make an honest payer pay again (row 9).
  const verdict =
    first?.reason === "stale_frontier" ? await judgeStale(payment, { hash, amountRaw, account }, ledger) : first;
  if (verdict?.reason !== "stale_frontier" && verdict?.reason !== "block_already_landed") return verdict;
  // A race is settled by the store: its losers hear "in progress" or "duplicate", never "landed without you" (SPEC 6).
  return (await isTaken()) ?? verdict;
}

/** Looks for the block again after its successor: whoever finds one and not the other has seen them in this order. */
async function judgeStale(
  { payload: { block } }: NanoTxnPayment,
  known: { readonly hash: BlockHash; readonly amountRaw: bigint; readonly account: AccountInfo | undefined },
  ledger: Ledger,
): Promise<Refusal | undefined> {
  const { hash, amountRaw, account } = known;
  const successorConfirmed = (await findSuccessor(ledger, block.previous))?.info.confirmed;
  return judgeNanoTxn(block, amountRaw, { landed: await ledger.blockInfo(hash), account, successorConfirmed });
}

/** The block that follows `previous`, where the ledger has one. */
export async function findSuccessor(
  ledger: Ledger,
  previous: BlockHash,
): Promise<{ readonly hash: BlockHash; readonly info: BlockInfo } | undefined> {
  const hash = (await ledger.blockInfo(previous))?.successor;
  const info = hash === undefined ? undefined : await ledger.blockInfo(hash);
  return hash === undefined || info === undefined ? undefined : { hash, info };
}

async function judgeTrackB(
  payment: NanoSignaturePayment,
  { amountRaw, hash, payer }: CheckedPayment,
  settings: FacilitatorSettings,
  { judgeAge }: LedgerRows,
): Promise<Refusal | undefined> {
  const { ledger, clock } = settings;
  const startMs = clock();
  const judge = (info: BlockInfo | undefined): Refusal | undefined =>
    judgeNanoSignature(payment, amountRaw, {
      info,
      nowSeconds: Math.floor(clock() / 1000),
      paymentAgeSeconds: judgeAge ? settings.paymentAgeSeconds : Number.POSITIVE_INFINITY,
      storeBornAtSeconds: settings.store.bornAtSeconds,
    });

  const waitMs = Math.min(settings.verifyTimeoutSeconds, payment.requirements.maxTimeoutSeconds) * 1000;
  const unknownMs = Math.min(UNKNOWN_BLOCK_WAIT_MS, waitMs);
  let info = await ledger.blockInfo(hash);
  // Counted, and timed as well: each look of a slow node takes longer than the pause.
  for (
    let waitedMs = 0;
    info === undefined && Math.max(waitedMs, clock() - startMs) < unknownMs;
    waitedMs += LOOK_AGAIN_MS
  ) {
    await settings.sleep(LOOK_AGAIN_MS);
    info = await ledger.blockInfo(hash);
  }
  const verdict = judge(info);
  if (verdict?.reason !== "unconfirmed_block") return verdict;

  const timeoutMs = Math.max(0, waitMs - (clock() - startMs));
  await ledger.waitForConfirmation(hash, { account: payer, timeoutMs });
  return judge(await ledger.blockInfo(hash));
}
