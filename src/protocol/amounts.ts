import { NanoError } from "../errors/index.js";
import { MAX_RAW } from "../nano/index.js";
import type { Track } from "./constants.js";

/**
 * Track A costs one raw more (SPEC 3): a stranger who sees a Track B block in the gossip could hand the same nine keys
 * in as Track A, whose amount is exact. So Track B amounts are multiples of ten raw and Track A asks for one more.
 */
const TRACK_STEP = 10n;

export function isTrackBAmount(raw: bigint): boolean {
  return raw % TRACK_STEP === 0n;
}

/**
 * The amount of a Track A entry: a multiple of 10 gets 1 added, any other is served as its seller asks. Throws
 * `invalid_price` for zero: one raw instead would give the resource away.
 */
export function trackAAmount(raw: bigint): bigint {
  refuseUnpayable(raw);
  return isTrackBAmount(raw) ? raw + 1n : raw;
}

/** Throws `invalid_price` for what Track B cannot ask: zero, or anything that is no multiple of 10 raw. */
export function trackBAmount(raw: bigint): bigint {
  refuseUnpayable(raw);
  if (!isTrackBAmount(raw)) {
    throw new NanoError("invalid_price", {
      why: "a nanoSignature amount must be a multiple of 10 raw",
      seen: `${raw} raw`,
    });
  }
  return raw;
}

/**
 * What `track` has to pay under requirements that name `method` (or none). Faremeter hands over its first entry for
 * both tracks, so the other track's amount is found from it. The result can be no amount at all (0 for Track B under a
 * Track A entry of 1 raw, 2^128 at the other end): no `accepted` can name it, so such a payment is refused as a mismatch.
 */
export function amountFor(track: Track, method: Track | undefined, raw: bigint): bigint {
  if (method === undefined || method === track) return raw;
  if (track === "nanoTxn") return raw + 1n;
  return raw % TRACK_STEP === 1n ? raw - 1n : raw;
}

function refuseUnpayable(raw: bigint): void {
  if (raw <= 0n) throw new NanoError("invalid_price", { why: "the price must be more than zero" });
  if (raw > MAX_RAW) throw new NanoError("invalid_price", { why: "more than exists" });
}
