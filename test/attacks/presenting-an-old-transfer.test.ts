import { createFacilitatorEngine } from "x402-nano/facilitator";
import { offersOf, proveBlock, requestOf } from "../support/offers.js";
import { attack } from "./attack.js";
import { expectRefused, expectServedOnce } from "./support-facilitators.js";

/**
 * R5, R6. Everything that was ever sent to `payTo` is on the ledger: a donation, a withdrawal, a payment that a store
 * long gone redeemed. None of it may buy anything now.
 */

const AGE_LIMIT_SECONDS = 3_600;

attack("one's own transfer, a second older than the age limit", async (world) => {
  const { engine, other, clock, payTrackB, claimTrackB } = world;
  const { hash: old } = await payTrackB();
  clock.advanceSeconds(1);
  const { hash: young } = await payTrackB();
  clock.advanceSeconds(AGE_LIMIT_SECONDS);
  await expectRefused([engine, other], claimTrackB(old), "payment_too_old");
  // A payer whose response was lost has this long to come back (R5).
  await expectServedOnce([engine, other], claimTrackB(young));
});

attack("one's own transfer from before the store was made, in its very second and long before", async (world) => {
  const { clock, facilitatorOptions, payTrackB, claimTrackB, createEmptyStore } = world;
  const { hash: earlier } = await payTrackB();
  clock.advanceSeconds(600);
  const { hash: sameSecond } = await payTrackB();
  const young = createFacilitatorEngine({ ...facilitatorOptions, store: await createEmptyStore() });
  for (const hash of [earlier, sameSecond]) await expectRefused([young], claimTrackB(hash), "payment_too_old");
  clock.advanceSeconds(1);
  const { hash } = await payTrackB();
  await expectServedOnce([young], claimTrackB(hash));
  await expectRefused([young], claimTrackB(earlier), "payment_too_old");
});

attack("one's own transfer, when the node does not say how old it is, or dates it in the future", async (world) => {
  const { engine, other, ledgerFaults, clock, payTrackB, claimTrackB } = world;
  const { hash } = await payTrackB();
  for (const localTimestampSeconds of [0, clock() / 1000 + 61]) {
    ledgerFaults.always("blockInfo", async (real, ...args) => {
      const info = await real(...args);
      return info && { ...info, localTimestampSeconds };
    });
    await expectRefused([engine, other], claimTrackB(hash), "payment_too_old");
  }
  ledgerFaults.heal();
  await expectServedOnce([engine, other], claimTrackB(hash));
});

attack("somebody else's transfer, signed for with one's own key", async (world) => {
  const { engine, other, alice, clock, claimTrackB } = world;
  const mallory = await world.payer();
  const { hash, block } = await alice.send({ payTo: offersOf(world).nanoSignature.payTo, amountRaw: 10n ** 27n });
  for (const seconds of [0, AGE_LIMIT_SECONDS - 60]) {
    clock.advanceSeconds(seconds);
    const { nanoTxn, nanoSignature } = offersOf(world);
    const proof = mallory.proveNanoSignature(nanoSignature, hash);
    await expectRefused([engine, other], requestOf(proof), "sender_mismatch");
    const posing = { ...proof, payload: { ...proof.payload, account: alice.address } };
    await expectRefused([engine, other], requestOf(posing), "invalid_signature");
    await expectRefused([engine, other], requestOf(proveBlock(nanoTxn, block)), "block_already_landed");
  }
  await expectServedOnce([engine, other], claimTrackB(hash));
});
