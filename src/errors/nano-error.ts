import { ERROR_SENTENCES, type ErrorCode } from "./codes.js";
import { redactText } from "./redact.js";
import { redactCause } from "./redact-cause.js";

/** Small, printable facts. Never a key, seed, token or payload: they would reach a log. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean>>;

const MAX_FACT_LENGTH = 400;
/** Control and format characters, line separators, half surrogates: a stranger quoted here must not forge log lines. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * The one error class: a stable `code` to switch on, a short sentence, `facts` for the reader, and the `cause`.
 * URLs with credentials are redacted on the way in, in the facts and down the chain of causes.
 */
export class NanoError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "NanoError";
  readonly code: Code;
  readonly facts: ErrorFacts;

  constructor(code: Code, facts: ErrorFacts = {}, cause?: unknown) {
    const safeFacts = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, makePrintable(value)]));
    super(describe(code, safeFacts), cause === undefined ? undefined : { cause: redactCause(cause) });
    this.code = code;
    this.facts = safeFacts;
  }
}

/** The discriminated union: `switch (error.code)` narrows it. */
export type AnyNanoError = { [Code in ErrorCode]: NanoError<Code> }[ErrorCode];

export function isNanoError(value: unknown): value is AnyNanoError {
  return value instanceof NanoError;
}

export function hasCode<Code extends ErrorCode>(value: unknown, code: Code): value is NanoError<Code> {
  return value instanceof NanoError && value.code === code;
}

function describe(code: ErrorCode, facts: ErrorFacts): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}: ${String(value)}`);
  return parts.length === 0 ? ERROR_SENTENCES[code] : `${ERROR_SENTENCES[code]} (${parts.join(", ")})`;
}

/** Redacted before it is cut: half a URL would not be recognised. */
function makePrintable(value: string | number | boolean): string | number | boolean {
  if (typeof value !== "string") return value;
  const safe = redactText(value);
  const short = safe.length > MAX_FACT_LENGTH ? `${safe.slice(0, MAX_FACT_LENGTH)}…` : safe;
  return short.replace(UNPRINTABLE, "\u{fffd}");
}
