import type { AssetAmount, Network, Price } from "@x402/core/types";
import { NanoError } from "../../errors/index.js";
import { addressOf, parseAddress } from "../../nano/index.js";
import {
  ASSET,
  DEFAULT_TIMEOUT_SECONDS,
  NETWORK,
  SCHEME,
  type Track,
  trackAAmount,
  trackBAmount,
} from "../../protocol/index.js";
import { priceInRaw } from "./price.js";

export interface NanoAcceptsOptions {
  /** The receiving account. It should serve x402 alone (SPEC 3). */
  readonly payTo: string;
  /** `"0.001 XNO"`, raw as bigint, `{asset: "XNO", amount: "<raw>"}`; other money needs a registered money parser. */
  readonly price: Price | bigint;
  /** How long a buyer has, and how long the handler may take. Default 60 s. */
  readonly maxTimeoutSeconds?: number;
  /** "authorization": verify, handler, settle (default). "upfront": settle before the handler runs. */
  readonly paymentFlow?: "authorization" | "upfront";
}

/** An entry for a route's `accepts`, in the shape of the stock `PaymentOption`. */
export interface NanoPaymentOption {
  scheme: typeof SCHEME;
  network: Network;
  payTo: string;
  price: Price;
  maxTimeoutSeconds: number;
  extra: Record<string, unknown>;
}

/**
 * Both tracks of one price, side by side: Track A asks for one raw more (SPEC 3). Throws `invalid_address`,
 * `invalid_price` and `invalid_configuration` when the server starts, not when the first buyer comes.
 */
export function nanoAccepts(options: NanoAcceptsOptions): [NanoPaymentOption, NanoPaymentOption] {
  const { price, maxTimeoutSeconds = DEFAULT_TIMEOUT_SECONDS, paymentFlow } = options;
  if (!Number.isInteger(maxTimeoutSeconds) || maxTimeoutSeconds <= 0) {
    throw new NanoError("invalid_configuration", {
      setting: "maxTimeoutSeconds",
      accepted: "whole seconds, at least 1",
    });
  }
  const raw = priceInRaw(price);
  const base = raw === undefined ? undefined : trackBAmount(raw);
  const entry = (track: Track, amount: bigint | undefined): NanoPaymentOption => ({
    scheme: SCHEME,
    network: NETWORK,
    payTo: addressOf(parseAddress(options.payTo)),
    price: amount === undefined ? moneyOf(price) : { asset: ASSET, amount: amount.toString() },
    maxTimeoutSeconds,
    extra: { assetTransferMethod: track, ...(paymentFlow === "upfront" ? { paymentFlow } : {}) },
  });
  return [entry("nanoTxn", base === undefined ? undefined : trackAAmount(base)), entry("nanoSignature", base)];
}

/** Money without a unit is passed on; the scheme's registered parsers turn it into XNO when a request comes. */
function moneyOf(price: Price | bigint): string | number | AssetAmount {
  return typeof price === "bigint" ? price.toString() : price;
}
