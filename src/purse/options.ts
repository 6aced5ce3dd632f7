import { z } from "zod";
import { NanoError } from "../errors/index.js";
import { type Ledger, type LedgerOptions, type Sleep, sleep } from "../ledger/index.js";
import { MAINNET_WORK_THRESHOLDS, parseAddress, type WorkThresholds } from "../nano/index.js";
import type { AccountOptions } from "./accounts/index.js";
import type { Journal } from "./journal.js";
import { type LimitOptions, limitFields, limitSettingsOf } from "./limits/index.js";
import type { PurseSettings } from "./parts.js";

export interface PurseOptions extends AccountOptions, LimitOptions {
  /** An open ledger, which stays open when the purse is closed, or the URLs of nodes to ask. */
  readonly ledger?: Ledger | undefined;
  readonly rpcUrls?: LedgerOptions["rpcUrls"] | undefined;
  /** Of a node that tells of confirmations; beside `rpcUrls`. */
  readonly websocketUrl?: LedgerOptions["websocketUrl"];
  /**
   * Where payments are kept until they were served, and what was spent: a file, which is made where there is none, or a
   * journal of one's own, which stays open. In memory where it is left out: a restart then forgets both.
   */
  readonly journal?: string | Journal | undefined;
  /** Address that blocks of this purse name; default: what the account has, else the account itself. */
  readonly representative?: string | undefined;
  /** Default: those of the live network. */
  readonly workThresholds?: WorkThresholds | undefined;
  /** How long a block's confirmation is waited for, default 10. The seller waits too. */
  readonly confirmSeconds?: number | undefined;
  /** How long a payment counts as being served while nothing is heard; default: the offer's time, at most 30. */
  readonly inFlightSeconds?: number | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
}

const MAX_WORK = 2n ** 64n;
const threshold = z.bigint().min(0n).lt(MAX_WORK);
const seconds = z.number().positive().max(86_400);
const isFunction = (value: unknown): boolean => typeof value === "function";

const settings: z.ZodType<PurseSettings> = z
  .object({
    ...limitFields,
    representative: z.string().transform(readAddress).optional(),
    workThresholds: z.object({ send: threshold, receive: threshold }).default(MAINNET_WORK_THRESHOLDS),
    confirmSeconds: seconds.default(10),
    inFlightSeconds: seconds.optional(),
    clock: z.custom<() => number>(isFunction).default(() => Date.now),
    sleep: z.custom<Sleep>(isFunction).default(() => sleep),
  })
  .transform(
    ({ representative, workThresholds, confirmSeconds, inFlightSeconds, clock, sleep, ...limits }, context) => ({
      ...limitSettingsOf(limits, context),
      representative,
      workThresholds,
      confirmMs: confirmSeconds * 1000,
      inFlightMs: inFlightSeconds === undefined ? undefined : inFlightSeconds * 1000,
      clock,
      sleep,
    }),
  );

/** Throws `invalid_configuration` with the setting's name; values stay out, one of them could be a misplaced key. */
export function readSettings(options: PurseOptions): PurseSettings {
  const read = settings.safeParse(options);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new NanoError("invalid_configuration", {
    setting: issue?.path.map(String).join(".") ?? "",
    why: issue?.message ?? "",
  });
}

function readAddress(text: string, context: z.RefinementCtx): ReturnType<typeof parseAddress> {
  try {
    return parseAddress(text);
  } catch {
    context.addIssue({ code: "custom", message: "not a Nano address" });
    return z.NEVER;
  }
}
