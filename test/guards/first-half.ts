import {
  HELD_IS_IN_PROGRESS,
  KEYED_BY_HASH,
  LANDED_ELSEWHERE,
  LANDED_PROVES_NOTHING,
  ONE_LEASE_AT_A_TIME,
  off,
  PAYER_SIGNED,
  REDEEMED_IS_KEPT,
  REDEEMED_IS_REFUSED,
  SENDER_IS_THE_SIGNER,
  TRACK_A_ASKS_ONE_MORE,
} from "./edits.js";
import type { Edit, Guard } from "./guard.js";

/** What stops the attacks of the first half, one check after the other. */

const LEASES = "src/store/leases.ts";
const REDEMPTION = "src/facilitator/redemption.ts";
const VERIFY = "src/facilitator/verify.ts";
const SETTLE = "src/facilitator/settle.ts";
const JUDGE_A = "src/tracks/nano-txn/judge.ts";
const JUDGE_B = "src/tracks/nano-signature/judge.ts";
const AMOUNTS = "src/protocol/amounts.ts";
const TERMS = "src/protocol/terms.ts";
const PAYLOAD = "src/protocol/payload.ts";
const SERVER_JUDGE = "src/adapters/x402/server-judge.ts";
const SERVER_HOOKS = "src/adapters/x402/server-hooks.ts";

const guardsOf = (attack: string, guards: Readonly<Record<string, Edit | readonly Edit[]>>): Guard[] =>
  Object.entries(guards).map(([name, edits]) => ({
    name: `${attack}: ${name}`,
    attack: `test/attacks/${attack}.test.ts`,
    edits: "file" in edits ? [edits] : edits,
  }));

export const firstHalf: readonly Guard[] = [
  ...guardsOf("resigning-a-redeemed-hash", {
    "a redemption is written down": REDEEMED_IS_KEPT,
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "the key of a redemption is the hash": KEYED_BY_HASH,
  }),
  ...guardsOf("presenting-an-old-transfer", {
    "the age limit": off(JUDGE_B, "if (ageSeconds > facts.paymentAgeSeconds) {", "if (false) {"),
    "the store's birth": off(JUDGE_B, "if (seenSeconds <= facts.storeBornAtSeconds) {", "if (false) {"),
    "the very second of the store's birth": off(
      JUDGE_B,
      "seenSeconds <= facts.storeBornAtSeconds",
      "seenSeconds < facts.storeBornAtSeconds",
    ),
    "no block comes from the future": off(JUDGE_B, "if (ageSeconds < -FUTURE_TOLERANCE_SECONDS)", "if (false)"),
    "a time that the node does not say": [
      off(JUDGE_B, "if (!(seenSeconds > 0)) return", "if (!(seenSeconds > 0)) return undefined;\n  if (false) return"),
    ],
    "the block is its signer's": SENDER_IS_THE_SIGNER,
    "the account signed the challenge": PAYER_SIGNED,
    "a block on the ledger proves nothing on Track A": LANDED_PROVES_NOTHING,
  }),
  ...guardsOf("crossing-the-tracks", {
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "both tracks have one key": KEYED_BY_HASH,
    "what is held is in progress": HELD_IS_IN_PROGRESS,
    "a block on the ledger proves nothing on Track A": LANDED_PROVES_NOTHING,
    "Track A asks for one raw more under Track B's entry": TRACK_A_ASKS_ONE_MORE,
    "the client accepted the amount that is asked": off(
      TERMS,
      "if (accepted.amount !== amountRaw && !isHostsOwnEntry(payment)) {",
      "if (false) {",
    ),
    "the server keeps each track to its own entry": off(
      SERVER_JUDGE,
      "if (extra.assetTransferMethod !== undefined && extra.assetTransferMethod !== payment.track) {",
      "if (false) {",
    ),
  }),
  ...guardsOf("two-blocks-one-frontier", {
    "a claim takes the frontier": off(
      LEASES,
      'if (byHash !== undefined) return { outcome: "previous_taken", byHash };',
    ),
    "the frontier is still ours when the block goes out": off(
      LEASES,
      'if (this.takerOf({ ...held, previous }) !== undefined) return { outcome: "lost" };',
    ),
    "the block follows the frontier": off(
      JUDGE_A,
      "if (previous.successor !== undefined) return judgeSuccessor(previous.successor, block, successorConfirmed);",
    ),
  }),
  ...guardsOf("one-proof-two-facilitators", {
    "one lease at a time": ONE_LEASE_AT_A_TIME,
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "the key of a redemption is the hash": KEYED_BY_HASH,
    "what another settle is at work on is not taken over": [
      off(LEASES, 'isUntold && held.holder === "verify" &&', "isUntold &&"),
      off(REDEMPTION, ' && view.state === "reserved";', ";"),
    ],
  }),
  ...guardsOf("copying-a-strangers-send", {
    "a block on the ledger proves nothing on Track A": LANDED_PROVES_NOTHING,
    "what is held is in progress": HELD_IS_IN_PROGRESS,
    "a server's two prices differ": off(AMOUNTS, "return isTrackBAmount(raw) ? raw + 1n : raw;", "return raw;"),
    "Track A asks for one raw more under Track B's entry": TRACK_A_ASKS_ONE_MORE,
    "Track A's amount is exact": off(
      JUDGE_A,
      "if (sentRaw === amountRaw) return undefined;",
      "if (sentRaw >= amountRaw - 1n) return undefined;",
    ),
  }),
  ...guardsOf("settling-during-the-handler", {
    "only the same payment is taken over": [
      off(LEASES, "&& held.paymentId === claim.paymentId;", ";"),
      off(REDEMPTION, "token === undefined && view.paymentId === paymentId &&", "token === undefined &&"),
    ],
    "only without a token is a lease taken over": [
      off(LEASES, 'claim.purpose === "settle" && claim.token === undefined;', 'claim.purpose === "settle";'),
      off(REDEMPTION, "const takeable = token === undefined &&", "const takeable ="),
    ],
    "whose token it is": off(
      REDEMPTION,
      "token !== undefined && view.token === token && view.paymentId === paymentId;",
      "token !== undefined && view.paymentId === paymentId;",
    ),
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "what is held is in progress": HELD_IS_IN_PROGRESS,
    "a block on the ledger proves nothing on Track A": LANDED_PROVES_NOTHING,
  }),
  ...guardsOf("lease-in-a-client-payload", {
    "a client brings no lease": off(
      PAYLOAD,
      'if (!request.allowLease && Object.hasOwn(rawPayload, "lease")) {',
      "if (false) {",
    ),
    "the server looks for one": off(SERVER_JUDGE, "{ allowLease: false }", "{ allowLease: true }"),
    "the facilitator looks for one": off(VERIFY, "allowLease: false", "allowLease: true"),
    "the stored success is for the token that redeemed": off(
      REDEMPTION,
      "token !== undefined && view.token === token && view.paymentId === paymentId;",
      "token !== undefined && view.paymentId === paymentId;",
    ),
    "only the owner's expiry is lifted": off(
      SETTLE,
      'if (standing.kind !== "owner" && !strict.ok) return { ...strict, payer };',
    ),
  }),
  ...guardsOf("copying-against-a-settle-first-host", {
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "a redemption is written down": REDEEMED_IS_KEPT,
    "the key of a redemption is the hash": KEYED_BY_HASH,
    "the server judges the challenge": off(
      SERVER_HOOKS,
      "return refusal === undefined ? undefined :",
      "return true ? undefined :",
    ),
    "the block is its signer's": SENDER_IS_THE_SIGNER,
    "the account signed the challenge": PAYER_SIGNED,
    "a block on the ledger proves nothing on Track A": [LANDED_PROVES_NOTHING, LANDED_ELSEWHERE],
  }),
  ...guardsOf("five-hundred-copies", {
    "one lease at a time": ONE_LEASE_AT_A_TIME,
    "the claim decides, the look before it does not": off(
      VERIFY,
      'if (claim.outcome !== "claimed") return refuseClaim(claim);',
    ),
  }),
  ...guardsOf("releasing-a-strangers-lease", {
    "a lease ends by its whole token": off(LEASES, "return held?.token === token ? held : undefined;", "return held;"),
    "what is held is in progress": HELD_IS_IN_PROGRESS,
  }),
  ...guardsOf("replaying-a-lease-token", {
    "the stored success is for the payment that redeemed": off(
      REDEMPTION,
      "view.token === token && view.paymentId === paymentId;",
      "view.token === token;",
    ),
    "a client brings no lease": off(
      PAYLOAD,
      'if (!request.allowLease && Object.hasOwn(rawPayload, "lease")) {',
      "if (false) {",
    ),
    "what is redeemed is refused": REDEEMED_IS_REFUSED,
    "a redemption is written down": REDEEMED_IS_KEPT,
  }),
];
