import { expect } from "vitest";
import { nanoAccepts } from "x402-nano/server";
import { TRACKS } from "../../src/protocol/index.js";
import { type Envelope, payOn } from "../support/hand-payer.js";
import { leaseOf, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present, type SellerOptions, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { attack } from "./attack.js";
import { expectRefused, guessAt, pay } from "./support-facilitators.js";

/**
 * R3. The token of a lease is the server's alone: it lifts the expiry, and after the redemption it gets the stored
 * success again. A client that could bring one would be served over and over. Here it knows even the right one.
 */

const SERVED = { status: 200, settlement: { success: true } };
const MADE_UP = `${"11".repeat(32)}.${"22".repeat(32)}.${"33".repeat(32)}`;

const upfront = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO", paymentFlow: "upfront" });
const HOSTS: Readonly<Record<string, SellerOptions>> = {
  "a stock server": {},
  "a stock server in one process with its facilitator": { host: "hono", facilitator: "in-process" },
  "a settle-first server": { accepts: upfront },
  "a settle-first server in one process with its facilitator": { facilitator: "in-process", accepts: upfront },
};

const inPayload = (proof: Envelope, lease: unknown): Envelope => ({ ...proof, payload: { ...proof.payload, lease } });

/** As text: an object literal has no way to say a key `__proto__` of its own, JSON has. */
function withFirstKey(proof: Envelope, json: string): string {
  const { payload, ...envelope } = proof;
  const spoilt = JSON.stringify(payload).replace(/^\{/, `{${json},`);
  const text = JSON.stringify(envelope).replace(/\}$/, `,"payload":${spoilt}}`);
  return Buffer.from(text).toString("base64");
}

/** Where a lease is not looked for, or should not be found. */
function hideouts(proof: Envelope, lease: string): readonly unknown[] {
  const { accepted, payload } = proof;
  const offer = Object(accepted);
  const block = typeof payload["block"] === "object" ? { block: { ...payload["block"], lease } } : {};
  return [
    withFirstKey(proof, `"__proto__":{"lease":"${lease}"}`),
    withFirstKey(proof, `"constructor":{"prototype":{"lease":"${lease}"}}`),
    { ...proof, lease },
    { ...proof, extra: { lease } },
    { ...proof, accepted: { ...offer, extra: { ...offer.extra, lease } } },
    { ...proof, payload: { ...payload, ...block, extra: { lease }, Lease: lease, leases: [lease] } },
  ];
}

for (const track of TRACKS) {
  for (const [name, options] of Object.entries(HOSTS)) {
    attack(
      `a lease in ${track}'s payload, the right one too, before and after it redeemed, to ${name}`,
      async (world) => {
        const seller = await startSeller(world, options);
        const offers = await fetchOffers(seller);
        const proof = await payOn(world.alice, track, offers);
        const lease = await leaseOf(world.engine, requestOf(proof));
        const expectMalformed = async (brought: unknown) =>
          expect(await present(seller, brought)).toMatchObject({ status: 402, reason: "malformed_payload" });
        for (const brought of [lease, guessAt(lease), MADE_UP, "", null, 7, {}, [lease]]) {
          await expectMalformed(inPayload(proof, brought));
        }
        await expectMalformed(withFirstKey(proof, `"lease":"${MADE_UP}","lease":"${lease}"`));

        expect(await world.engine.settle(withLease(requestOf(proof), lease))).toMatchObject({ success: true });
        await expectMalformed(inPayload(proof, lease));
        for (const hidden of hideouts(proof, lease)) {
          expect(await present(seller, hidden)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
        }
        expect(seller.handlerRuns()).toBe(0);

        const honest = await payOn(await world.payer(), track, offers);
        expect(await present(seller, honest)).toMatchObject(SERVED);
        expect(seller.handlerRuns()).toBe(1);
      },
    );
  }

  attack(`a lease copied from another payment into ${track}'s settle`, async (world) => {
    const { engine, other, clock } = world;
    const bob = await world.payer();
    const [mine, theirs] = [await pay(world, track), await pay(world, track, { by: bob })];
    const [myLease, theirLease] = [await leaseOf(engine, mine), await leaseOf(engine, theirs)];
    const stolen = withLease(mine, theirLease);
    for (const facilitator of [engine, other]) {
      expect(await facilitator.settle(stolen)).toMatchObject({ errorReason: "payment_in_progress" });
      expect(await facilitator.verify(stolen)).toMatchObject({ invalidReason: "malformed_payload" });
    }
    const served = await engine.settle(withLease(theirs, theirLease));
    expect(served).toMatchObject({ success: true, payer: bob.address });
    // The token of a redemption is good for that payment alone.
    expect(await engine.settle(stolen)).toMatchObject({ success: false, errorReason: "payment_in_progress" });
    clock.advanceSeconds(67);
    expect(await engine.settle(stolen)).toMatchObject({ success: false, errorReason: "payment_expired" });
    expect(await engine.settle(withLease(mine, myLease))).toMatchObject({ success: true, payer: world.alice.address });
    expect(await engine.settle(stolen)).toMatchObject({ success: false });
  });

  attack(`a made-up lease in ${track}'s settle, with nothing verified before: judged in full, once`, async (world) => {
    const { engine, other, alice } = world;
    const request = await pay(world, track);
    expect(await engine.settle(withLease(request, MADE_UP))).toMatchObject({ success: true, payer: alice.address });
    for (const facilitator of [engine, other]) {
      const again = await facilitator.settle(withLease(request, MADE_UP));
      expect(again).toMatchObject({ success: false, errorReason: "duplicate_block_hash" });
    }
    await expectRefused([engine, other], request, "duplicate_block_hash");
  });
}
