import { z } from "zod";
import { NanoError } from "../errors/index.js";
import {
  encodeAddress,
  encodeBlockJson,
  hashBlock,
  isBlockSignatureValid,
  keyBytes,
  parseAddress,
  parseBlockHash,
  parseRaw,
  type SignedBlock,
} from "../nano/index.js";
import { TRACKS } from "../protocol/index.js";
import type { JournalEntry } from "./journal.js";

/** A text that one of the parsers reads; whatever the parser throws, the text is not repeated. */
export function textOf<Value>(parse: (text: string) => Value) {
  return z.string().transform((text, context): Value => {
    try {
      return parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "not readable" });
      return z.NEVER;
    }
  });
}

export const hashText = textOf(parseBlockHash);
export const addressText = textOf(parseAddress);
export const rawText = textOf(parseRaw);
const count = z.number().int().nonnegative();

const blockSchema = z
  .strictObject({
    type: z.literal("state"),
    account: addressText,
    previous: hashText,
    representative: addressText,
    balance: rawText,
    link: hashText,
    link_as_account: z.string(),
    signature: z.string().regex(/^[0-9a-f]{128}$/),
    work: z.string().regex(/^(?:[0-9a-f]{16})?$/),
  })
  .transform((json, context): SignedBlock => {
    const { account, previous, representative, balance, link, signature, work } = json;
    if (json.link_as_account !== encodeAddress(keyBytes(link))) return objection(context, "link_as_account");
    const signed = { account, previous, representative, balanceRaw: balance, link, signature };
    return { ...signed, work: work === "" ? undefined : work };
  });

const entrySchema = z
  .strictObject({
    hash: hashText,
    block: blockSchema,
    track: z.enum(TRACKS),
    payTo: addressText,
    amountRaw: rawText,
    resource: z.string().optional(),
    reservation: z.strictObject({ day: z.number().int(), amountRaw: rawText, host: z.string().optional() }),
    sinceMs: z.number(),
    sighting: z.enum(["unknown", "absent", "landed", "confirmed"]),
    isServed: z.boolean(),
    inFlightUntilMs: z.array(z.number()),
    presented: count,
    lastReason: z.string().optional(),
  })
  .transform((json, context): JournalEntry => {
    const { hash, block, payTo, resource, lastReason, reservation } = json;
    if (hashBlock(block) !== hash) return objection(context, "hash");
    if (block.link !== payTo) return objection(context, "payTo");
    if (!isBlockSignatureValid(block)) return objection(context, "signature");
    const { day, amountRaw, host } = reservation;
    return { ...json, resource, lastReason, reservation: { day, amountRaw, host, payTo } };
  });

function objection(context: z.RefinementCtx, at: string): never {
  context.addIssue({ code: "custom", message: "does not agree with the rest", path: [at] });
  return z.NEVER;
}

/** Amounts are digits, keys are addresses with their checksums, the block has its nine keys. */
export function encodeEntry(entry: JournalEntry): string {
  const { block, payTo, amountRaw, reservation, ...rest } = entry;
  const { day, host } = reservation;
  const json = {
    ...rest,
    block: encodeBlockJson(block),
    payTo: encodeAddress(keyBytes(payTo)),
    amountRaw: amountRaw.toString(),
    reservation: { day, amountRaw: reservation.amountRaw.toString(), host },
  };
  return JSON.stringify(json, refuseNonsense);
}

/** Needs `cryptoReady()`. What comes back is a signed block of this hash, for this receiver. Throws `store_unusable`. */
export function parseEntry(text: string): JournalEntry {
  return readKept(entrySchema, parseJson(text), "a payment");
}

/** Names the place, never the value. */
export function readKept<Value>(schema: z.ZodType<Value>, kept: unknown, what: string): Value {
  const read = schema.safeParse(kept);
  if (read.success) return read.data;
  const at = read.error.issues[0]?.path.map(String).join(".") ?? "";
  throw new NanoError("store_unusable", { why: `${what} in it cannot be read`, at });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON turns such a number into null without a word, and the file could not be opened any more. */
function refuseNonsense(key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new NanoError("invalid_request", { setting: key, why: "no number: is the clock right?" });
}
