import { z } from "zod";
import type { ErrorFacts } from "../../errors/index.js";
import {
  type BlockHash,
  parseAddress,
  parseBlockHash,
  parseRaw,
  type SignedBlock,
  ZERO_HASH,
} from "../../nano/index.js";
import type { AccountInfo, BlockInfo, Receivable } from "../port.js";

/**
 * The forms of `node-recordings`: every value is a string, an empty collection is "", hashes are upper case. Other keys
 * are let through, other types are a provider's fault. zod's output is the only place that gives these a type.
 */
const hash = textAs(parseBlockHash);
const account = textAs(parseAddress);
const raw = textAs(parseRaw);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
/** Zeros stand for "none". */
const optionalHash = hash.transform((value) => (value === ZERO_HASH ? undefined : value));
const seconds = z
  .string()
  .regex(/^[0-9]{1,15}$/)
  .transform(Number);

/** Asked with `representative` and `include_confirmed`; a node too old for the latter is no use. */
export const accountInfoAnswer: z.ZodType<AccountInfo> = z
  .object({
    frontier: hash,
    confirmed_frontier: optionalHash,
    balance: raw,
    confirmed_balance: raw,
    representative: account,
  })
  .transform((answer) => ({
    frontier: answer.frontier,
    confirmedFrontier: answer.confirmed_frontier,
    balanceRaw: answer.balance,
    confirmedBalanceRaw: answer.confirmed_balance,
    representative: answer.representative,
  }));

const stateContents = z
  .object({
    type: z.literal("state"),
    account,
    previous: hash,
    representative: account,
    balance: raw,
    link: hash,
    signature: lowerHex(128),
    work: lowerHex(16),
  })
  .transform(
    (contents): SignedBlock => ({
      account: contents.account,
      previous: contents.previous,
      representative: contents.representative,
      balanceRaw: contents.balance,
      link: contents.link,
      signature: contents.signature,
      work: contents.work,
    }),
  );

const legacyContents = z.object({ type: z.enum(["open", "send", "receive", "change"]) }).transform(() => undefined);

export const blockInfoAnswer: z.ZodType<BlockInfo> = z
  .object({
    block_account: account,
    amount: raw,
    balance: raw,
    confirmed: flag,
    local_timestamp: seconds.default(0),
    successor: optionalHash.optional(),
    subtype: z.string().optional(),
    contents: z.union([stateContents, legacyContents]),
  })
  .transform((answer) => ({
    account: answer.block_account,
    amountRaw: answer.amount,
    balanceRaw: answer.balance,
    confirmed: answer.confirmed,
    localTimestampSeconds: answer.local_timestamp,
    successor: answer.successor,
    subtype: answer.subtype,
    block: answer.contents,
  }));

export const receivableAnswer: z.ZodType<readonly Receivable[]> = z
  .object({ blocks: z.union([z.literal(""), z.record(z.string(), z.unknown())]) })
  .transform(({ blocks }) => (blocks === "" ? [] : Object.entries(blocks)))
  .pipe(z.array(z.tuple([hash, z.object({ amount: raw, source: account })])))
  .transform((entries) => entries.map(([of, { amount, source }]) => ({ hash: of, amountRaw: amount, source })));

export const processAnswer: z.ZodType<BlockHash> = z.object({ hash }).transform((answer) => answer.hash);

export const workAnswer: z.ZodType<string> = z.object({ work: lowerHex(16) }).transform((answer) => answer.work);

export type Read<Result> = { readonly result: Result } | { readonly issue: ErrorFacts };

/** Schemas are made once: zod compiles each of them, which costs more than a call. What depends on the call is `check`. */
export function readAnswer<Result>(
  schema: z.ZodType<Result>,
  json: unknown,
  check: (result: Result) => string | undefined = () => undefined,
): Read<Result> {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { issue: { at: issue?.path.join(".") ?? "", issue: issue?.message ?? "" } };
  }
  const issue = check(parsed.data);
  return issue === undefined ? { result: parsed.data } : { issue: { issue } };
}

function lowerHex(digits: number): z.ZodType<string> {
  return z
    .string()
    .regex(/^[0-9a-fA-F]*$/)
    .length(digits)
    .transform((text) => text.toLowerCase());
}

function textAs<Parsed>(parse: (text: string) => Parsed): z.ZodType<Parsed, string> {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch {
      context.addIssue({ code: "custom", message: "wrong form" });
      return z.NEVER;
    }
  });
}
