import { z } from "zod";
import { NanoError } from "../errors/index.js";
import { MAX_DELAY_MS, type Sleep, sleep } from "./patience.js";

export interface LedgerOptions {
  /**
   * One or several RPC URLs, http or https, in the order of preference: reads go on to the next one when a provider is
   * at fault, blocks are handed to the first only. Keys in user info, path or query are never shown.
   */
  readonly rpcUrls: readonly string[] | string;
  /** Sent to every one of `rpcUrls`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For one attempt at one endpoint; default 8 s. */
  readonly timeoutMs?: number | undefined;
  /** `generateWork` instead of `timeoutMs`; default 60 s: a processor needs 40 s for a send (MEASURED). */
  readonly workTimeoutMs?: number | undefined;
  /** The first pause between two looks at a block that is not confirmed; default 250 ms. */
  readonly pollIntervalMs?: number | undefined;
  readonly clock?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
}

export interface LedgerSettings {
  readonly rpcUrls: readonly [string, ...string[]];
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly workTimeoutMs: number;
  readonly pollIntervalMs: number;
  readonly clock: () => number;
  readonly sleep: Sleep;
}

const milliseconds = z.int().min(1).max(MAX_DELAY_MS);
const isFunction = (value: unknown): boolean => typeof value === "function";

/** Strict: an option that is not known here, `websocketUrl` for one, would be ignored without anybody noticing. */
const settings: z.ZodType<LedgerSettings> = z.strictObject({
  rpcUrls: z.union([z.string().transform((url) => [url]), z.array(z.string())]).pipe(z.tuple([z.string()], z.string())),
  headers: z.record(z.string(), z.string()).default({}),
  timeoutMs: milliseconds.default(8_000),
  workTimeoutMs: milliseconds.default(60_000),
  pollIntervalMs: milliseconds.default(250),
  clock: z.custom<() => number>(isFunction).default(() => Date.now),
  sleep: z.custom<Sleep>(isFunction).default(() => sleep),
});

/** Throws `invalid_configuration`; issues of zod name types and keys, never values. */
export function readOptions(options: LedgerOptions): LedgerSettings {
  const read = settings.safeParse(options);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new NanoError("invalid_configuration", { option: issue?.path.join(".") ?? "", why: issue?.message ?? "" });
}
