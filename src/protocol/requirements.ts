import { z } from "zod";
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
export type Accepted = z.output<typeof acceptedSchema>;
