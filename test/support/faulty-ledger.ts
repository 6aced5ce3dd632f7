import type { Ledger, ProcessResult } from "x402-nano/rpc";
import { NanoError } from "../../src/errors/index.js";
import { type Behaviour, type Spoilable, spoilable } from "./faults.js";

/** A ledger whose calls can be watched and spoiled; the behaviours below are what nodes and networks do. */
export type FaultyLedger = Spoilable<Ledger>;

export function faultyLedger(real: Ledger): FaultyLedger {
  return spoilable(real);
}

type Process = Behaviour<Ledger, "process">;

/** The node cannot be asked. For any method; of `process` it says that the request never left. */
export async function unreachable(): Promise<never> {
  throw new NanoError("ledger_unavailable", { why: "unreachable", mayHaveLanded: false });
}

/** The connection was lost on the way to the node: the block was not taken, and nobody here can know. */
export const lostBeforeTaken: Process = async () => {
  throw lost();
};

/** The connection was lost on the way back: the block was taken, and nobody here can know. */
export const lostAfterTaken: Process = async (real, ...args) => {
  await real(...args);
  throw lost();
};

/** The node refuses with these words, whatever the ledger holds; `meanwhile` happens before it does. */
export function refuses(nodeError: string, meanwhile?: () => unknown): Process {
  return async (): Promise<ProcessResult> => {
    await meanwhile?.();
    return { outcome: "refused", nodeError };
  };
}

/** A mistake in the code behind the port. */
export async function breaks(): Promise<never> {
  throw new TypeError("undefined is not a function");
}

/** The same before there is a promise. */
export function breaksAtOnce(): never {
  throw new TypeError("undefined is not a function");
}

/** The real call, once something else has happened. */
export function preceded<Args extends unknown[], Result>(by: () => unknown) {
  return async (real: (...args: Args) => Promise<Result>, ...args: Args): Promise<Result> => {
    await by();
    return real(...args);
  };
}

/** The real answer, held back until `happened`. */
export function late<Args extends unknown[], Result>(happened: () => unknown) {
  return async (real: (...args: Args) => Promise<Result>, ...args: Args): Promise<Result> => {
    const result = await real(...args);
    await happened();
    return result;
  };
}

/** Never the truth. */
export function answers<Result>(result: Result) {
  return async (): Promise<Result> => result;
}

function lost(): NanoError {
  return new NanoError("ledger_unavailable", { why: "connection lost", mayHaveLanded: true });
}
