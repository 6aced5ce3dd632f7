import { NanoError } from "../errors/index.js";
import { addressOf, bytesToHex, type PublicKey } from "../nano/index.js";
import {
  ASSET,
  entryKindSchema,
  NETWORK,
  SCHEME,
  type SellerEntry,
  sellerEntrySchema,
  type Track,
  trackAAmount,
  trackBAmount,
} from "../protocol/index.js";
import type { FacilitatorSettings } from "./options.js";

/** One entry of a 402's `accepts`, complete: what a client can pay. */
export interface OfferedEntry {
  readonly scheme: typeof SCHEME;
  readonly network: typeof NETWORK;
  readonly asset: typeof ASSET;
  /** Raw. Track A asks for one raw more than Track B. */
  readonly amount: string;
  readonly payTo: string;
  readonly maxTimeoutSeconds: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

const NONCE_BYTES = 32;

/** Other schemes, networks and assets are for others to offer; a scheme or asset that is left out means ours. */
export function isOurEntry(entry: unknown): boolean {
  const kind = entryKindSchema.safeParse(entry);
  if (!kind.success) return false;
  const { scheme, network, asset } = kind.data;
  return scheme === SCHEME && network === NETWORK && asset === ASSET;
}

/**
 * A seller's entry → what its buyers are offered: both tracks where it names none, Track A first, each with a challenge
 * that is issued now. `work` goes into Track A's. Asks nobody. Throws `invalid_requirements` and `invalid_price`.
 */
export function offerEntry(
  entry: unknown,
  work: Readonly<Record<string, string>>,
  settings: FacilitatorSettings,
): OfferedEntry[] {
  const parsed = sellerEntrySchema.safeParse(entry);
  if (!parsed.success) {
    throw new NanoError("invalid_requirements", { field: parsed.error.issues[0]?.path.join(".") ?? "" });
  }
  const seller = parsed.data;
  const extra = Object.fromEntries(Object.entries(seller.extra).filter(([key]) => key !== "nonce"));
  const maxTimeoutSeconds = seller.maxTimeoutSeconds || settings.maxTimeoutSeconds;
  const payTo = receiverOf(seller, settings);
  const validBefore = Math.floor(settings.clock() / 1000) + maxTimeoutSeconds;
  // Later than that, no client could write the time down.
  if (!Number.isSafeInteger(validBefore)) throw new NanoError("invalid_requirements", { field: "maxTimeoutSeconds" });
  const common = {
    scheme: SCHEME,
    network: NETWORK,
    asset: ASSET,
    payTo: addressOf(payTo),
    maxTimeoutSeconds,
  } as const;
  return tracksOf(seller).map((assetTransferMethod) => {
    if (assetTransferMethod === "nanoTxn") {
      const amount = trackAAmount(seller.amount).toString();
      return { ...common, amount, extra: { ...extra, ...work, assetTransferMethod, validBefore } };
    }
    const amountRaw = trackBAmount(seller.amount);
    const nonce = issueNonce({ payTo, amountRaw, validBefore }, settings);
    return { ...common, amount: amountRaw.toString(), extra: { ...extra, assetTransferMethod, nonce, validBefore } };
  });
}

/** An entry that brings a nonce along speaks of Track B, as it does for clients (SPEC 3). */
function tracksOf({ extra }: SellerEntry): readonly Track[] {
  const named = extra.assetTransferMethod ?? (extra.nonce === undefined ? undefined : "nanoSignature");
  return named === undefined ? ["nanoTxn", "nanoSignature"] : [named];
}

/** Without the secret nobody can tell later who issued it, so any will do (SPEC 5). */
function issueNonce(
  terms: { readonly payTo: PublicKey; readonly amountRaw: bigint; readonly validBefore: number },
  { authority, randomBytes }: FacilitatorSettings,
): string {
  return authority?.issueNonce(terms) ?? bytesToHex(randomBytes(NONCE_BYTES));
}

function receiverOf({ payTo }: SellerEntry, { receivers }: FacilitatorSettings): PublicKey {
  const receiver = payTo ?? receivers?.[0];
  if (receiver === undefined) throw new NanoError("invalid_requirements", { field: "payTo" });
  if (receivers?.includes(receiver) === false) {
    throw new NanoError("invalid_requirements", { field: "payTo", why: "this facilitator does not serve it" });
  }
  return receiver;
}
