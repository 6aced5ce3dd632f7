import { expect } from "vitest";
import type { FacilitatorEngine, SettleAnswer } from "x402-nano/facilitator";
import { parseAddress } from "../../src/nano/index.js";
import { createChallengeAuthority, type Reason, type Track } from "../../src/protocol/index.js";
import type { EngineWorld } from "../support/engine-world.js";
import { type HandPayer, type Offer, payOn } from "../support/hand-payer.js";
import { type Deal, leaseOf, offersOf, type Request, requestOf, withLease } from "../support/offers.js";

/** What all losers of a race may hear: none of it invites a second payment (SPEC 6). */
export const LOSING: readonly string[] = ["payment_in_progress", "duplicate_block_hash", "settlement_pending"];

/** An honest payment on the track that is named, proved. */
export async function pay(
  world: Pick<EngineWorld, "alice" | "clock">,
  track: Track,
  { by = world.alice, ...deal }: Deal & { readonly by?: HandPayer } = {},
): Promise<Request> {
  return requestOf(await payOn(by, track, offersOf(world, deal)));
}

/** What a stock server does: verify, the handler, settle with the lease. */
export async function serve(engine: FacilitatorEngine, request: Request): Promise<SettleAnswer> {
  return engine.settle(withLease(request, await leaseOf(engine, request)));
}

/** Each of the facilitators refuses it, whoever asks: a server that verifies, and one that settles at once. */
export async function expectRefused(
  facilitators: readonly FacilitatorEngine[],
  request: Request,
  reason: Reason,
): Promise<void> {
  for (const facilitator of facilitators) {
    expect(await facilitator.verify(request)).toMatchObject({ isValid: false, invalidReason: reason });
    expect(await facilitator.settle(request)).toMatchObject({ success: false, errorReason: reason });
  }
}

/** The payer's own request is served by the first of the facilitators, and then never again by any of them. */
export async function expectServedOnce(
  facilitators: readonly [FacilitatorEngine, ...FacilitatorEngine[]],
  request: Request,
): Promise<SettleAnswer> {
  const answer = await serve(facilitators[0], request);
  expect(answer).toMatchObject({ success: true });
  await expectRefused(facilitators, request, "duplicate_block_hash");
  return answer;
}

export const successesOf = <Answer extends { readonly success: boolean }>(answers: readonly Answer[]): Answer[] =>
  answers.filter(({ success }) => success);

/** The form of a token that names this lease's payment, without its secret. */
export function guessAt(lease: string): string {
  return `${lease.slice(0, -64)}${"0".repeat(64)}`;
}

/** The offer as a server would make it that issues its challenges under another secret. */
export function issuedUnder(secret: string, offer: Offer): Offer {
  const terms = {
    payTo: parseAddress(offer.payTo),
    amountRaw: BigInt(offer.amount),
    validBefore: Number(offer.extra["validBefore"]),
  };
  return { ...offer, extra: { ...offer.extra, nonce: createChallengeAuthority(secret).issueNonce(terms) } };
}
