import type { ReplayRequest } from "./fingerprint.js";
import { numberOption } from "./number-option.js";
import { memoryResponseStore, type ResponseStore } from "./response-store.js";

export interface ResponseReplayOptions {
  /** Default: in the memory of this process. Replicas share one, or a lost response is found on one of them only. */
  readonly store?: ResponseStore | undefined;
  /** How long a response can be had again. Default 3600 s. */
  readonly keepSeconds?: number | undefined;
  /** A longer response is passed on and not kept. Default 256 KiB. */
  readonly maxBodyBytes?: number | undefined;
  /** A request with a longer body is passed on and its response not kept. Default 1 MiB. */
  readonly maxRequestBytes?: number | undefined;
  /** How long a copy of a request that is still running waits for its response, before it gets a 503. Default 30 s. */
  readonly waitSeconds?: number | undefined;
  /** After this a request that never came to an end is given up, and a copy of it goes on. Default 300 s. */
  readonly abandonSeconds?: number | undefined;
  /**
   * What identifiers are unique in; default the host name that the client named. Behind a proxy that rewrites it, or
   * where tenants share a store, say it here.
   */
  readonly scope?: string | ((request: ReplayRequest) => string) | undefined;
  /**
   * Where a payment without an identifier gets a 400: where the route declares it as required. A payer who echoes such
   * a declaration, as stock clients do, is held to it without this.
   */
  readonly required?: boolean | ((request: ReplayRequest) => boolean) | undefined;
  /** Request headers that must be the same. Default `["authorization"]`: what one user was told is not another's. */
  readonly boundHeaders?: readonly string[] | undefined;
  /** For hosts that stop when the response is out: is told of the work that keeps it. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
  /** Each warning is told once. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly clock?: (() => number) | undefined;
  /** Resolves after the time or when the signal aborts. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ReplaySettings {
  readonly store: ResponseStore;
  readonly keepMs: number;
  readonly maxBodyBytes: number;
  readonly maxRequestBytes: number;
  readonly waitMs: number;
  readonly abandonMs: number;
  readonly scopeOf: (request: ReplayRequest) => string;
  readonly isRequired: (request: ReplayRequest) => boolean;
  readonly boundHeaders: readonly string[];
  readonly waitUntil: (work: Promise<void>) => void;
  readonly warn: (message: string) => void;
  readonly clock: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Throws `invalid_configuration` with the setting's name. */
export function resolveOptions(options: ResponseReplayOptions): ReplaySettings {
  const { scope, required = false, clock = Date.now } = options;
  return {
    store: options.store ?? memoryResponseStore({ clock }),
    keepMs: 1000 * numberOption("keepSeconds", options.keepSeconds ?? 3600, 1),
    maxBodyBytes: numberOption("maxBodyBytes", options.maxBodyBytes ?? 256 * 1024, 0),
    maxRequestBytes: numberOption("maxRequestBytes", options.maxRequestBytes ?? 1024 * 1024, 0),
    waitMs: 1000 * numberOption("waitSeconds", options.waitSeconds ?? 30, 0),
    abandonMs: 1000 * numberOption("abandonSeconds", options.abandonSeconds ?? 300, 1),
    scopeOf: typeof scope === "function" ? scope : ({ host }) => scope ?? host,
    isRequired: typeof required === "function" ? required : () => required,
    boundHeaders: [...(options.boundHeaders ?? ["authorization"])].map((name) => name.toLowerCase()).sort(),
    waitUntil: options.waitUntil ?? (() => undefined),
    warn: createWarner(options.onWarning ?? console.warn),
    clock,
    sleep: options.sleep ?? sleep,
  };
}

/** A store that is down is one warning, not one for each request. */
function createWarner(tell: (message: string) => void): (message: string) => void {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    told.add(message);
    tell(`x402-nano: ${message}`);
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake);
    if (signal.aborted) wake();
  });
}
