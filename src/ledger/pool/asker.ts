import type { Endpoint } from "../rpc/endpoint.js";
import { type Fault, isFinal } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { Exchange, ExchangeOptions, Transport } from "../rpc/transport.js";

export interface Door {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
}

export type Asked<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly fault: Fault; readonly endpoint: Endpoint };

export interface Limits {
  readonly signal?: AbortSignal | undefined;
  /** What is left of the time for one more attempt. */
  readonly attemptMs: () => number;
}

/**
 * Asks one endpoint after the other: an answer of the ledger is final, a fault of a provider is not. Only for questions
 * that may be repeated.
 */
export async function askInTurn<Result>(
  doors: readonly [Door, ...Door[]],
  question: Question<Result>,
  limits: Limits,
): Promise<Asked<Result>> {
  const [first, ...others] = doors;
  let asked = await askTwice(first, question, limits);
  for (const door of others) {
    if (asked.ok || isFinal(asked.fault) || limits.attemptMs() <= 0) return asked;
    asked = await askTwice(door, question, limits);
  }
  return asked;
}

/** A kept connection that was dead already is no reason to give an endpoint up. */
async function askTwice<Result>(door: Door, question: Question<Result>, limits: Limits): Promise<Asked<Result>> {
  const asked = await askOnce(door, question, { ...within(limits), connection: "kept" });
  if (asked.ok || asked.fault.kind !== "connection lost" || limits.attemptMs() <= 0) return asked;
  return askOnce(door, question, { ...within(limits), connection: "fresh" });
}

export async function askOnce<Result>(
  { endpoint, transport }: Door,
  question: Question<Result>,
  options: ExchangeOptions,
): Promise<Asked<Result>> {
  const read = readExchange(await transport.post(question.body, options), question);
  return "fault" in read ? { ok: false, fault: read.fault, endpoint } : { ok: true, result: read.result };
}

function within({ signal, attemptMs }: Limits): Omit<ExchangeOptions, "connection"> {
  return { signal, timeoutMs: attemptMs() };
}

type Understood<Result> = { readonly result: Result } | { readonly fault: Fault };

function readExchange<Result>(exchange: Exchange, question: Question<Result>): Understood<Result> {
  if (!exchange.ok) return { fault: exchange.fault };
  // A node says everything with 200; another status is the word of something in front of it.
  if (exchange.status !== 200) return misfit("HTTP status", { status: exchange.status });
  const json = parseJson(exchange.text);
  if (json === undefined) return misfit("not JSON");
  const text = errorTextOf(json);
  if (text !== undefined)
    return question.readError(text) ?? misfit("unknown error", { nodeError: text.slice(0, 4_000) });
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
