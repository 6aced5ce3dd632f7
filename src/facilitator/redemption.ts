import type { BlockHash } from "../nano/index.js";
import { type Refusal, refuse, type SettleAnswer, storedSuccessSchema } from "../protocol/index.js";
import type { EntryView, LeaseToken } from "../store/port.js";
import type { LeaseResult } from "./lease.js";

/**
 * Row 7 of Track A and 5 of Track B for a verify: any open lease is in the way, the same request's included, so that a
 * hundred copies run the paid handler once (R3). Reads only; the claim after the last check decides.
 */
export function judgeForVerify(view: EntryView): Refusal | undefined {
  if (view.state === "redeemed") return refuse("duplicate_block_hash");
  return view.leaseOpen ? refuse("payment_in_progress") : undefined;
}

/** What the store says of a settle that may hold a lease. */
export type SettleStanding =
  /** Redeemed by this very token: the stored success is given again (R9). */
  | { readonly kind: "repeat"; readonly answer: SettleAnswer }
  /** The lease is this settle's, open or lapsed and not taken by anybody else: expiry was judged before (R4). */
  | { readonly kind: "owner"; readonly broadcasting: boolean }
  /** No lease of its own: everything is judged, and a verify's lease of the same payment may be taken over. */
  | { readonly kind: "stranger" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export function standingForSettle(view: EntryView, token: LeaseToken | undefined, paymentId: string): SettleStanding {
  const ownsEntry = token !== undefined && view.token === token && view.paymentId === paymentId;
  if (view.state === "redeemed") {
    const answer = ownsEntry ? readStoredSuccess(view.result) : undefined;
    if (answer !== undefined) return { kind: "repeat", answer };
    return { kind: "refused", refusal: refuse("duplicate_block_hash") };
  }
  if (ownsEntry) return { kind: "owner", broadcasting: view.state === "broadcasting" };
  // A journalled block with an open lease is another settle's, which nobody takes over.
  const takeable = token === undefined && view.paymentId === paymentId && view.state === "reserved";
  if (view.leaseOpen && !takeable) return { kind: "refused", refusal: refuse("payment_in_progress") };
  return { kind: "stranger" };
}

/** Row 11 and the repetition of rows 7 and 8, as the atomic step found them. */
export function refuseClaim(result: Exclude<LeaseResult, { outcome: "claimed" }>): Refusal {
  switch (result.outcome) {
    case "redeemed":
      return refuse("duplicate_block_hash");
    case "in_progress":
      return refuse("payment_in_progress");
    case "previous_taken":
      return refuse("duplicate_frontier");
    case "landed":
      return refuse("block_already_landed");
  }
}

/** A duplicate names the hash, for the payer's information only: it is never a reason to serve (SPEC 6). */
export function withHash<Refused extends Refusal>(refusal: Refused, hash: BlockHash): Refused & { hash?: BlockHash } {
  return refusal.reason === "duplicate_block_hash" ? { ...refusal, hash } : refusal;
}

export function readStoredSuccess(result: string | undefined): SettleAnswer | undefined {
  if (result === undefined) return undefined;
  const stored = storedSuccessSchema.safeParse(parseJson(result));
  if (!stored.success) return undefined;
  const { txHash, ...answer } = stored.data;
  return txHash === undefined ? answer : { ...answer, txHash };
}

function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
