import type { ResourcePricing } from "@faremeter/types/pricing";
import type { x402PaymentRequirements } from "@faremeter/types/x402";
import { NanoError } from "../../errors/index.js";
import { addressOf, parseAddress, parseAmount, parseRaw } from "../../nano/index.js";
import { ASSET, DEFAULT_TIMEOUT_SECONDS, NETWORK, SCHEME, trackBAmount } from "../../protocol/index.js";

export interface NanoPricingOptions {
  /** The receiving account. It should serve x402 alone (SPEC 3). */
  readonly payTo: string;
  /** `"0.001 XNO"`, `"1000 raw"`, raw as bigint or as digits: a multiple of 10 raw. */
  readonly amount: string | bigint;
  /** Faremeter puts it into a header with `btoa`, so it must be Latin-1: no "Ӿ". */
  readonly description?: string | undefined;
}

export interface NanoExactOptions extends NanoPricingOptions {
  /**
   * How long a buyer has. Default 60 s. Faremeter hands out an offer again for up to 30 s while its cache of `/accepts`
   * is on: with less than that buyers would get expired ones.
   */
  readonly maxTimeoutSeconds?: number | undefined;
}

/** An entry for Faremeter's `accepts`, beside a `facilitatorURL`. */
export type NanoExactEntry = Pick<
  x402PaymentRequirements,
  "scheme" | "network" | "asset" | "payTo" | "maxAmountRequired" | "maxTimeoutSeconds"
> & { description?: string };

const RAW_DIGITS = /^[0-9]+$/;
const LATIN_1 = /^[\u0020-\u007e\u00a0-\u00ff]*$/;

/**
 * For `accepts` of a server whose facilitator is remote, which offers both tracks for it. Throws `invalid_address`,
 * `invalid_price` and `invalid_configuration` when the server starts, not when the first buyer comes.
 */
export function nanoExact(options: NanoExactOptions): NanoExactEntry {
  const { maxTimeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options;
  if (!Number.isSafeInteger(maxTimeoutSeconds) || maxTimeoutSeconds <= 0) {
    throw new NanoError("invalid_configuration", {
      setting: "maxTimeoutSeconds",
      accepted: "whole seconds, at least 1",
    });
  }
  const { recipient, amount, ...rest } = nanoPricing(options);
  return { scheme: SCHEME, ...rest, payTo: recipient, maxAmountRequired: amount, maxTimeoutSeconds };
}

/** For `pricing` of a server that settles in its own process; its handler offers both tracks for it. Throws alike. */
export function nanoPricing({ payTo, amount, description }: NanoPricingOptions): ResourcePricing {
  if (description !== undefined && !LATIN_1.test(description)) {
    throw new NanoError("invalid_configuration", { setting: "description", accepted: "Latin-1, for a header" });
  }
  return {
    network: NETWORK,
    asset: ASSET,
    recipient: addressOf(parseAddress(payTo)),
    amount: trackBAmount(amountInRaw(amount)).toString(),
    ...(description === undefined ? {} : { description }),
  };
}

function amountInRaw(amount: string | bigint): bigint {
  if (typeof amount === "bigint") return amount;
  try {
    return RAW_DIGITS.test(amount) ? parseRaw(amount) : parseAmount(amount);
  } catch (error) {
    throw new NanoError("invalid_price", { accepted: '"0.001 XNO", "1000 raw" or raw digits' }, error);
  }
}
