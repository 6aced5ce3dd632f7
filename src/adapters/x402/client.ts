import type {
  DefaultAsset,
  PaymentPayloadContext,
  PaymentPayloadResult,
  PaymentRequirements,
  SchemeClientHooks,
  SchemeNetworkClient,
} from "@x402/core/types";
import { z } from "zod";
import { NanoError } from "../../errors/index.js";
import { XNO_DECIMALS } from "../../nano/index.js";
import { ASSET, NETWORK, SCHEME, X402_VERSION } from "../../protocol/index.js";
import type { Purse } from "../../purse/index.js";
import { type ResponseContext, readOutcome } from "./client-outcome.js";

/** The host types it as always there, but it is the seller who sends it. */
const resourceSchema = z.object({ resource: z.object({ url: z.string() }) });

/**
 * Scheme `exact` on `nano:mainnet` for a stock `x402Client`. The purse pays, remembers and limits; this only carries
 * over what the host tells: which URL is bought, and what became of a payment.
 */
export class ExactNanoScheme implements SchemeNetworkClient {
  readonly scheme = SCHEME;
  readonly schemeHooks: SchemeClientHooks;
  readonly #purse: Purse;
  /** By the requirements object: the host hands the hook and the scheme the very same one. */
  readonly #resources = new WeakMap<object, string>();
  readonly #presented = new WeakMap<object, string>();

  constructor(purse: Purse) {
    this.#purse = purse;
    // Hooks are called without `this`. What one of them throws would take the response from the buyer.
    this.schemeHooks = {
      onBeforePaymentCreation: async ({ paymentRequired, selectedRequirements }) => {
        const read = resourceSchema.safeParse(paymentRequired);
        if (read.success) this.#resources.set(selectedRequirements, read.data.resource.url);
      },
      onPaymentCreationFailure: async ({ selectedRequirements }) => {
        await this.#withdraw(selectedRequirements, "not_sent");
      },
      onPaymentResponse: async (context) => {
        await this.#report(context);
      },
    };
  }

  /** Without it the host's default spend controls refuse XNO; with it their "$1" reads as 1 XNO. */
  findDefaultAsset(asset: string, network: string): DefaultAsset | undefined {
    return network === NETWORK && asset === ASSET ? { asset: ASSET, decimals: XNO_DECIMALS, symbol: ASSET } : undefined;
  }

  async createPaymentPayload(
    x402Version: number,
    paymentRequirements: PaymentRequirements,
    context?: PaymentPayloadContext,
  ): Promise<PaymentPayloadResult> {
    if (x402Version !== X402_VERSION) {
      throw new NanoError("invalid_requirements", { why: "only x402 version 2 is paid here", seen: x402Version });
    }
    // The same 402 a second time: a hook asked the host to try again, so the first attempt is over.
    await this.#withdraw(paymentRequirements, "retried");
    const { hash, payload } = await this.#purse.payOffer(paymentRequirements, {
      resource: this.#resources.get(paymentRequirements),
      maxAmountRaw: readCap(context?.maxAmountPerPayment),
    });
    this.#presented.set(paymentRequirements, hash);
    return { x402Version, payload: { ...payload } };
  }

  async #withdraw(requirements: object, reason: string): Promise<void> {
    const hash = this.#presented.get(requirements);
    if (hash === undefined) return;
    this.#presented.delete(requirements);
    await this.#purse.report(hash, { isServed: false, reason }).catch(() => undefined);
  }

  async #report(context: ResponseContext): Promise<void> {
    const read = readOutcome(context);
    if (read === undefined) return;
    this.#presented.delete(context.requirements);
    await this.#purse.report(read.hash, read.outcome).catch(() => undefined);
  }
}

/** The host scales its own caps, so one can exceed the supply: that is no cap, and no error. */
function readCap(cap: string | undefined): bigint | undefined {
  if (cap === undefined) return undefined;
  if (/^[0-9]{1,80}$/.test(cap)) return BigInt(cap);
  throw new NanoError("invalid_configuration", { setting: "maxAmountPerPayment", accepted: "raw, in decimal digits" });
}
