import { type AnyNanoError, isNanoError, NanoError } from "../../errors/index.js";

const MAX_LENGTH = 120;

/**
 * Only the beginning of what the client says, and never the error itself: ioredis hangs the command with its arguments
 * on it (a password, at AUTH), and a server quotes what it was sent.
 */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  const said = error.message.split(/(?<!\w)['"`]|, with args|\bargs\b/)[0] ?? "";
  return said.trim().slice(0, MAX_LENGTH);
}

export function unavailable(error: unknown): AnyNanoError | NanoError<"store_unavailable"> {
  return isNanoError(error) ? error : new NanoError("store_unavailable", { why: explain(error) });
}
