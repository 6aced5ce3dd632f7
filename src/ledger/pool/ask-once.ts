import { readExchange } from "../rpc/exchange.js";
import type { Fault } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { ExchangeOptions } from "../rpc/transport.js";
import type { Member } from "./member.js";

export type Asked<Result> =
  | { readonly ok: true; readonly result: Result; readonly member: Member }
  | { readonly ok: false; readonly fault: Fault; readonly member: Member };

export interface Limits {
  readonly signal?: AbortSignal | undefined;
  /** What is left of the time for one more attempt. */
  readonly attemptMs: () => number;
}

export async function askOnce<Result>(
  member: Member,
  question: Question<Result>,
  options: ExchangeOptions,
): Promise<Asked<Result>> {
  const body = member.endpoint.addKeys(question.body);
  const read = readExchange(await member.transport.post(body, options), question);
  return "fault" in read ? { ok: false, fault: read.fault, member } : { ok: true, result: read.result, member };
}

/** A kept connection that was dead already is no reason to give an endpoint up. Only for what may be repeated. */
export async function askTwice<Result>(
  member: Member,
  question: Question<Result>,
  { signal, attemptMs }: Limits,
): Promise<Asked<Result>> {
  const asked = await askOnce(member, question, { signal, timeoutMs: attemptMs(), connection: "kept" });
  if (asked.ok || asked.fault.kind !== "connection lost" || attemptMs() <= 0) return asked;
  return askOnce(member, question, { signal, timeoutMs: attemptMs(), connection: "fresh" });
}
