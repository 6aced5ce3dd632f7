import { NanoError } from "../errors/index.js";
import type { Ledger, Sleep } from "../ledger/index.js";
import type { PublicKey, WorkThresholds } from "../nano/index.js";
import type { Signer } from "./accounts/index.js";
import type { Chain } from "./chain.js";
import type { Journal } from "./journal.js";
import type { LimitSettings, Limits } from "./limits/index.js";
import type { Offer } from "./offer.js";

export interface PurseSettings extends LimitSettings {
  readonly representative: PublicKey | undefined;
  readonly workThresholds: WorkThresholds;
  readonly confirmMs: number;
  /** undefined: what the offer says, at most 30 s. */
  readonly inFlightMs: number | undefined;
  readonly clock: () => number;
  readonly sleep: Sleep;
}

/** What one purse is made of; everything in this folder works on it. */
export interface PurseParts {
  readonly settings: PurseSettings;
  readonly ledger: Ledger;
  readonly signer: Signer;
  readonly limits: Limits;
  readonly journal: Journal;
  readonly chain: Chain;
  /** Aborted by `close`: nothing is signed any more, waits end. */
  readonly closing: AbortSignal;
}

/** Until when the ledger is waited for on behalf of this offer. */
export function patienceFor(parts: PurseParts, offer: Offer): number {
  return Math.min(parts.settings.clock() + parts.settings.confirmMs, offer.untilMs);
}

export function assertOpen(parts: PurseParts): void {
  if (parts.closing.aborted) throw new NanoError("purse_closed");
}

/** Asked after every wait: nothing is signed for an offer that has run out meanwhile. */
export function assertInTime(parts: PurseParts, offer: Offer): void {
  assertOpen(parts);
  if (parts.settings.clock() < offer.untilMs) return;
  throw new NanoError("deadline_exceeded", { why: "the offer expired before it could be paid" });
}
