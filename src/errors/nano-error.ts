import { ERROR_SENTENCES, type ErrorCode } from "./codes.js";
import { redactText } from "./redact.js";

/** Small, printable facts. Never a key, seed, token or payload: they would reach a log. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean>>;

/**
 * The one error class: a stable `code` to switch on, a short sentence, `facts` for the reader, and the `cause`.
 * Text that looks like a URL with credentials is redacted on the way in.
 */
export class NanoError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "NanoError";
  readonly code: Code;
  readonly facts: ErrorFacts;

  constructor(code: Code, facts: ErrorFacts = {}, cause?: unknown) {
    const safeFacts = redactFacts(facts);
    super(describe(code, safeFacts), cause === undefined ? undefined : { cause });
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

function redactFacts(facts: ErrorFacts): ErrorFacts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, typeof value === "string" ? redactText(value) : value]),
  );
}
