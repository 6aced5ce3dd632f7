import { expect } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { createLedger, type Ledger } from "x402-nano/rpc";
import type { DevLedgerNode, RpcFault } from "x402-nano/testing";
import type { EngineWorld } from "../support/engine-world.js";
import { answers } from "../support/faulty-ledger.js";
import { leaseOf, withLease } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { expectBuysOne, expectRefused, expectTurnedAway } from "./support-outcomes.js";

/** A node that calls a payment confirmed, or takes it, and then does not know it: lies, lags and forks (R5, R8, R10). */

const unconfirmed = { dev: { confirm: "never" } } as const;
/** Waits in vain hardly at all. */
const HURRIED = { confirmationTimeoutSeconds: 0.04, verifyTimeoutSeconds: 0.04 };

const CALLS_IT_CONFIRMED: RpcFault = {
  kind: "wrong",
  answer: (honest) => ("error" in honest ? honest : { ...honest, confirmed: "true" }),
};
const DOES_NOT_KNOW_IT: RpcFault = { kind: "error", error: "Block not found" };

/** As many as `agreement` says must agree on what is confirmed. */
function ledgerOn(world: EngineWorld, agreement: number, ...nodes: readonly DevLedgerNode[]): Ledger {
  const rpcUrls = nodes.map(({ rpcUrl }) => rpcUrl);
  const ledger = createLedger({ rpcUrls, agreement, pollIntervalMs: 5, onWarning: () => undefined });
  world.onClose(() => ledger.close());
  return ledger;
}

function hurriedOn(world: EngineWorld, ledger: Ledger): FacilitatorEngine {
  return createFacilitatorEngine({ ...world.facilitatorOptions, ...HURRIED, ledger });
}

attack(
  "seen confirmed by verify, unknown at settle: without the lease nothing is served, with it once",
  async (world) => {
    const { engine, other, dev } = world;
    const { request } = await world.payTrackB();
    const lease = await leaseOf(engine, request);
    const forgetful = dev.faults.rpc(DOES_NOT_KNOW_IT, { action: "block_info" });
    expect(await other.settle(request)).toMatchObject({ success: false, errorReason: "block_not_found" });
    expect(await other.settle(withLease(request, lease))).toMatchObject({ errorReason: "block_not_found" });
    // What is confirmed stays so: whoever verified it need not look again.
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    forgetful.stop();
    await expectRefused(other, request, "duplicate_block_hash");
  },
);

attack(
  "one node of three calls an unconfirmed payment confirmed: nothing is served before the others say so",
  async (world) => {
    const { dev } = world;
    const [liar, second, third] = [await dev.addNode(), await dev.addNode(), await dev.addNode()];
    const ledger = ledgerOn(world, 2, liar, second, third);
    const { request, hash } = await world.payTrackB();
    const lie = liar.faults.rpc(CALLS_IT_CONFIRMED, { action: "block_info" });
    await expectRefused(hurriedOn(world, ledger), request, "unconfirmed_block");
    expect(lie.hits).toBeGreaterThan(0);
    dev.confirm(hash);
    await expectBuysOne(createFacilitatorEngine({ ...world.facilitatorOptions, ledger }), request);
  },
  unconfirmed,
);

attack(
  "a wait that is told of a confirmation which never was",
  async (world) => {
    const { request, hash } = await world.payTrackB();
    world.ledgerFaults.always("waitForConfirmation", answers(true));
    await expectRefused(world.engine, request, "unconfirmed_block");
    world.ledgerFaults.heal();
    world.dev.confirm(hash);
    await expectBuysOne(world.engine, request);
  },
  unconfirmed,
);

/** The node takes the payer's block while it is cut off; the network confirms another one, and the node follows. */
async function fork(world: EngineWorld, node: DevLedgerNode): Promise<void> {
  const rival = await world.alice.send({ payTo: world.alice.address, amountRaw: 7n });
  world.dev.confirm(rival.hash);
  node.reconnect();
}

attack(
  "Track A, taken by a node on the losing side of a fork: pending, then void, never served",
  async (world) => {
    const node = await world.dev.addNode();
    const engine = hurriedOn(world, ledgerOn(world, 1, node));
    const { request, hash } = await world.payTrackA();
    const lease = await leaseOf(engine, request);
    node.disconnect();
    const settle = withLease(request, lease);
    const pending = { success: false, errorReason: "settlement_pending", transaction: hash.toUpperCase() };
    expect(await engine.settle(settle)).toMatchObject(pending);
    await expectRefused(engine, world.claimTrackB(hash), "unconfirmed_block");
    await fork(world, node);
    await expectRefused(engine, world.claimTrackB(hash), "block_not_found");
    expect(await engine.settle(settle)).toMatchObject({ success: false, errorReason: "frontier_changed" });
    expect(await world.journal()).toEqual([]);
    world.dev.confirmAll();
    await expectRefused(engine, request, "stale_frontier");
  },
  unconfirmed,
);

attack(
  "Track B, seen by a node on the losing side of a fork: not confirmed, then not there",
  async (world) => {
    const [node, second] = [await world.dev.addNode(), await world.dev.addNode()];
    const there = ledgerOn(world, 1, node);
    const one = hurriedOn(world, there);
    const both = hurriedOn(world, ledgerOn(world, 2, node, second));
    const { block, hash } = await world.payTrackA();
    node.disconnect();
    expect(await there.process(block, "send")).toMatchObject({ outcome: "accepted" });
    await expectRefused(one, world.claimTrackB(hash), "unconfirmed_block");
    const lie = node.faults.rpc(CALLS_IT_CONFIRMED, { action: "block_info" });
    await expectRefused(both, world.claimTrackB(hash), "unconfirmed_block");
    lie.stop();
    await fork(world, node);
    await expectRefused(one, world.claimTrackB(hash), "block_not_found");
    await expectRefused(both, world.claimTrackB(hash), "block_not_found");
  },
  unconfirmed,
);

attack(
  "at a stock server: the response is withheld, and the fork buys none",
  async (world) => {
    const node = await world.dev.addNode();
    const facilitatorOptions = { ...world.facilitatorOptions, ...HURRIED, ledger: ledgerOn(world, 1, node) };
    const seller = await startSeller({ ...world, facilitatorOptions });
    const proof = await world.alice.proveNanoTxn((await fetchOffers(seller)).nanoTxn);
    node.disconnect();
    expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "settlement_pending" });
    await fork(world, node);
    await expectTurnedAway(seller, proof, "stale_frontier");
    expect(seller.handlerRuns()).toBe(1);
  },
  unconfirmed,
);

attack("unknown for a moment, and there again: the payer waits, and is served once", async (world) => {
  const { request } = await world.payTrackB();
  const forgetful = world.dev.faults.rpc(DOES_NOT_KNOW_IT, { action: "block_info", times: 2 });
  await expectBuysOne(world.engine, request);
  expect(forgetful.hits).toBe(2);
});
