import type { StateBlock } from "./ledger-block.js";

const vouchedFor = new WeakSet<StateBlock>();

/** For a block on the ledger of one node of this process: no other needs to verify its signature again. */
export function vouchFor(block: StateBlock): void {
  vouchedFor.add(block);
}

/** This very object: one that says the same may have another signature. */
export function isVouchedFor(block: StateBlock): boolean {
  return vouchedFor.has(block);
}
