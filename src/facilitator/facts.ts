import type { BlockInfo, Ledger } from "../ledger/port.js";
import type { BlockHash } from "../nano/index.js";
import type { NanoSignaturePayment, NanoTxnPayment, Refusal } from "../protocol/index.js";
import { refuse } from "../protocol/index.js";
import { judgeNanoSignature } from "../tracks/nano-signature/index.js";
import { judgeNanoTxn } from "../tracks/nano-txn/index.js";
import type { CheckedPayment } from "./checked-payment.js";
import type { FacilitatorSettings } from "./options.js";

/** How often an unknown block is looked for; a node learns of a block within a few hundred milliseconds. */
const LOOK_AGAIN_MS = 200;
/** How long Track B waits for a block that the node does not know at all: "a short wait" (SPEC 3, row 6). */
const UNKNOWN_BLOCK_WAIT_MS = 3_000;

/** Rows 8–10 of Track A or 6–11 of Track B. Throws `ledger_unavailable`, which decides nothing. */
export async function judgeOnLedger(
  checked: CheckedPayment,
  settings: FacilitatorSettings,
  isTaken: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const { payment } = checked;
  return payment.track === "nanoTxn"
    ? judgeTrackA(payment, checked, settings, isTaken)
    : judgeTrackB(payment, checked, settings);
}

async function judgeTrackA(
  payment: NanoTxnPayment,
  checked: CheckedPayment,
  settings: FacilitatorSettings,
  isTaken: () => Promise<Refusal | undefined>,
): Promise<Refusal | undefined> {
  const { ledger } = settings;
  const { block } = payment.payload;
  const [landed, account] = await Promise.all([ledger.blockInfo(checked.hash), ledger.accountInfo(block.account)]);
  const verdict = judgeNanoTxn(block, checked.amountRaw, { landed, account });
  if (verdict?.reason !== "stale_frontier" && verdict?.reason !== "block_already_landed") return verdict;
  // A race is settled by the store: its losers hear "in progress" or "duplicate", never "landed without you" (SPEC 6).
  // And the block itself may just have landed: saying "stale" would make an honest payer pay again (row 9).
  const taken = await isTaken();
  if (taken !== undefined || verdict.reason === "block_already_landed") return taken ?? verdict;
  const successorConfirmed = (await findSuccessor(ledger, block.previous))?.confirmed;
  const facts = { landed: await ledger.blockInfo(checked.hash), account, successorConfirmed };
  return judgeNanoTxn(block, checked.amountRaw, facts);
}

/** The block that follows `previous`, where the ledger has one. */
export async function findSuccessor(ledger: Ledger, previous: BlockHash): Promise<BlockInfo | undefined> {
  const successor = (await ledger.blockInfo(previous))?.successor;
  return successor === undefined ? undefined : ledger.blockInfo(successor);
}

async function judgeTrackB(
  payment: NanoSignaturePayment,
  checked: CheckedPayment,
  settings: FacilitatorSettings,
): Promise<Refusal | undefined> {
  const { ledger, clock } = settings;
  const startMs = clock();
  const judge = (info: BlockInfo | undefined): Refusal | undefined =>
    judgeNanoSignature(payment, checked.amountRaw, {
      info,
      nowSeconds: Math.floor(clock() / 1000),
      paymentAgeSeconds: settings.paymentAgeSeconds,
      storeBornAtSeconds: settings.store.bornAtSeconds,
    });

  const waitMs = Math.min(settings.verifyTimeoutSeconds, payment.requirements.maxTimeoutSeconds) * 1000;
  let info = await ledger.blockInfo(checked.hash);
  for (
    let waited = 0;
    info === undefined && waited < Math.min(UNKNOWN_BLOCK_WAIT_MS, waitMs);
    waited += LOOK_AGAIN_MS
  ) {
    await settings.sleep(LOOK_AGAIN_MS);
    info = await ledger.blockInfo(checked.hash);
  }
  const verdict = judge(info);
  if (verdict?.reason !== "unconfirmed_block") return verdict;

  const timeoutMs = Math.max(0, waitMs - (clock() - startMs));
  const confirmed = await ledger.waitForConfirmation(checked.hash, { account: checked.payer, timeoutMs });
  return confirmed ? judge(await ledger.blockInfo(checked.hash)) : refuse("unconfirmed_block");
}
