import { z } from "zod";
import { addressOf, type BlockHash, type PublicKey } from "../nano/index.js";
import { NETWORK } from "./constants.js";
import { type Reason, upperCaseReason } from "./reasons.js";

/** `POST /verify` answers (SPEC 7). `extra.lease` is for the resource server alone. */
export interface VerifyAnswer {
  readonly isValid: boolean;
  readonly invalidReason?: Reason;
  readonly invalidMessage?: string;
  readonly payer?: string;
  readonly extra?: { readonly lease: string };
  /** The reason in UPPER_CASE, for clients written from the x402.Nano text. */
  readonly error?: string;
}

/** `POST /settle` answers; the stock server sends them on to the buyer, so a lease never stands in one (R3). */
export interface SettleAnswer {
  readonly success: boolean;
  /** The block hash in upper case, as explorers print it; empty where no block is meant. */
  readonly transaction: string;
  readonly network: typeof NETWORK;
  readonly payer?: string;
  readonly errorReason?: Reason;
  readonly errorMessage?: string;
  readonly error?: string;
  /** Track B successes carry the hash under this name as well (SPEC 7). */
  readonly txHash?: string;
}

export function transactionOf(hash: BlockHash): string {
  return hash.toUpperCase();
}

export function verifySuccess(payer: PublicKey, lease: string): VerifyAnswer {
  return { isValid: true, payer: addressOf(payer), extra: { lease } };
}

export function verifyFailure(refusal: { reason: Reason; message: string }, payer?: PublicKey): VerifyAnswer {
  return {
    isValid: false,
    invalidReason: refusal.reason,
    invalidMessage: refusal.message,
    error: upperCaseReason(refusal.reason),
    ...(payer === undefined ? {} : { payer: addressOf(payer) }),
  };
}

export function settleSuccess(hash: BlockHash, payer: PublicKey, track: "nanoTxn" | "nanoSignature"): SettleAnswer {
  const transaction = transactionOf(hash);
  const common = { success: true, transaction, network: NETWORK, payer: addressOf(payer) } as const;
  return track === "nanoSignature" ? { ...common, txHash: transaction } : common;
}

/** `hash` is given for outcomes that name a block: pending (present it again) and duplicate (for information). */
export function settleFailure(
  refusal: { reason: Reason; message: string },
  named: { payer?: PublicKey | undefined; hash?: BlockHash | undefined } = {},
): SettleAnswer {
  return {
    success: false,
    transaction: named.hash === undefined ? "" : transactionOf(named.hash),
    network: NETWORK,
    errorReason: refusal.reason,
    errorMessage: refusal.message,
    error: upperCaseReason(refusal.reason),
    ...(named.payer === undefined ? {} : { payer: addressOf(named.payer) }),
  };
}

/** A verdict as the resource server reads it: any facilitator's, so a lease may be missing. */
export const verifyResponseSchema = z.looseObject({
  isValid: z.boolean(),
  extra: z.looseObject({ lease: z.string().optional() }).nullish(),
});

/**
 * A settlement as the buyer reads it from `PAYMENT-RESPONSE`: any facilitator's, so only what is needed is required.
 * Some write `null` for what they leave out; a success must not be lost on that, its payment would be presented again.
 */
export const settleResponseSchema = z.looseObject({
  success: z.boolean(),
  transaction: z.string().nullish(),
  network: z.string().nullish(),
  payer: z.string().nullish(),
  errorReason: z.string().nullish(),
});
export type SettleResponse = z.output<typeof settleResponseSchema>;

/** A stored success, read back from a store. */
export const storedSuccessSchema = z.object({
  success: z.literal(true),
  transaction: z.string(),
  network: z.literal(NETWORK),
  payer: z.string(),
  txHash: z.string().optional(),
});

export const releaseAnswerSchema = z.object({ released: z.boolean() });
