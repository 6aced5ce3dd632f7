import { amountFor } from "./amounts.js";
import { ASSET, EXPIRY_GRACE_SECONDS, EXPIRY_SLACK_SECONDS, NETWORK, SCHEME, type Track } from "./constants.js";
import type { Payment } from "./payload.js";
import { type Refusal, refuse } from "./reasons.js";
import type { Requirements } from "./requirements.js";

/**
 * Row 2 of both tables: scheme, network and asset of the requirements, then that `accepted` agrees with them. Money is
 * judged by the requirements alone; `accepted` is the client's word and must only not contradict them.
 */
export function checkTerms(payment: Payment): { readonly ok: true; readonly amountRaw: bigint } | Refusal {
  const { requirements, accepted, track } = payment;
  if (requirements.scheme !== SCHEME) return refuse("unsupported_scheme");
  if (requirements.network !== NETWORK) return refuse("invalid_network");
  if (requirements.asset !== ASSET) return refuse("invalid_asset");
  for (const field of ["scheme", "network", "asset", "payTo"] as const) {
    if (accepted[field] !== requirements[field]) return refuse("requirements_mismatch", `They differ in ${field}.`);
  }
  const amountRaw = amountFor(track, requirements.extra.assetTransferMethod, requirements.amount);
  if (accepted.amount !== amountRaw && !isHostsOwnEntry(payment)) {
    const seen = `expected ${String(amountRaw)} raw, the client accepted ${String(accepted.amount)} raw`;
    return refuse("requirements_mismatch", `They differ in amount: ${seen}.`);
  }
  return { ok: true, amountRaw };
}

/**
 * Over x402 v1 a client names no entry. Faremeter fills in its first one, which is Track A's where both are offered, for
 * a Track B payer too: such a payload brings its challenge along, and what the client accepted is not known (SPEC 3).
 */
function isHostsOwnEntry({ track, payload, accepted, requirements }: Payment): boolean {
  return (
    track === "nanoSignature" &&
    payload.nonce !== undefined &&
    payload.validBefore !== undefined &&
    accepted.extra.assetTransferMethod === requirements.extra.assetTransferMethod &&
    accepted.amount === requirements.amount
  );
}

/**
 * Row 3: not past, and, unless the challenge is authenticated, not further away than anybody would have issued. Clocks
 * may differ, so an authenticated challenge has no upper bound (SPEC 3).
 */
export function checkExpiry(
  validBefore: number,
  when: { readonly nowSeconds: number; readonly maxTimeoutSeconds: number; readonly authenticated: boolean },
): Refusal | undefined {
  if (validBefore + EXPIRY_GRACE_SECONDS < when.nowSeconds) return refuse("payment_expired");
  const latest = when.nowSeconds + when.maxTimeoutSeconds + EXPIRY_SLACK_SECONDS;
  return !when.authenticated && validBefore > latest ? refuse("challenge_invalid", "It expires too late.") : undefined;
}

/** Which track an entry of `accepts` asks for (SPEC 3): named, else B where there is a nonce, else A. */
export function trackOfOffer(offer: Pick<Requirements, "extra">): Track {
  return offer.extra.assetTransferMethod ?? (offer.extra.nonce === undefined ? "nanoTxn" : "nanoSignature");
}
