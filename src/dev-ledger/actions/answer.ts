import { hasCode, NanoError } from "../../errors/index.js";

export type RpcValue = string | readonly RpcValue[] | RpcAnswer;
export interface RpcAnswer {
  readonly [name: string]: RpcValue;
}

/** Ends the action; the answer is `{"error": nodeError}`. */
export function refuse(nodeError: string): never {
  throw new NanoError("ledger_refused", { nodeError });
}

export function refusalOf(error: unknown): string | undefined {
  return hasCode(error, "ledger_refused") ? String(error.facts["nodeError"]) : undefined;
}

/** The node writes empty lists and objects as an empty string. */
export function listAnswer(values: readonly RpcValue[]): RpcValue {
  return values.length === 0 ? "" : values;
}

export function objectAnswer(entries: readonly (readonly [string, RpcValue])[]): RpcValue {
  return entries.length === 0 ? "" : Object.fromEntries(entries);
}
