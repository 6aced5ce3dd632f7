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

export type Ask = <Result>(member: Member, question: Question<Result>, limits: Limits) => Promise<Asked<Result>>;

/** A kept connection that was dead already is no reason to give an endpoint up. Only for what may be repeated. */
export const askTwice: Ask = async (member, question, limits) => {
  const asked = await post(member, question, limits, "kept");
  if (asked.ok || asked.fault.kind !== "connection lost" || limits.attemptMs() <= 0) return asked;
  member.takeTurn();
  return post(member, question, limits, "fresh");
};

/** On a fresh connection: what is written on one that is dead may be lost, or not, and must not be repeated there. */
export const askOnce: Ask = (member, question, limits) => post(member, question, limits, "fresh");

async function post<Result>(
  member: Member,
  question: Question<Result>,
  { signal, attemptMs }: Limits,
  connection: ExchangeOptions["connection"],
): Promise<Asked<Result>> {
  const body = member.endpoint.addKeys(question.body);
  const exchange = await member.transport.post(body, { signal, timeoutMs: attemptMs(), connection });
  const read = readExchange(exchange, question);
  return "fault" in read ? { ok: false, fault: read.fault, member } : { ok: true, result: read.result, member };
}
