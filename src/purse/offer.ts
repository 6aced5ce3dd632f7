import { NanoError } from "../errors/index.js";
import type { PublicKey } from "../nano/index.js";
import { ASSET, amountFor, NETWORK, requirementsSchema, SCHEME, type Track, trackOfOffer } from "../protocol/index.js";
import { hostOf } from "./limits/index.js";

/** What the purse is asked to pay: one entry of `accepts`, read. */
export type Offer = NanoTxnOffer | NanoSignatureOffer;

interface OfferBase {
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
  /** What counts against the limits: without the one raw by which Track A is told apart (SPEC 3). */
  readonly priceRaw: bigint;
  /** The URL that is bought, as the 402 names it; undefined where the caller does not know it. */
  readonly resource: string | undefined;
  /** Of the resource, for limits and lists; undefined where there is none that they could know. */
  readonly host: string | undefined;
  /** A limit for this payment by the host, where there is one. */
  readonly capRaw: bigint | undefined;
  readonly maxTimeoutSeconds: number;
  /** After this nothing is signed for the offer. */
  readonly untilMs: number;
}

export interface NanoTxnOffer extends OfferBase {
  readonly track: "nanoTxn";
}

export interface NanoSignatureOffer extends OfferBase {
  readonly track: "nanoSignature";
  readonly challenge: { readonly nonce: string; readonly validBefore: number };
}

export interface OfferContext {
  readonly resource?: string | undefined;
  readonly maxAmountRaw?: bigint | undefined;
}

/** Throws `invalid_requirements` for what cannot be paid here and `deadline_exceeded` for what has expired. */
export function readOffer(requirements: unknown, context: OfferContext, nowMs: number): Offer {
  const read = requirementsSchema.safeParse(requirements);
  if (!read.success) throw unusable(`not usable at ${read.error.issues[0]?.path.map(String).join(".") ?? "the top"}`);
  const { scheme, network, asset, amount, payTo, maxTimeoutSeconds, extra } = read.data;
  if (scheme !== SCHEME || network !== NETWORK || asset !== ASSET) {
    throw unusable(`only scheme ${SCHEME} with ${ASSET} on ${NETWORK} is paid here`);
  }
  const { nonce, validBefore } = extra;
  const track = trackOfOffer(read.data);
  const common = {
    payTo,
    amountRaw: amount,
    priceRaw: amountFor("nanoSignature", track, amount),
    resource: context.resource,
    host: hostOf(context.resource),
    capRaw: context.maxAmountRaw,
    maxTimeoutSeconds,
    untilMs: endOf(validBefore, maxTimeoutSeconds, nowMs),
  };
  if (track === "nanoTxn") return { ...common, track };
  if (nonce === undefined || validBefore === undefined)
    throw unusable("a nanoSignature offer needs nonce and validBefore");
  return { ...common, track, challenge: { nonce, validBefore } };
}

/** What tells one purchase from another, whichever of the two tracks pays it: Track A costs one raw more (SPEC 3). */
export function purchaseKey(offer: PurchaseTerms): string {
  const amountRaw = amountFor("nanoSignature", offer.track, offer.amountRaw);
  return `${offer.payTo} ${amountRaw} ${offer.resource ?? ""}`;
}

/**
 * Whether a payment that was made for one purchase is good for another. One key can stand for two Track A amounts, a
 * multiple of ten and one more; such a block pays only its own.
 */
export function paysFor(paid: PurchaseTerms, offer: PurchaseTerms): boolean {
  const isBlockForBlock = paid.track === "nanoTxn" && offer.track === "nanoTxn";
  return purchaseKey(paid) === purchaseKey(offer) && (!isBlockForBlock || paid.amountRaw === offer.amountRaw);
}

export interface PurchaseTerms {
  readonly track: Track;
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
  readonly resource: string | undefined;
}

/** The seller's clock says when it ends; a duration bounds what a wrong clock would make of that. */
function endOf(validBefore: number | undefined, maxTimeoutSeconds: number, nowMs: number): number {
  const byDuration = nowMs + maxTimeoutSeconds * 1000;
  if (validBefore === undefined) return byDuration;
  if (validBefore * 1000 <= nowMs) {
    throw new NanoError("deadline_exceeded", {
      why: "the offer has expired, by this clock",
      validBefore,
      nowSeconds: Math.floor(nowMs / 1000),
    });
  }
  return Math.min(byDuration, validBefore * 1000);
}

function unusable(why: string): NanoError<"invalid_requirements"> {
  return new NanoError("invalid_requirements", { why });
}
