import { redactText } from "./redact.js";

const MAX_DEPTH = 5;

/** Stands in for a cause that named a secret: the same name, message, stack and texts, without it. */
class RedactedCause extends Error {
  constructor(original: Error, texts: ReadonlyMap<string, string>, cause: unknown) {
    super(redactText(original.message), cause === undefined ? undefined : { cause });
    this.name = original.name;
    this.stack = redactText(original.stack ?? "");
    for (const [key, text] of texts) Object.defineProperty(this, key, { value: redactText(text), enumerable: true });
  }
}

/**
 * A cause that may be logged. Loggers print the whole chain, and the platform's own errors repeat what they were given:
 * `new URL(…)` keeps its argument in `input`. An error without secrets comes back as the object it was.
 */
export function redactCause(cause: unknown, depth = 0): unknown {
  if (typeof cause === "string") return redactText(cause);
  if (!(cause instanceof Error)) return cause;
  const isDeep = depth >= MAX_DEPTH;
  const inner = isDeep ? undefined : redactCause(cause.cause, depth + 1);
  const parts: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const texts = ownTexts(cause);
  const isHarmless =
    inner === cause.cause &&
    parts.every((part) => !isDeep && redactCause(part, depth + 1) === part) &&
    [cause.message, cause.stack ?? "", ...texts.values()].every((text) => redactText(text) === text);
  return isHarmless ? cause : new RedactedCause(cause, texts, inner);
}

/** What errors carry beside message and stack: `code`, `input`, `hostname`, … */
function ownTexts(error: Error): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(error)) {
    if (typeof value === "string" && key !== "name") texts.set(key, value);
  }
  return texts;
}
