import type { Claim, ClaimResult } from "../store/port.js";
import type { CheckedPayment } from "./checked-payment.js";
import type { FacilitatorSettings } from "./options.js";

/** `landed`: a Track A block that came onto the ledger after the rows had looked (row 8). */
export type LeaseResult = ClaimResult | { readonly outcome: "landed" };

/**
 * Takes the lease in one atomic step, which repeats rows 7 and 11. Where an earlier settlement left its block in the
 * journal, the ledger decides about that entry first, as recovery would (R9). So "broadcasting" always means "by the
 * holder of this very token": nobody who claims the hash later passes for the one that broadcast it (row 8).
 */
export async function takeLease(
  claim: Claim,
  { payment, hash }: CheckedPayment,
  { ledger, store }: FacilitatorSettings,
): Promise<LeaseResult> {
  for (;;) {
    const taken = await store.claim(claim);
    if (taken.outcome !== "claimed" || taken.state === "reserved" || taken.token === claim.token) return taken;
    try {
      const hasLanded = (await ledger.blockInfo(hash, { anywhere: "known" })) !== undefined;
      const as = hasLanded ? "landed" : "void";
      const closed = await store.advance(taken.token, { to: "closed", as, by: "holder" });
      if (closed.outcome === "lost") return { outcome: "in_progress" };
      if (hasLanded && payment.track === "nanoTxn") return { outcome: "landed" };
    } catch (error) {
      await store.release(taken.token).catch(() => false);
      throw error;
    }
  }
}
