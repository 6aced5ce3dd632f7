import type { PaymentPolicy, SpendControlAsset, x402Client } from "@x402/core/client";
import type { PaymentRequirements } from "@x402/core/types";
import { parseAmount } from "../../nano/index.js";
import { ASSET, NETWORK, requirementsSchema, SCHEME, type Track, trackOfOffer } from "../../protocol/index.js";
import type { Purse } from "../../purse/index.js";
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

interface NanoEntry {
  readonly entry: PaymentRequirements;
  readonly payTo: string;
  readonly track: Track;
  readonly needsProofOfPayer: boolean;
}

/**
 * Leaves entries of other schemes and networks alone. Among the Nano entries for one account: those of Track B where an
 * earlier payment can only be claimed that way, else those of the preferred track. The last entry is never dropped.
 */
function createNanoPolicy({ purse, prefer }: ExactNanoClientOptions): PaymentPolicy {
  return (_version, entries) => {
    const nanoEntries = entries.flatMap((entry) => readNanoEntry(entry, purse));
    const dropped = new Set<PaymentRequirements>();
    for (const { entry, payTo, track } of nanoEntries) {
      const siblings = nanoEntries.filter((other) => other.payTo === payTo);
      const wanted = siblings.some((other) => other.needsProofOfPayer) ? "nanoSignature" : prefer;
      const isOffered = siblings.some((other) => other.track === wanted);
      if (wanted !== undefined && isOffered && track !== wanted) dropped.add(entry);
    }
    return entries.filter((entry) => !dropped.has(entry));
  };
}

function readNanoEntry(entry: PaymentRequirements, purse: Purse): NanoEntry[] {
  if (entry.network !== NETWORK || entry.scheme !== SCHEME) return [];
  const read = requirementsSchema.safeParse(entry);
  if (!read.success) return [];
  const { payTo } = read.data;
  return [{ entry, payTo, track: trackOfOffer(read.data), needsProofOfPayer: purse.needsProofOfPayer(entry) }];
}
