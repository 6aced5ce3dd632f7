import { expect } from "vitest";
import { TRACKS } from "../../src/protocol/index.js";
import { payOn } from "../support/hand-payer.js";
import { leaseOf, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present } from "../support/sellers.js";
import { attack } from "./attack.js";
import { expectRefused, guessAt, pay } from "./support-facilitators.js";
import { duringTheHandler, startOpenSeller } from "./support-sellers.js";

/**
 * R3. `/release` is open to everybody who reaches the facilitator. Could the payer end the lease of its own payment
 * while the handler runs, the next copy would run it again; a stranger could do that to everybody.
 */

const SERVED = { status: 200, settlement: { success: true } };

/** All that is public of a token, and of others: account and hash can be read from the ledger. */
function guessesAt(lease: string): readonly unknown[] {
  const [account = "", hash = "", secret = ""] = lease.split(".");
  return [
    ...["", "x", account, hash, secret, `${account}.${hash}`, `${account}.${hash}.`, guessAt(lease)],
    ...[`${account}.${hash}.${account}`, `${account}.${hash}.${"*".repeat(64)}`, lease.slice(0, -1), `${lease}0`],
    ...[` ${lease}`, `${lease}\n`, lease.toUpperCase(), "__proto__", "constructor", `${hash}.${account}.${secret}`],
  ];
}

for (const track of TRACKS) {
  attack(`guesses at the lease of a ${track} payment, at two facilitators`, async (world) => {
    const { engine, other } = world;
    const mallory = await world.payer();
    const theirs = await leaseOf(engine, await pay(world, track, { by: mallory }));
    const request = await pay(world, track);
    const lease = await leaseOf(engine, request);
    const [account = "", hash = ""] = lease.split(".");
    const grafted = `${account}.${hash}.${theirs.slice(-64)}`;
    for (const guess of [...guessesAt(lease), grafted]) {
      for (const facilitator of [engine, other]) expect(await facilitator.release(String(guess))).toBe(false);
    }
    expect(await other.release(theirs)).toBe(true);
    expect(await engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(await other.release(lease)).toBe(false);
    await expectRefused([engine, other], request, "duplicate_block_hash");
  });

  attack(`releases posted while the handler of a ${track} payment runs, a copy after each`, async (world) => {
    const seller = await startOpenSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    // The form of the token is no secret: one that was given up shows it.
    const old = await leaseOf(world.engine, requestOf(proof));
    expect(await seller.ask("release", { lease: old })).toEqual({ released: true });
    const guesses = [old, ...guessesAt(old)];
    const answers: unknown[] = [];
    duringTheHandler(seller, async () => {
      for (const lease of guesses) answers.push(await seller.ask("release", { lease }));
      expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "payment_in_progress" });
    });
    expect(await present(seller, proof)).toMatchObject(SERVED);
    expect(answers).toEqual(guesses.map(() => ({ released: false })));
    expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  });
}
