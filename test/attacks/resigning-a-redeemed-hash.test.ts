import { createFacilitatorEngine } from "x402-nano/facilitator";
import { parseBlockHash } from "../../src/nano/index.js";
import { TRACKS } from "../../src/protocol/index.js";
import type { EngineWorld } from "../support/engine-world.js";
import { offersOf, requestOf } from "../support/offers.js";
import { CHALLENGE_SECRET } from "../support/world.js";
import { attack } from "./attack.js";
import { expectRefused, expectServedOnce, issuedUnder, pay } from "./support-facilitators.js";

/**
 * R1. The payer still has the key: for every fresh 402 it can sign the hash that it once paid with. Where the memory of
 * a redemption ends with the challenge, one payment buys a response a minute.
 */

const NEW_SECRET = "77".repeat(32);
const LATER_SECONDS = [0, 66, 3_600, 86_400, 3 * 365 * 86_400];

/** A node that was synced anew: the age limit sees nothing old, the store alone remembers. */
function dateEverythingToday({ ledgerFaults, clock }: EngineWorld): void {
  ledgerFaults.always("blockInfo", async (real, ...args) => {
    const info = await real(...args);
    return info && { ...info, localTimestampSeconds: Math.floor(clock() / 1000) };
  });
}

for (const track of TRACKS) {
  attack(
    `a hash redeemed through ${track}, signed again for fresh challenges, up to three years later`,
    async (world) => {
      const { engine, other, clock, claimTrackB } = world;
      const paid = await expectServedOnce([engine, other], await pay(world, track));
      dateEverythingToday(world);
      for (const seconds of LATER_SECONDS) {
        clock.advanceSeconds(seconds);
        const resigned = claimTrackB(parseBlockHash(paid.transaction));
        await expectRefused([engine, other], resigned, "duplicate_block_hash");
        const cheaper = claimTrackB(parseBlockHash(paid.transaction), { amountRaw: 10n });
        await expectRefused([engine, other], cheaper, "duplicate_block_hash");
      }
    },
  );

  attack(`a hash redeemed through ${track}, signed again after the challenge secret was rotated`, async (world) => {
    const { engine, other, otherOptions, alice, claimTrackB } = world;
    const rotated = createFacilitatorEngine({ ...otherOptions, challengeSecret: [NEW_SECRET, CHALLENGE_SECRET] });
    const forgetful = createFacilitatorEngine({ ...otherOptions, challengeSecret: NEW_SECRET });
    const { hash: unspent } = await world.payTrackB();
    const paid = await expectServedOnce([engine, other], await pay(world, track));
    const hash = parseBlockHash(paid.transaction);

    const fresh = issuedUnder(NEW_SECRET, offersOf(world).nanoSignature);
    const resigned = requestOf(alice.proveNanoSignature(fresh, hash));
    await expectRefused([rotated, forgetful], resigned, "duplicate_block_hash");
    await expectRefused([rotated], claimTrackB(hash), "duplicate_block_hash");
    await expectRefused([forgetful], claimTrackB(hash), "challenge_invalid");

    // Whoever held an offer when the secret was rotated is served under it, once.
    await expectServedOnce([rotated, engine], claimTrackB(unspent));
    await expectRefused(
      [rotated, forgetful],
      requestOf(alice.proveNanoSignature(fresh, unspent)),
      "duplicate_block_hash",
    );
  });
}
