import type { BlockHash } from "../nano/index.js";
import type { Track } from "../protocol/index.js";
import { encodeNanoSignaturePayload } from "../tracks/nano-signature/index.js";
import { encodeNanoTxnPayload } from "../tracks/nano-txn/index.js";
import { tryAskFate } from "./fate.js";
import type { JournalEntry } from "./journal.js";
import type { Offer } from "./offer.js";
import { assertOpen, type PurseParts } from "./parts.js";
import { noteConfirmed, noteFate } from "./sightings.js";

/** What goes into `payload` of an x402 envelope, for the offer it was made for. */
export interface PaymentProof {
  readonly hash: BlockHash;
  readonly track: Track;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** What the seller answered. */
export type PaymentOutcome =
  | { readonly isServed: true }
  /** In the seller's words, if it had any: never a ground for another payment (SPEC R8). */
  | { readonly isServed: false; readonly reason?: string | undefined };

const MAX_IN_FLIGHT_MS = 30_000;
const MAX_REASON_LENGTH = 120;
/** A stranger's words end up in a listing. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** The look at the ledger after a refusal: the buyer's response waits for it. */
const LOOK_TIMEOUT_MS = 2_000;

/** From here on a stranger may hold the proof: it counts as in flight until its outcome is known or the time is over. */
export async function present(parts: PurseParts, paid: JournalEntry, offer: Offer): Promise<PaymentProof> {
  const { journal, settings } = parts;
  assertOpen(parts);
  const payload = await makePayload(parts, paid, offer);
  const nowMs = settings.clock();
  const inFlightMs = settings.inFlightMs ?? Math.min(offer.maxTimeoutSeconds * 1000, MAX_IN_FLIGHT_MS);
  const { inFlightUntilMs, presented } = journal.get(paid.hash) ?? paid;
  await journal.change(paid.hash, {
    inFlightUntilMs: [...inFlightUntilMs.filter((untilMs) => untilMs > nowMs), nowMs + inFlightMs],
    presented: presented + 1,
  });
  return { hash: paid.hash, track: offer.track, payload };
}

async function makePayload(
  { signer }: PurseParts,
  { hash, block }: JournalEntry,
  offer: Offer,
): Promise<Record<string, unknown>> {
  if (offer.track === "nanoTxn") return { ...encodeNanoTxnPayload(block) };
  const paid = { hash, account: signer.account };
  return { ...(await encodeNanoSignaturePayload(paid, offer.challenge, (message) => signer.signNoms(message))) };
}

/**
 * A served payment is forgotten once the ledger has it; a refused one is free to be presented again. The newest of
 * several presentations is taken to be the one that was answered.
 */
export async function noteOutcome(parts: PurseParts, hash: BlockHash, outcome: PaymentOutcome): Promise<void> {
  const { journal } = parts;
  const entry = journal.get(hash);
  if (entry === undefined) return;
  if (outcome.isServed) {
    await journal.change(hash, { isServed: true, inFlightUntilMs: [] });
    if (entry.sighting === "confirmed") await noteConfirmed(parts, entry.block);
    return;
  }
  await journal.change(hash, {
    inFlightUntilMs: entry.inFlightUntilMs.slice(0, -1),
    lastReason: outcome.reason?.slice(0, MAX_REASON_LENGTH).replace(UNPRINTABLE, "\u{fffd}"),
  });
  if (entry.track === "nanoTxn" && entry.sighting !== "confirmed") await lookOnce(parts, hash);
}

/** Tells the next choice of an offer whether a refused Track A block has landed, which only Track B can claim then. */
async function lookOnce(parts: PurseParts, hash: BlockHash): Promise<void> {
  const entry = parts.journal.get(hash);
  if (entry === undefined) return;
  const fate = await tryAskFate(parts, entry.block, { timeoutMs: LOOK_TIMEOUT_MS });
  if (fate !== undefined) await noteFate(parts, entry, fate);
}
