import type { PaymentPolicy, SpendControlAsset, x402Client } from "@x402/core/client";
import { parseAmount } from "../../nano/index.js";
import { ASSET, NETWORK, type Track } from "../../protocol/index.js";
import { chooseEntries, type Purse } from "../../purse/index.js";
import { ExactNanoScheme } from "./client.js";

export interface ExactNanoClientOptions {
  readonly purse: Purse;
  /** Which of a seller's two Nano entries to pay where it offers both; default: whichever it lists first. */
  readonly prefer?: Track | undefined;
}

/**
 * Registers the scheme, and a policy that picks among a seller's Nano entries. Spend controls stay the user's: setting
 * them would replace what was set before, which cannot be read back.
 */
export function registerExactNanoScheme(client: x402Client, options: ExactNanoClientOptions): x402Client {
  return client.register(NETWORK, new ExactNanoScheme(options.purse)).registerPolicy(createNanoPolicy(options));
}

/** An entry for `allowedAssets` of the host's spend controls, for payments above the 1 XNO that they allow. */
export function nanoSpendControl(options: { readonly maxAmountPerPayment: string | bigint }): SpendControlAsset {
  const { maxAmountPerPayment } = options;
  const raw = typeof maxAmountPerPayment === "bigint" ? maxAmountPerPayment : parseAmount(maxAmountPerPayment);
  return { network: NETWORK, asset: ASSET, maxAmountPerPayment: raw.toString() };
}

/** Leaves entries of other schemes and networks alone, and picks among the Nano entries as the purse says. */
function createNanoPolicy(options: ExactNanoClientOptions): PaymentPolicy {
  return (_version, entries) => {
    const { dropped } = chooseEntries(entries, options);
    return entries.filter((entry) => !dropped.has(entry));
  };
}
