import { expect } from "vitest";
import type { FacilitatorEngine } from "x402-nano/facilitator";
import type { EngineWorld } from "../support/engine-world.js";
import { type Envelope, payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, type Request, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present, type Seller } from "../support/sellers.js";

/** What an attack must not change, at the engine and at a stock server. */

const TRACKS = ["nanoTxn", "nanoSignature"] as const;

/** Verify and settle both say no, for this reason. */
export async function expectRefused(
  engine: FacilitatorEngine,
  request: Request,
  reason: string,
  what?: string,
): Promise<void> {
  expect(await engine.verify(request), what).toMatchObject({ isValid: false, invalidReason: reason });
  expect(await engine.settle(request), what).toMatchObject({ success: false, errorReason: reason });
}

/** One response, and then never again. */
export async function expectBuysOne(engine: FacilitatorEngine, request: Request): Promise<void> {
  const lease = await leaseOf(engine, request);
  expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  await expectRefused(engine, request, "duplicate_block_hash");
}

/** Somebody else pays as the protocol says, on each track. */
export async function expectHonestPayerServed(world: EngineWorld, engine: FacilitatorEngine): Promise<void> {
  const bob = await world.payer();
  for (const track of TRACKS) {
    await expectBuysOne(engine, requestOf(await payOn(bob, track, offersOf(world))));
  }
}

/** No response, and the paid handler did not run. Without a `reason` the host itself refuses, in words of its own. */
export async function expectTurnedAway(
  seller: Seller,
  envelope: Envelope | string,
  reason?: string,
  what?: string,
): Promise<void> {
  const runs = seller.handlerRuns();
  const outcome = await present(seller, envelope);
  expect(outcome, what).toMatchObject(reason === undefined ? { status: 402 } : { status: 402, reason });
  expect(seller.handlerRuns(), what).toBe(runs);
}

/** One response, and then never again. */
export async function expectServedOnce(seller: Seller, envelope: Envelope | string): Promise<void> {
  const runs = seller.handlerRuns();
  expect(await present(seller, envelope)).toMatchObject({ status: 200, settlement: { success: true } });
  expect(seller.handlerRuns()).toBe(runs + 1);
  await expectTurnedAway(seller, envelope, "duplicate_block_hash");
}

/** The handler ran before the settlement failed, and its response was withheld. */
export async function expectWithheld(seller: Seller, envelope: Envelope, reason: string): Promise<void> {
  const runs = seller.handlerRuns();
  expect(await present(seller, envelope)).toMatchObject({ status: 402, reason, settlement: { success: false } });
  expect(seller.handlerRuns()).toBe(runs + 1);
}

export async function expectHonestBuyerServed(world: EngineWorld, seller: Seller): Promise<void> {
  const bob = await world.payer();
  for (const track of TRACKS) {
    await expectServedOnce(seller, await payOn(bob, track, await fetchOffers(seller)));
  }
}
