import { expect } from "vitest";
import type { EngineWorld, TrackAPayment } from "../support/engine-world.js";
import { lostBeforeTaken, preceded } from "../support/faulty-ledger.js";
import { leaseOf, withLease } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { blockIn } from "./support-blocks.js";
import { expectBuysOne, expectRefused, expectServedOnce, expectTurnedAway } from "./support-outcomes.js";

/**
 * The connection to the node is cut after it took the block: the facilitator cannot know, says so, and whoever comes
 * next gets the one response or nothing (R8, R9, R10).
 */

/** Once the node has taken the block, it answers nobody until its faults are cleared. */
function cutAfterProcess({ dev, ledgerFaults }: EngineWorld): void {
  dev.faults.rpc({ kind: "dropped", when: "after" }, { action: "process" });
  const fallSilent = () => dev.faults.rpc({ kind: "dropped", when: "before" }, { action: "block_info" });
  ledgerFaults.next("process", preceded(fallSilent));
}

interface Pending extends TrackAPayment {
  readonly lease: string;
}

/** Verified, handed in, and nobody knows. */
async function leavePending(world: EngineWorld): Promise<Pending> {
  const payment = await world.payTrackA();
  const lease = await leaseOf(world.engine, payment.request);
  cutAfterProcess(world);
  const answer = await world.hurried.settle(withLease(payment.request, lease));
  world.dev.faults.clear();
  const transaction = payment.hash.toUpperCase();
  expect(answer).toMatchObject({ success: false, errorReason: "settlement_pending", transaction });
  expect(await world.journal()).toEqual([payment.hash]);
  return { ...payment, lease };
}

attack("the node can be asked again at once: settled, from one block that was handed in once", async (world) => {
  const { request } = await world.payTrackA();
  const lease = await leaseOf(world.engine, request);
  const cut = world.dev.faults.rpc({ kind: "dropped", when: "after" }, { action: "process", times: 1 });
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  expect(cut.hits).toBe(1);
  await expectRefused(world.other, request, "duplicate_block_hash");
});

attack(
  "the same token, at this facilitator and at another: the same success, and nothing for anybody else",
  async (world) => {
    const { request, lease, hash } = await leavePending(world);
    const first = await world.engine.settle(withLease(request, lease));
    expect(first).toMatchObject({ success: true, transaction: hash.toUpperCase() });
    expect(await world.other.settle(withLease(request, lease))).toEqual(first);
    expect(world.ledgerFaults.countOf("process")).toBe(1);
    expect(await world.journal()).toEqual([]);
    await expectRefused(world.other, request, "duplicate_block_hash");
    await expectRefused(world.other, world.claimTrackB(hash), "duplicate_block_hash");
  },
);

attack("whoever has not the token, or makes one up, is sent to Track B, at every facilitator", async (world) => {
  const { request, lease, hash } = await leavePending(world);
  const [account, , secret = ""] = lease.split(".");
  const madeUp = ["x", `${String(account)}.${hash}.${"0".repeat(64)}`, `${hash}.${String(account)}.${secret}`];
  for (const engine of [world.engine, world.other]) {
    await expectRefused(engine, request, "block_already_landed");
    for (const token of madeUp) {
      const answer = await engine.settle(withLease(request, token));
      expect(answer).toMatchObject({ success: false, errorReason: "block_already_landed" });
    }
  }
  await expectBuysOne(world.other, world.claimTrackB(hash));
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({
    success: false,
    errorReason: "duplicate_block_hash",
  });
});

attack("the token at two facilitators and the payer through Track B, all at once: one response", async (world) => {
  const { request, lease, hash } = await leavePending(world);
  const resumed = withLease(request, lease);
  const answers = await Promise.all([
    world.engine.settle(resumed),
    world.other.settle(world.claimTrackB(hash)),
    world.other.settle(resumed),
    world.engine.settle(request),
  ]);
  const [byToken, byPayer, byTokenElsewhere, byStranger] = answers.map(({ success }) => success);
  // Who holds the token is one server, and gets one answer however often it asks (R4).
  expect([byToken === true || byTokenElsewhere === true, byPayer].filter((isServed) => isServed)).toHaveLength(1);
  expect(byStranger).toBe(false);
  await expectRefused(world.engine, world.claimTrackB(hash), "duplicate_block_hash");
});

attack("at a stock server: the buyer has the hash, pays nothing again, and is served once", async (world) => {
  // It gives up waiting at once.
  const facilitatorOptions = { ...world.facilitatorOptions, confirmationTimeoutSeconds: 0.04 };
  const seller = await startSeller({ ...world, facilitatorOptions });
  const { nanoTxn, nanoSignature } = await fetchOffers(seller);
  const proof = await world.alice.proveNanoTxn(nanoTxn);
  const { hash } = blockIn(proof);
  seller.onHandler(async () => {
    seller.onHandler(async () => undefined);
    cutAfterProcess(world);
  });
  const transaction = hash.toUpperCase();
  const settlement = { success: false, errorReason: "settlement_pending", transaction };
  expect(await present(seller, proof)).toMatchObject({ status: 402, settlement });
  world.dev.faults.clear();
  await expectTurnedAway(seller, proof, "block_already_landed");
  expect(seller.handlerRuns()).toBe(1);
  await expectServedOnce(seller, world.alice.proveNanoSignature(nanoSignature, hash));
  await expectTurnedAway(seller, proof, "duplicate_block_hash");
});

attack("the block did not arrive after all: pending all the same, and the token hands it in again", async (world) => {
  const { request, hash } = await world.payTrackA();
  const lease = await leaseOf(world.engine, request);
  world.ledgerFaults.next("process", lostBeforeTaken);
  const answer = await world.hurried.settle(withLease(request, lease));
  expect(answer).toMatchObject({ errorReason: "settlement_pending", transaction: hash.toUpperCase() });
  expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  await expectRefused(world.other, request, "duplicate_block_hash");
});
