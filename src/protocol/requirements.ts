import { z } from "zod";
import { ASSET, SCHEME } from "./constants.js";
import { addressField, amountField, nonceField, timeField, trackField } from "./fields.js";

const extraSchema = z.looseObject({
  assetTransferMethod: trackField.optional(),
  nonce: nonceField.optional(),
  validBefore: timeField.optional(),
  /** Seller-attached work (SPEC 8): a hint to clients. An unknown word must not refuse those who have paid already. */
  work: z.enum(["optional", "required"]).optional().catch(undefined),
});

/** One entry of `accepts`, as the seller states it. Scheme, network and asset are judged later, by their own reasons. */
export const requirementsSchema = z.object({
  scheme: z.string(),
  network: z.string(),
  asset: z.string(),
  amount: amountField,
  payTo: addressField,
  maxTimeoutSeconds: z.number().int().positive(),
  extra: extraSchema.nullish().transform((extra) => extra ?? {}),
});

/** An entry as a seller configures it for Faremeter: whatever it leaves out is filled in before a client sees it. */
export const sellerEntrySchema = z.object({
  amount: amountField,
  payTo: addressField.optional(),
  /** Faremeter's own skeletons say 0 for a time that nobody chose. */
  maxTimeoutSeconds: z.number().int().nonnegative().optional(),
  extra: extraSchema.nullish().transform((extra) => extra ?? {}),
});

/** What an entry is for, where it says so. */
export const entryKindSchema = z.object({
  scheme: z.string().default(SCHEME),
  network: z.string(),
  asset: z.string().default(ASSET),
});

/** The entry as the client echoes it: the client's word, compared with the requirements and never trusted alone. */
export const acceptedSchema = z.object({
  scheme: z.string(),
  network: z.string(),
  asset: z.string(),
  amount: amountField,
  payTo: addressField,
  extra: extraSchema.nullish().transform((extra) => extra ?? {}),
});

export type Requirements = z.output<typeof requirementsSchema>;
export type SellerEntry = z.output<typeof sellerEntrySchema>;
export type Accepted = z.output<typeof acceptedSchema>;
