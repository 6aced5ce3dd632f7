import { expect } from "vitest";
import { parseBlockHash } from "../../src/nano/index.js";
import { TRACKS } from "../../src/protocol/index.js";
import { payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present } from "../support/sellers.js";
import { attack } from "./attack.js";
import { expectRefused, pay } from "./support-facilitators.js";
import { duringTheHandler, startOpenSeller } from "./support-sellers.js";

/**
 * R9. A settle repeated with the lease that redeemed the block gets the stored success, for the server whose answer was
 * lost. Somebody who got hold of that token later (a log, a proxy) learns what was settled, and is not served.
 */

for (const track of TRACKS) {
  attack(`the token that redeemed a ${track} payment, replayed at both facilitators for ever`, async (world) => {
    const { engine, other, alice, clock } = world;
    const request = await pay(world, track);
    const lease = await leaseOf(engine, request);
    const settle = withLease(request, lease);
    const paid = await engine.settle(settle);
    expect(paid).toMatchObject({ success: true, payer: alice.address });
    for (const seconds of [0, 66, 30 * 86_400]) {
      clock.advanceSeconds(seconds);
      for (const facilitator of [engine, other]) {
        expect(await facilitator.settle(settle)).toEqual(paid);
        expect(await facilitator.verify(settle)).toMatchObject({ invalidReason: "malformed_payload" });
        expect(await facilitator.release(lease)).toBe(false);
      }
    }
    const hash = parseBlockHash(paid.transaction);
    for (const amountRaw of [10n, BigInt(offersOf(world).nanoSignature.amount)]) {
      const resigned = withLease(world.claimTrackB(hash, { amountRaw }), lease);
      for (const facilitator of [engine, other]) {
        expect(await facilitator.settle(resigned)).toMatchObject({ errorReason: "duplicate_block_hash" });
      }
    }
    const next = await pay(world, track);
    const served = await other.settle(withLease(next, lease));
    expect(served).toMatchObject({ success: true });
    expect(served.transaction).not.toBe(paid.transaction);
    await expectRefused([engine, other], next, "duplicate_block_hash");
  });

  attack(`a token taken while the handler of a ${track} payment runs: no second run`, async (world) => {
    const { store, alice } = world;
    const seller = await startOpenSeller(world);
    const offers = await fetchOffers(seller);
    const proof = await payOn(alice, track, offers);
    const request = requestOf(proof);
    const [account, hash] = [alice.account, await hashOf()];
    duringTheHandler(seller, async () => {
      const { token } = await store.get({ account, hash });
      const stolen = withLease(request, token);
      expect(await seller.ask("settle", stolen)).toMatchObject({ success: true });
      expect(await present(seller, stolen.paymentPayload)).toMatchObject({ reason: "malformed_payload" });
      expect(await present(seller, proof)).toMatchObject({ reason: "duplicate_block_hash" });
      expect(await seller.ask("release", { lease: token })).toEqual({ released: false });
    });
    // The server holds the same token, so what was settled with it is its own payment.
    expect(await present(seller, proof)).toMatchObject({ status: 200, settlement: { success: true } });
    expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);

    async function hashOf(): Promise<string> {
      const lease = await leaseOf(world.engine, request);
      await world.engine.release(lease);
      return lease.split(".")[1] ?? "";
    }
  });
}
