import type { Payment } from "./payload.js";

/** What a payment says about the challenge it answers. Both may be missing: upstream's own clients send none. */
export interface SpokenChallenge {
  readonly nonce: string | undefined;
  readonly validBefore: number | undefined;
}

/**
 * The one place that says which challenge a payment speaks of (SPEC 3): over x402 v1 `accepted` is lost, so where the
 * payload itself carries nonce or time they win over `accepted.extra`. Server hook, Faremeter handler and facilitator
 * all ask here; were each to look for itself, two of them could judge different challenges.
 */
export function spokenChallenge(payment: Payment): SpokenChallenge {
  const { payload, accepted } = payment;
  return {
    nonce: payload.nonce ?? accepted.extra.nonce,
    validBefore: payload.validBefore ?? accepted.extra.validBefore,
  };
}

/** The text that a Track B payer signs: lower-case hash and nonce, the time in plain decimal (SPEC 3). */
export function challengeMessage(blockHash: string, nonce: string, validBefore: number): string {
  return `${blockHash}:${nonce}:${String(validBefore)}`;
}
