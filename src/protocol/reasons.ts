/**
 * Every refusal on the wire (SPEC 6): its word, its sentence, and per track whether presenting the payment again can
 * help and whether the payer may rebuild the block.
 *
 * `retry`: "same" the very proof again, a little later; "fresh" the same payment under a new challenge, where its block
 * has landed through Track B; "no" neither. `rebuild` is for Track A only and always means another block (or the same
 * with other work) on the same `previous`, so that at most one can land, and only after the payer looked at the ledger
 * itself: a hostile seller may hold the signed block (R8). On Track B the money has moved and no reason permits a second
 * send, which the type says.
 */
export interface ReasonEntry {
  readonly sentence: string;
  readonly nanoTxn: { readonly retry: Retry; readonly rebuild: boolean };
  readonly nanoSignature: { readonly retry: Retry; readonly rebuild: false };
}
type Retry = "no" | "same" | "fresh";

const entry = (sentence: string, a: [Retry, "rebuild" | "keep"], b: Retry): ReasonEntry => ({
  sentence,
  nanoTxn: { retry: a[0], rebuild: a[1] === "rebuild" },
  nanoSignature: { retry: b, rebuild: false },
});

export const REASONS = {
  malformed_payload: entry("The payment or its requirements do not have the required form.", ["no", "rebuild"], "no"),
  invalid_x402_version: entry("Only x402 version 2 is spoken here.", ["no", "keep"], "no"),
  unsupported_scheme: entry("Only scheme exact is served.", ["no", "keep"], "no"),
  invalid_network: entry("Only network nano:mainnet is served.", ["no", "keep"], "no"),
  invalid_asset: entry("Only asset XNO is served.", ["no", "keep"], "no"),
  requirements_mismatch: entry("The payment was made for other requirements.", ["fresh", "rebuild"], "fresh"),
  payment_expired: entry("The challenge has expired; ask for a fresh one.", ["fresh", "keep"], "fresh"),
  challenge_invalid: entry("The challenge was not issued for this payment.", ["fresh", "keep"], "fresh"),
  wrong_destination: entry("The block does not pay the account that was asked for.", ["no", "rebuild"], "no"),
  invalid_signature: entry("The signature is not the paying account's.", ["no", "rebuild"], "fresh"),
  invalid_work: entry("The proof of work is missing, malformed or too weak.", ["no", "rebuild"], "no"),
  duplicate_block_hash: entry("This block has bought its response already.", ["no", "keep"], "no"),
  payment_in_progress: entry("This payment is being verified or settled right now.", ["same", "keep"], "same"),
  block_already_landed: entry(
    "The block is on the ledger, where everybody can read it; prove who paid through nanoSignature.",
    ["fresh", "keep"],
    "no",
  ),
  stale_frontier: entry("The block does not follow the account's frontier.", ["same", "rebuild"], "no"),
  frontier_unconfirmed: entry("The block that this one follows is not confirmed yet.", ["same", "keep"], "no"),
  account_not_found: entry("The paying account has no block on the ledger.", ["same", "keep"], "no"),
  insufficient_amount: entry("The block does not send the required amount.", ["no", "rebuild"], "no"),
  duplicate_frontier: entry("Another block on the same previous is being settled.", ["same", "keep"], "no"),
  block_not_found: entry("The ledger does not know the block.", ["same", "keep"], "same"),
  wrong_block_type: entry("The block is not a state block that sends.", ["no", "keep"], "no"),
  sender_mismatch: entry("The block belongs to another account.", ["no", "keep"], "no"),
  unconfirmed_block: entry("The block is not confirmed yet.", ["same", "keep"], "same"),
  payment_too_old: entry("The payment is too old to be redeemed here.", ["no", "keep"], "no"),
  broadcast_failed: entry("The node did not take the block, and nothing has landed.", ["same", "rebuild"], "no"),
  frontier_changed: entry("Another confirmed block follows the same previous.", ["no", "rebuild"], "no"),
  settlement_pending: entry("The block may still be confirmed; do not pay again.", ["same", "keep"], "same"),
  ledger_unavailable: entry("No Nano node could be asked; nothing was decided.", ["same", "keep"], "same"),
  facilitator_unavailable: entry(
    "The facilitator cannot redeem right now; nothing was decided.",
    ["same", "keep"],
    "same",
  ),
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;

const WORDS = new Set<string>(Object.keys(REASONS));

export function isReason(word: string): word is Reason {
  return WORDS.has(word);
}

const STILL_RUNNING = new Set<string>(["settlement_pending", "payment_in_progress", "duplicate_block_hash"]);
const UNDECIDED = new Set<string>(["ledger_unavailable", "facilitator_unavailable"]);

/** After such an answer to a settle somebody, perhaps that very request, may be at it: the lease is not ours to end. */
export function isStillRunning(reason: string | undefined): boolean {
  return reason !== undefined && STILL_RUNNING.has(reason);
}

/** Nothing was decided, as after a lost answer: worth asking again with the lease (R9). */
export function isUndecided(reason: string | undefined): boolean {
  return reason !== undefined && UNDECIDED.has(reason);
}

/** The same reason for clients written from the x402.Nano text: UPPER_CASE, one word of its own (SPEC 7). */
export function upperCaseReason(reason: Reason): string {
  return reason === "settlement_pending" ? "CONFIRMATION_TIMEOUT" : reason.toUpperCase();
}

/** A node's words can be anything, and hosts put messages into headers: Faremeter throws on what is not Latin-1. */
const BEYOND_ASCII = /[^\x20-\x7e]/g;

/** A refusal is a value: the word, and facts that may be shown to a stranger. */
export interface Refusal {
  readonly ok: false;
  readonly reason: Reason;
  /** The reason's sentence, with facts where there are any. */
  readonly message: string;
}

export function refuse(reason: Reason, detail?: string): Refusal {
  const { sentence } = REASONS[reason];
  const message = detail === undefined ? sentence : `${sentence} ${detail.replace(BEYOND_ASCII, "?")}`;
  return { ok: false, reason, message };
}
