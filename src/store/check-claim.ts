import { NanoError } from "../errors/index.js";
import type { EntryKey } from "./port.js";

const HEX_64 = /^[0-9a-f]{64}$/;

/** R1 rests on one spelling per hash: an upper-case one would be a second key for the same block. */
export function checkKey({ account, hash, previous }: EntryKey): void {
  checkDigits("account", account);
  checkDigits("hash", hash);
  if (previous !== undefined) checkDigits("previous", previous);
}

function checkDigits(field: keyof EntryKey, value: string): void {
  if (!HEX_64.test(value)) throw new NanoError("invalid_hex", { field, expectedDigits: 64 });
}

/** No settle takes longer; a store may forget what has not been touched for longer than the longest lease. */
export const MAX_LEASE_MS = 86_400_000;

/** NaN would make a lease that is never open, and a hundred copies of one request would all run. */
export function checkLease(leaseMs: number): void {
  if (!(leaseMs > 0 && leaseMs <= MAX_LEASE_MS)) throw new NanoError("invalid_configuration", { option: "leaseMs" });
}
