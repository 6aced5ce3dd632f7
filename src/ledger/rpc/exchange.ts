import type { Fault } from "./fault.js";
import type { Question } from "./questions.js";
import type { Exchange } from "./transport.js";

export type Understood<Result> = { readonly result: Result } | { readonly fault: Fault };

/** What came back, as the answer to what was asked: the ledger's word, or a provider's fault. */
export function readExchange<Result>(exchange: Exchange, question: Question<Result>): Understood<Result> {
  if (!exchange.ok) return { fault: exchange.fault };
  // A node says everything with 200; another status is the word of something in front of it.
  if (exchange.status !== 200) {
    const { status, retryAfter } = exchange;
    return { fault: { kind: "HTTP status", sent: true, facts: { status }, retryAfter } };
  }
  const json = parseJson(exchange.text);
  if (json === undefined) return misfit("not JSON");
  const text = errorTextOf(json);
  if (text !== undefined) return question.readError(text) ?? misfit("unknown error", { nodeError: text });
  const read = question.readResult(json);
  return "issue" in read ? misfit("unexpected answer", read.issue) : read;
}

function misfit(kind: Fault["kind"], facts: NonNullable<Fault["facts"]> = {}): { fault: Fault } {
  return { fault: { kind, sent: true, facts } };
}

/** undefined for what is not JSON; JSON itself has no undefined. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorTextOf(json: unknown): string | undefined {
  if (typeof json !== "object" || json === null || !("error" in json)) return undefined;
  return typeof json.error === "string" ? json.error : "an error that is no text";
}
