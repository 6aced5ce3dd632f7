import type { Edit } from "./guard.js";

/** Checks that stop several attacks, one way or another. */

const LEASES = "src/store/leases.ts";
const REDEMPTION = "src/facilitator/redemption.ts";
const CHECKED = "src/facilitator/checked-payment.ts";
const BROADCAST = "src/facilitator/broadcast.ts";
const JUDGE_A = "src/tracks/nano-txn/judge.ts";
const CHECK_B = "src/tracks/nano-signature/check.ts";
const JUDGE_B = "src/tracks/nano-signature/judge.ts";
const AMOUNTS = "src/protocol/amounts.ts";

export const off = (file: string, find: string, replace = ""): Edit => ({ file, find, replace });

/** Rows 7 and 5, as the look finds it and as the claim repeats it. */
export const REDEEMED_IS_REFUSED: readonly Edit[] = [
  off(REDEMPTION, 'if (view.state === "redeemed") return refuse("duplicate_block_hash");'),
  off(REDEMPTION, 'if (view.state === "redeemed") {', "if (false) {"),
  off(LEASES, "if (redeemed !== undefined) return alreadyRedeemed(redeemed, token);"),
];
export const REDEEMED_IS_KEPT = off(
  LEASES,
  "this.records.saveRedeemed(held.hash, { token, paymentId: held.paymentId, result: step.result });",
);
/** R1: the hash, not what the payer signs it for. */
export const KEYED_BY_HASH = off(CHECKED, "key: entryKey(payment, hash)", "key: entryKey(payment, paymentId)");
/** R3, as the look finds it and as the claim repeats it. */
export const HELD_IS_IN_PROGRESS: readonly Edit[] = [
  off(REDEMPTION, 'return view.leaseOpen ? refuse("payment_in_progress") : undefined;', "return undefined;"),
  off(REDEMPTION, "if (view.leaseOpen && !takeable) return", "if (false) return"),
  off(LEASES, 'if (isInTheWay) return { outcome: "in_progress" };'),
];
/** The claim alone, where copies come at once: all of them have looked before the first one claims. */
export const ONE_LEASE_AT_A_TIME = off(LEASES, 'if (isInTheWay) return { outcome: "in_progress" };');
export const LANDED_PROVES_NOTHING = off(
  JUDGE_A,
  "if (previous.successor !== undefined) return",
  "if (previous.successor !== undefined && previous.successor !== hashBlock(block)) return",
);
/** And where `process` says that it has the block, the settlement that did not broadcast it goes no further (R10). */
export const LANDED_ELSEWHERE = off(
  BROADCAST,
  "if (job.hasJournal || mayHaveLanded) return undefined;",
  "return undefined;",
);
export const SENDER_IS_THE_SIGNER = off(
  JUDGE_B,
  'if (info.account !== account || block.account !== account) return refuse("sender_mismatch");',
);
export const PAYER_SIGNED = off(
  CHECK_B,
  'if (!verifyNoms(hexToBytes(signature, 64), message, keyBytes(account))) return refuse("invalid_signature");',
);
export const TRACK_A_ASKS_ONE_MORE = off(
  AMOUNTS,
  'if (track === "nanoTxn") return raw + 1n;',
  'if (track === "nanoTxn") return raw;',
);
