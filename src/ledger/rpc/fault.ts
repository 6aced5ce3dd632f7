import { type ErrorFacts, NanoError } from "../../errors/index.js";
import type { Endpoint } from "./endpoint.js";

/**
 * How a provider failed. None of these is a word of the ledger: "Account not found" and "Fork" are answers, see
 * `node-errors.ts`.
 */
export type FaultKind =
  | "unreachable"
  | "connection lost"
  | "too late"
  | "aborted"
  | "closed"
  | "answer too large"
  | "HTTP status"
  | "not JSON"
  | "unexpected answer"
  | "unknown error"
  | "rate limited"
  | "no agreement";

export interface Fault {
  readonly kind: FaultKind;
  /** Whether the request may have reached the node. */
  readonly sent: boolean;
  readonly facts?: ErrorFacts;
  /** The header of that name, as it came. */
  readonly retryAfter?: string | undefined;
}

/** Much longer than what errors show of it. */
const MAX_TEXT_LENGTH = 4_000;

/** A repetition elsewhere cannot help: the caller has gone. */
export function isFinal(fault: Fault): boolean {
  return fault.kind === "aborted" || fault.kind === "closed";
}

export function faultFacts(action: string, endpoint: Endpoint, fault: Fault): ErrorFacts {
  const facts: Record<string, string | number | boolean> = { action, endpoint: endpoint.host, why: fault.kind };
  for (const [name, value] of Object.entries(fault.facts ?? {})) {
    // Hidden before it is cut: half a key would not be recognised.
    facts[name] = typeof value === "string" ? endpoint.hideSecrets(value).slice(0, MAX_TEXT_LENGTH) : value;
  }
  return facts;
}

/** No cause: errors of HTTP clients repeat URLs and headers. What they add, a code, is in the facts. */
export function toUnavailable(action: string, endpoint: Endpoint, fault: Fault): NanoError<"ledger_unavailable"> {
  const landing = action === "process" ? { mayHaveLanded: fault.sent } : {};
  return new NanoError("ledger_unavailable", { ...faultFacts(action, endpoint, fault), ...landing });
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`: all that is told of a platform's error. */
export function errorCodeOf(error: unknown): ErrorFacts {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return {};
  return /^[A-Z0-9_]{1,60}$/.test(error.code) ? { detail: error.code } : {};
}
