import type { PaymentExecer, PaymentHandler, RequestContext } from "@faremeter/types/client";
import type { x402PaymentRequirements } from "@faremeter/types/x402v2";
import { listenToFetch } from "#fetch-traffic";
import { NanoError } from "../../errors/index.js";
import { parseAddress } from "../../nano/index.js";
import { type Requirements, requirementsSchema, type Track, trackOfOffer } from "../../protocol/index.js";
import { chooseEntries, type Purse, paysFor, type UnspentPayment } from "../../purse/index.js";
import { createPresentations } from "./presentations.js";
import { watchFetch } from "./watch-fetch.js";

export interface FaremeterClientOptions {
  /** Which of a seller's two Nano entries to pay where it offers both; default: whichever it lists first. */
  readonly prefer?: Track | undefined;
  /** Told once if the outcome of payments cannot be heard. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  /** Injected in tests. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

/** One of the `handlers` that Faremeter's `wrap` takes. */
export interface NanoPaymentHandler extends PaymentHandler {
  /**
   * The same `fetch`, of which the handler hears. Node's own and undici's are heard without it; any other, in a browser
   * too, is to be handed to `wrap` through it: a payment whose outcome is unknown is never replaced by another one. So
   * is one that repeats requests by itself, because only its last answer counts.
   */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
}

/**
 * Pays from the purse, within its limits, once per purchase: what was paid and not served is presented again, under the
 * fresh challenge, however often the client asks. A purchase is told by payTo, price and URL; where a seller that has
 * just refused a payment asks another price for the same URL, the next 30 s bring `payment_unresolved`.
 */
export function createPaymentHandler(purse: Purse, options: FaremeterClientOptions = {}): NanoPaymentHandler {
  const { prefer, onWarning = console.warn, clock = Date.now } = options;
  const presentations = createPresentations({
    purse,
    listen: listenToFetch,
    warn: onWarning,
    clock,
    sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
  });
  const pay = async (entry: x402PaymentRequirements, resource: string): Promise<{ payload: object }> => {
    const offer = requirementsSchema.safeParse(entry).data;
    const refused = presentations.refusedLately(resource);
    assertNoOtherPrice(
      offer,
      purse.unspent().filter(({ hash }) => refused.has(hash)),
    );
    const proof = await purse.payOffer(entry, { resource });
    presentations.expect(proof, resource);
    return { payload: { ...proof.payload, ...challengeOf(offer, proof.track) } };
  };
  const handler = async ({ request }: RequestContext, accepts: x402PaymentRequirements[]): Promise<PaymentExecer[]> => {
    const resource = urlOf(request);
    await presentations.review(resource);
    // Faremeter echoes `requirements` as what was accepted, so it is the seller's very object.
    return chooseEntries(accepts, { purse, prefer }).chosen.map((entry) => ({
      requirements: entry,
      exec: () => pay(entry, resource),
    }));
  };
  return Object.assign(handler, {
    watch: (fetch: typeof globalThis.fetch) => watchFetch(fetch, presentations.listener),
  });
}

/**
 * The client asks again by itself after a refusal. A seller whose price or account changes meanwhile would be paid at
 * each of its retries, for one purchase. What is no offer is for the purse to refuse.
 */
function assertNoOtherPrice(offer: Requirements | undefined, refused: readonly UnspentPayment[]): void {
  const [first] = refused;
  if (offer === undefined || first === undefined || refused.some((payment) => isPaidBy(offer, payment))) return;
  throw new NanoError("payment_unresolved", {
    hash: first.hash,
    amountRaw: first.amountRaw.toString(),
    why: "it was refused moments ago, and the seller asks for something else now; write it off to pay that",
  });
}

function isPaidBy(offer: Requirements, payment: UnspentPayment): boolean {
  const { resource } = payment;
  const asked = { track: trackOfOffer(offer), payTo: offer.payTo, amountRaw: offer.amount, resource };
  return paysFor({ ...payment, payTo: parseAddress(payment.payTo) }, asked);
}

/** Over x402 v1 the entry gets lost on the way, and the handler cannot tell the version: the payload says it too. */
function challengeOf(offer: Requirements | undefined, track: Track): { nonce?: string; validBefore?: number } {
  if (track !== "nanoSignature" || offer === undefined) return {};
  const { nonce, validBefore } = offer.extra;
  return { ...(nonce === undefined ? {} : { nonce }), ...(validBefore === undefined ? {} : { validBefore }) };
}

/** As it is sent: without the fragment, and the same for every way to write it. */
function urlOf(request: RequestInfo | URL): string {
  const text = typeof request === "string" ? request : "url" in request ? request.url : request.href;
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.hash = "";
  return url.href;
}
