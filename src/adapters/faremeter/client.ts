import type { PaymentExecer, PaymentHandler, RequestContext } from "@faremeter/types/client";
import type { x402PaymentRequirements } from "@faremeter/types/x402v2";
import { listenToFetch } from "#fetch-traffic";
import { requirementsSchema, type Track } from "../../protocol/index.js";
import { chooseEntries, type Purse } from "../../purse/index.js";
import { createPresentations } from "./presentations.js";
import { watchFetch } from "./watch-fetch.js";

export interface FaremeterClientOptions {
  /** Which of a seller's two Nano entries to pay where it offers both; default: whichever it lists first. */
  readonly prefer?: Track | undefined;
  /** Told once if the outcome of payments cannot be heard. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Injected in tests. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

/** One of the `handlers` that Faremeter's `wrap` takes. */
export interface NanoPaymentHandler extends PaymentHandler {
  /**
   * The same `fetch`, of which the handler hears. Node's own and undici's are heard without it; any other, in a browser
   * too, is to be handed to `wrap` through it: a payment whose outcome is unknown is never replaced by another one.
   */
  watch(fetch: typeof globalThis.fetch): typeof globalThis.fetch;
}

/**
 * Pays from the purse, within its limits, once per purchase: what was paid and not served is presented again, under the
 * fresh challenge, however often the client asks. A purchase is told by payTo, price and URL.
 */
export function createPaymentHandler(purse: Purse, options: FaremeterClientOptions = {}): NanoPaymentHandler {
  const { prefer, onWarning = console.warn } = options;
  const presentations = createPresentations({
    purse,
    listen: listenToFetch,
    warn: onWarning,
    sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
  });
  const pay = async (entry: x402PaymentRequirements, resource: string): Promise<{ payload: object }> => {
    const proof = await purse.payOffer(entry, { resource });
    presentations.expect(proof, resource);
    return { payload: { ...proof.payload, ...challengeOf(entry, proof.track) } };
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

/** Over x402 v1 the entry gets lost on the way, and the handler cannot tell the version: the payload says it too. */
function challengeOf(entry: x402PaymentRequirements, track: Track): { nonce?: string; validBefore?: number } {
  const read = requirementsSchema.safeParse(entry);
  if (track !== "nanoSignature" || !read.success) return {};
  const { nonce, validBefore } = read.data.extra;
  return { ...(nonce === undefined ? {} : { nonce }), ...(validBefore === undefined ? {} : { validBefore }) };
}

function urlOf(request: RequestInfo | URL): string {
  return typeof request === "string" ? request : "url" in request ? request.url : request.href;
}
