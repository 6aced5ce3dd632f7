import type { Edit, Guard } from "./guard.js";

/** What stops the attacks through Faremeter, whose middleware judges nothing itself. */

const HANDLER = "src/adapters/faremeter/facilitator.ts";
const TERMS = "src/protocol/terms.ts";
const AMOUNTS = "src/protocol/amounts.ts";
const CHECKED = "src/facilitator/checked-payment.ts";
const REDEMPTION = "src/facilitator/redemption.ts";
const BROADCAST = "src/facilitator/broadcast.ts";
const LEASES = "src/store/leases.ts";
const CHECK_B = "src/tracks/nano-signature/check.ts";
const JUDGE_A = "src/tracks/nano-txn/judge.ts";
const JUDGE_B = "src/tracks/nano-signature/judge.ts";

const off = (file: string, find: string, replace = ""): Edit => ({ file, find, replace });

const guards: Readonly<Record<string, readonly Edit[]>> = {
  "what is redeemed is refused": [
    off(REDEMPTION, 'if (view.state === "redeemed") return refuse("duplicate_block_hash");'),
    off(REDEMPTION, 'if (view.state === "redeemed") {', "if (false) {"),
    off(LEASES, "if (redeemed !== undefined) return alreadyRedeemed(redeemed, token);"),
  ],
  "the key of a redemption is the hash": [
    off(CHECKED, "key: entryKey(payment, hash)", "key: entryKey(payment, paymentId)"),
  ],
  "the facilitator authenticates the challenge": [
    off(CHECK_B, "const isOurs = authority === undefined ||", "const isOurs = true ||"),
  ],
  "the block is its signer's": [
    off(JUDGE_B, 'if (info.account !== account || block.account !== account) return refuse("sender_mismatch");'),
  ],
  "a block on the ledger proves nothing on Track A": [
    off(
      JUDGE_A,
      "if (previous.successor !== undefined) return",
      "if (previous.successor !== undefined && previous.successor !== hashBlock(block)) return",
    ),
    off(BROADCAST, "if (job.hasJournal || mayHaveLanded) return undefined;", "return undefined;"),
  ],
  "Track B's amount under Track A's entry": [
    off(AMOUNTS, "return raw % TRACK_STEP === 1n ? raw - 1n : raw;", "return raw - 2n;"),
  ],
  "the client accepted the amount that is asked": [
    off(TERMS, "if (accepted.amount !== amountRaw && !isHostsOwnEntry(payment)) {", "if (false) {"),
  ],
  "only a payload with its challenge may come without an entry": [
    off(TERMS, "payload.nonce !== undefined &&"),
    off(TERMS, "payload.validBefore !== undefined &&"),
  ],
  "only the server's own entry stands in for one": [
    off(TERMS, "accepted.extra.assetTransferMethod === requirements.extra.assetTransferMethod &&"),
  ],
  "a client brings no lease": [off(HANDLER, "if (bringsLease(payment)) return", "if (false) return")],
  "a refused settlement ends the lease": [
    off(HANDLER, "if (!answer.success && !isStillRunning(answer.errorReason)) await", "if (false) await"),
  ],
};

export const faremeter: readonly Guard[] = Object.entries(guards).map(([name, edits]) => ({
  name: `through-faremeter: ${name}`,
  attack: "test/attacks/through-faremeter.test.ts",
  edits,
}));
