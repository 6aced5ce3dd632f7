import { z } from "zod";
import { type BlockHash, MAX_RAW, type PublicKey, parseAddress, parseBlockHash } from "../nano/index.js";
import { TRACKS } from "./constants.js";

/** The small pieces that every schema is made of. Each gives a trusted form: brands, bigint, lower case. */

const RAW_DIGITS = /^(?:0|[1-9][0-9]{0,38})$/;

const rawDigits = z
  .string()
  .regex(RAW_DIGITS)
  .transform((digits) => BigInt(digits));

/** `1 … 2^128-1` raw in base 10. */
export const amountField = rawDigits.refine((raw) => raw > 0n && raw <= MAX_RAW);

/** `0 … 2^128-1` raw in base 10: what may be left on an account. */
export const balanceField = rawDigits.refine((raw) => raw <= MAX_RAW);

/** An address with either prefix → its public key. */
export const addressField = z.string().transform((text, context): PublicKey => {
  try {
    return parseAddress(text);
  } catch {
    context.addIssue({ code: "custom", message: "not a Nano address" });
    return z.NEVER;
  }
});

/** 64 hexadecimal digits of any case → a hash. */
export const hashField = z.string().transform((text, context): BlockHash => {
  try {
    return parseBlockHash(text);
  } catch {
    context.addIssue({ code: "custom", message: "not 64 hexadecimal digits" });
    return z.NEVER;
  }
});

export const signatureField = z
  .string()
  .regex(/^[0-9a-fA-F]{128}$/)
  .transform((hex) => hex.toLowerCase());

export const nonceField = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/)
  .transform((hex) => hex.toLowerCase());

/** Unix time in seconds. */
export const timeField = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

export const trackField = z.enum(TRACKS);
