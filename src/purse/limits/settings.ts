import { z } from "zod";
import { decodeCaip10, type PublicKey, parseAddress, parseAmount, publicKeyOf, xno } from "../../nano/index.js";
import type { Approve } from "./approval.js";
import { readHost, readHostPattern } from "./host.js";
import type { KeyedLimit, SpendingLimits } from "./spending-limits.js";

/** `"0.1 XNO"` or raw. Limits are about prices: the one raw that marks Track A does not count. */
export type Amount = string | bigint;

export interface LimitOptions {
  /** Default 0.1 XNO. */
  readonly maxPerPayment?: Amount | undefined;
  /** Per UTC day, default 1 XNO. */
  readonly maxPerDay?: Amount | undefined;
  /**
   * Per UTC day and host of the resource: one amount for each host, or amounts by host (`seller.example`,
   * `seller.example:8443`), where `"*"` stands for every other one, and for purchases without a known resource.
   * The host is the one that the 402 names: where that is the seller's word, `maxPerPayTo` is the limit that holds.
   */
  readonly maxPerHost?: Amount | Readonly<Record<string, Amount>> | undefined;
  /** Per UTC day and receiver: one amount for each, or amounts by address, `"*"` for every other one. */
  readonly maxPerPayTo?: Amount | Readonly<Record<string, Amount>> | undefined;
  /** Over the life of the journal. */
  readonly maxTotal?: Amount | undefined;

  /**
   * `seller.example` or, for what is below it, `*.seller.example`. With a list of what is allowed everything else is
   * refused, a purchase without a known resource too; a port other than the scheme's own has to be named.
   */
  readonly allowHosts?: readonly string[] | undefined;
  /** Wins over what is allowed. Without a port it means every port. */
  readonly denyHosts?: readonly string[] | undefined;
  /** Addresses, in any spelling. */
  readonly allowPayTo?: readonly string[] | undefined;
  readonly denyPayTo?: readonly string[] | undefined;

  /**
   * Asked before a payment is signed, and not again when that payment is presented again. The money is reserved
   * meanwhile, and given back unless the answer is `true` and comes while the offer is good.
   */
  readonly approve?: Approve | undefined;
  /** Prices above it are asked for; without it every payment is. Only beside `approve`. */
  readonly approveAbove?: Amount | undefined;
}

export interface LimitSettings extends SpendingLimits {
  readonly approve: Approve | undefined;
  /** undefined: always asked. */
  readonly approveAboveRaw: bigint | undefined;
}

const HOW_TO_WRITE_AMOUNTS = 'write "0.1 XNO", "1000 raw" or raw as a bigint';
const isAmount = (value: unknown): boolean => typeof value === "string" || typeof value === "bigint";
const anyAmount = z.custom<Amount>(isAmount, HOW_TO_WRITE_AMOUNTS).transform(readAs(readAmount, HOW_TO_WRITE_AMOUNTS));
const amount = anyAmount.refine((raw) => raw > 0n, "more than nothing");
const threshold = anyAmount.refine((raw) => raw >= 0n, "not less than nothing");
const hosts = z.array(z.string().transform(readAs(readHostPattern, 'write "seller.example" or "*.seller.example"')));
const payTos = z
  .array(z.string().transform(readAs(readAddress, "not a Nano address")))
  .transform((keys): ReadonlySet<PublicKey> => new Set(keys));

/** Part of the purse's own settings. */
export const limitFields = {
  maxPerPayment: amount.default(xno("0.1")),
  maxPerDay: amount.default(xno("1")),
  maxPerHost: keyedLimit(readHost, 'write hosts, such as "seller.example", or "*"').optional(),
  maxPerPayTo: keyedLimit(readAddress, 'write Nano addresses, or "*"').optional(),
  maxTotal: amount.optional(),
  allowHosts: hosts.optional(),
  denyHosts: hosts.optional(),
  allowPayTo: payTos.optional(),
  denyPayTo: payTos.optional(),
  approve: z.custom<Approve>((value) => typeof value === "function").optional(),
  approveAbove: threshold.optional(),
};

export function limitSettingsOf(
  options: z.output<z.ZodObject<typeof limitFields>>,
  context: z.RefinementCtx,
): LimitSettings {
  const { maxPerPayment, maxPerDay, maxPerHost, maxPerPayTo, maxTotal } = options;
  const { allowHosts, denyHosts, allowPayTo, denyPayTo, approve, approveAbove } = options;
  if (approveAbove !== undefined && approve === undefined) {
    context.addIssue({ code: "custom", path: ["approveAbove"], message: "only beside approve" });
  }
  return {
    perPaymentRaw: maxPerPayment,
    perDayRaw: maxPerDay,
    perHost: maxPerHost,
    perPayTo: maxPerPayTo,
    totalRaw: maxTotal,
    allowHosts,
    denyHosts,
    allowPayTo,
    denyPayTo,
    approve,
    approveAboveRaw: approveAbove,
  };
}

const OTHERS = "*";

/** One amount for each is the amount for all others, where none is named. */
function keyedLimit<Key>(readKey: (text: string) => Key | undefined, message: string) {
  const byKey = z.record(z.string(), amount).transform((amounts, context): KeyedLimit<Key> => {
    const named = new Map<Key, bigint>();
    for (const [text, raw] of Object.entries(amounts)) {
      if (text === OTHERS) continue;
      const key = readKey(text);
      if (key === undefined) context.addIssue({ code: "custom", message });
      else if (named.has(key)) context.addIssue({ code: "custom", message: "named twice, in two spellings" });
      else named.set(key, raw);
    }
    return { named, otherRaw: amounts[OTHERS] };
  });
  return z.preprocess((value) => (isAmount(value) ? { [OTHERS]: value } : value), byKey);
}

/** A `transform` for what a function reads, or does not. */
function readAs<Input, Value>(read: (input: Input) => Value | undefined, message: string) {
  return (input: Input, context: z.RefinementCtx): Value => {
    const value = read(input);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  };
}

function readAddress(text: string): PublicKey | undefined {
  try {
    return text.startsWith("nano:") ? publicKeyOf(decodeCaip10(text)) : parseAddress(text);
  } catch {
    return undefined;
  }
}

function readAmount(amount: Amount): bigint | undefined {
  try {
    return typeof amount === "bigint" ? amount : parseAmount(amount);
  } catch {
    return undefined;
  }
}
