import { NanoError } from "../../src/errors/index.js";
import type { AdvanceResult, RedemptionStore } from "../../src/store/port.js";
import { type Behaviour, type Spoilable, spoilable } from "./faults.js";

/** A store whose calls can be watched and spoiled. */
export type FaultyStore = Spoilable<RedemptionStore>;

export function faultyStore(real: RedemptionStore): FaultyStore {
  return spoilable(real);
}

/** The store cannot be asked, and nothing was done. */
export async function storeDown(): Promise<never> {
  throw new NanoError("store_unavailable");
}

/** The step was done, but the answer did not arrive. */
export const advanceAnswerLost: Behaviour<RedemptionStore, "advance"> = async (real, ...args) => {
  await real(...args);
  return storeDown();
};

/** Fails this one kind of step, any number of times. */
export function advanceFailsTo(to: "broadcasting" | "redeemed" | "closed"): Behaviour<RedemptionStore, "advance"> {
  return async (real, token, step): Promise<AdvanceResult> => (step.to === to ? storeDown() : real(token, step));
}

/** As `advanceAnswerLost`, of redemptions alone, any number of times. */
export const redeemedAnswerLost: Behaviour<RedemptionStore, "advance"> = async (real, token, step) => {
  const result = await real(token, step);
  return step.to === "redeemed" ? storeDown() : result;
};
