import { z } from "zod";
import { NanoError } from "../errors/index.js";
import { MAX_DELAY_MS, type Sleep, sleep } from "./patience.js";
import type { WorkSource } from "./port.js";
import { systemRandom } from "./random.js";

export interface RpcEndpoint {
  readonly url: string;
  /** Sent to this endpoint alone, beside those of the ledger. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Fields that go into every request, for providers that want their key there. */
  readonly body?: Readonly<Record<string, string>> | undefined;
  /** What the provider allows; more wait for their turn, or go to another endpoint. */
  readonly requestsPerSecond?: number | undefined;
}

export interface WebsocketEndpoint {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface LedgerOptions {
  /**
   * One or several RPC URLs, http or https, in the order of preference: the next one is asked where a provider is at
   * fault or late. Keys in user info, path, query, headers or body are never shown.
   */
  readonly rpcUrls: string | RpcEndpoint | readonly (string | RpcEndpoint)[];
  /** Sent to every one of `rpcUrls`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * A node's websocket, ws or wss: confirmations are heard of at once. Without it they are asked for again and again.
   * Keys in user info, path, query or headers are never shown; browsers send no headers.
   */
  readonly websocketUrl?: string | WebsocketEndpoint | undefined;
  /** How many of `rpcUrls` must agree about a block before it counts as confirmed; default 1. */
  readonly agreement?: number | undefined;
  /** Where proof of work comes from; a function gets `work_generate` of `rpcUrls`, which is the default. */
  readonly work?: WorkSource | ((node: WorkSource) => WorkSource) | undefined;
  /** For one attempt at one endpoint; default 8 s. */
  readonly timeoutMs?: number | undefined;
  /** `work_generate` instead of `timeoutMs`; default 60 s: a processor needs 40 s for a send (MEASURED). */
  readonly workTimeoutMs?: number | undefined;
  /** Without a websocket, the first pause between two looks at a block that is not confirmed; default 250 ms. */
  readonly pollIntervalMs?: number | undefined;
  /** Told once when there is no websocket, and when one comes or goes. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly clock?: (() => number) | undefined;
  /** Below one; for jitter. */
  readonly random?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
}

export interface LedgerSettings {
  readonly rpcEndpoints: readonly [RpcEndpoint, ...RpcEndpoint[]];
  readonly headers: Readonly<Record<string, string>>;
  readonly websocket: WebsocketEndpoint | undefined;
  readonly agreement: number;
  readonly work: LedgerOptions["work"];
  readonly timeoutMs: number;
  readonly workTimeoutMs: number;
  readonly pollIntervalMs: number;
  readonly onWarning: (message: string) => void;
  readonly clock: () => number;
  readonly random: () => number;
  readonly sleep: Sleep;
}

const milliseconds = z.int().min(1).max(MAX_DELAY_MS);
const texts = z.record(z.string(), z.string());
const isFunction = (value: unknown): boolean => typeof value === "function";
const isWorkSource = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "generateWork" in value && isFunction(value.generateWork);

const endpoint: z.ZodType<RpcEndpoint> = z.union([
  z.string().transform((url) => ({ url })),
  z.strictObject({
    url: z.string(),
    headers: texts.optional(),
    body: texts.optional(),
    requestsPerSecond: z.number().positive().optional(),
  }),
]);

/** Strict: an option that is not known here would be ignored without anybody noticing. */
const settings: z.ZodType<LedgerSettings> = z
  .strictObject({
    rpcUrls: z.union([endpoint.transform((one): [RpcEndpoint] => [one]), z.tuple([endpoint], endpoint)]),
    headers: texts.default({}),
    websocketUrl: z
      .union([z.string().transform((url) => ({ url })), z.strictObject({ url: z.string(), headers: texts.optional() })])
      .optional(),
    agreement: z.int().min(1).default(1),
    work: z
      .custom<LedgerSettings["work"]>((value) => isFunction(value) || isWorkSource(value), "not a work source")
      .optional(),
    timeoutMs: milliseconds.default(8_000),
    workTimeoutMs: milliseconds.default(60_000),
    pollIntervalMs: milliseconds.default(250),
    onWarning: z.custom<(message: string) => void>(isFunction).default(() => (message: string) => {
      console.warn(message);
    }),
    clock: z.custom<() => number>(isFunction).default(() => Date.now),
    random: z.custom<() => number>(isFunction).default(() => systemRandom),
    sleep: z.custom<Sleep>(isFunction).default(() => sleep),
  })
  .refine(({ agreement, rpcUrls }) => agreement <= rpcUrls.length, {
    path: ["agreement"],
    message: "more than there are rpcUrls",
  })
  .refine(
    ({ agreement, rpcUrls }) =>
      agreement === 1 || new Set(rpcUrls.map(({ url }) => nodeOf(url))).size === rpcUrls.length,
    {
      path: ["rpcUrls"],
      message: "names one endpoint twice, which cannot agree with itself",
    },
  )
  .transform(({ rpcUrls, websocketUrl, work, ...rest }) => ({
    ...rest,
    rpcEndpoints: rpcUrls,
    websocket: websocketUrl,
    work,
  }));

/** What two URLs of one endpoint have in common: keys may differ. */
function nodeOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined ? text : `${url.origin}${url.pathname}`;
}

/** Throws `invalid_configuration`; issues of zod name types and keys, never values. */
export function readOptions(options: LedgerOptions): LedgerSettings {
  const read = settings.safeParse(options);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new NanoError("invalid_configuration", { option: issue?.path.join(".") ?? "", why: issue?.message ?? "" });
}
