import {
  KEYED_BY_HASH,
  LANDED_ELSEWHERE,
  LANDED_PROVES_NOTHING,
  off,
  REDEEMED_IS_REFUSED,
  SENDER_IS_THE_SIGNER,
} from "./edits.js";
import type { Edit, Guard } from "./guard.js";

/** What stops the attacks through Faremeter, whose middleware judges nothing itself. */

const HANDLER = "src/adapters/faremeter/facilitator.ts";
const TERMS = "src/protocol/terms.ts";
const AMOUNTS = "src/protocol/amounts.ts";
const CHECK_B = "src/tracks/nano-signature/check.ts";

const guards: Readonly<Record<string, readonly Edit[]>> = {
  "what is redeemed is refused": REDEEMED_IS_REFUSED,
  "the key of a redemption is the hash": [KEYED_BY_HASH],
  "the facilitator authenticates the challenge": [
    off(CHECK_B, "const isOurs = authority === undefined ||", "const isOurs = true ||"),
  ],
  "the block is its signer's": [SENDER_IS_THE_SIGNER],
  "a block on the ledger proves nothing on Track A": [LANDED_PROVES_NOTHING, LANDED_ELSEWHERE],
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
