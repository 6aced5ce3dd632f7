import { expect } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine, type VerifyAnswer } from "x402-nano/facilitator";
import type { TrackAPayment } from "../support/engine-world.js";
import { blockOf, leaseOf, withBlock, withLease } from "../support/offers.js";
import { PAY_TO } from "../support/world.js";
import { type AttackWorld, attack } from "./attack.js";
import { expectRefused, expectServedOnce, successesOf } from "./support-facilitators.js";

/**
 * Row 11. Two blocks on one `previous` are two payments of which the ledger takes one. Whoever lets both handlers run
 * has served one of them for nothing.
 */

const CHEAPER_RAW = 10n ** 26n;

async function signTwo({ payTrackA }: AttackWorld): Promise<readonly [TrackAPayment, TrackAPayment]> {
  const [first, second] = [await payTrackA(), await payTrackA({ amountRaw: CHEAPER_RAW })];
  expect(second.block.previous).toBe(first.block.previous);
  return [first, second];
}

/** Only the winner's block follows: its payer has paid once, and once only. */
async function expectOnLedger({ ledger, alice, journal }: AttackWorld, winner: TrackAPayment): Promise<void> {
  const account = await ledger.accountInfo(alice.account);
  expect(account).toMatchObject({ frontier: winner.hash, balanceRaw: winner.block.balanceRaw });
  expect(await journal()).toEqual([]);
}

async function expectOneServed(
  world: AttackWorld,
  payments: readonly [TrackAPayment, TrackAPayment],
  answers: readonly { readonly success: boolean; readonly transaction: string }[],
): Promise<void> {
  const [success, ...more] = successesOf(answers);
  expect(more).toEqual([]);
  const [winner, loser] = payments[0].hash === success?.transaction.toLowerCase() ? payments : payments.toReversed();
  if (winner === undefined || loser === undefined) throw new TypeError("nobody was served");
  await expectOnLedger(world, winner);
  const facilitators = [world.engine, world.other];
  await expectRefused(facilitators, winner.request, "duplicate_block_hash");
  await expectRefused(facilitators, loser.request, "stale_frontier");
}

attack("two blocks on one frontier, to two facilitators: one of them is held", async (world) => {
  const { engine, other } = world;
  const [first, second] = await signTwo(world);
  const answers = await Promise.all([engine.verify(first.request), other.verify(second.request)]);
  expect(answers.filter(({ isValid }) => isValid)).toHaveLength(1);
  expect(answers.find(({ isValid }) => !isValid)).toMatchObject({ invalidReason: "duplicate_frontier" });
});

attack(
  "two blocks on one frontier, to one facilitator: the second waits until the first is given up",
  async (world) => {
    const { engine, other } = world;
    const [first, second] = await signTwo(world);
    const lease = await leaseOf(engine, first.request);
    await expectRefused([engine, other], second.request, "duplicate_frontier");
    expect(await engine.release(lease)).toBe(true);
    await expectServedOnce([engine, other], second.request);
    await expectOnLedger(world, second);
    await expectRefused([engine, other], first.request, "stale_frontier");
  },
);

attack(
  "two blocks on one frontier, each verified and settled, to one facilitator and to two: one is served",
  async (world) => {
    const { engine, other } = world;
    const places: readonly (readonly [FacilitatorEngine, FacilitatorEngine])[] = [
      [engine, engine],
      [engine, other],
    ];
    for (const facilitators of places) {
      const payments = await signTwo(world);
      const answers = await Promise.all(
        facilitators.map(async (facilitator, index) => {
          const { request } = payments[index] ?? payments[0];
          const { extra } = await facilitator.verify(request);
          return extra === undefined ? undefined : facilitator.settle(withLease(request, extra.lease));
        }),
      );
      await expectOneServed(
        world,
        payments,
        answers.filter((answer) => answer !== undefined),
      );
    }
  },
);

attack("two blocks on one frontier, settled at once by two servers that never verify: one is served", async (world) => {
  const { engine, other, ledgerFaults } = world;
  const payments = await signTwo(world);
  const answers = await Promise.all([engine.settle(payments[0].request), other.settle(payments[1].request)]);
  await expectOneServed(world, payments, answers);
  expect(ledgerFaults.countOf("process")).toBe(1);
});

attack(
  "two blocks on one frontier: the second comes while work is computed for the first, beyond its lease",
  async (world) => {
    const { engine, other, facilitatorOptions, payTrackA, ledgerFaults, clock } = world;
    const attaching = createFacilitatorEngine({ ...facilitatorOptions, workPolicy: "attach" });
    const first = await payTrackA({ maxTimeoutSeconds: 30 });
    const second = await payTrackA({ amountRaw: CHEAPER_RAW, maxTimeoutSeconds: 600 });
    const { work: _work, ...bare } = blockOf(first.request);
    let held: VerifyAnswer | undefined;
    ledgerFaults.next("generateWork", async (real, ...args) => {
      clock.advanceSeconds(90);
      held = await other.verify(second.request);
      return real(...args);
    });
    const answers = [await attaching.settle(withBlock(first.request, bare))];
    // A store whose leases run on a clock of its own may still hold the first one.
    const lease = held?.extra?.lease;
    expect(successesOf(answers)).toHaveLength(lease === undefined ? 1 : 0);
    if (lease !== undefined) answers.push(await engine.settle(withLease(second.request, lease)));
    expect(successesOf(answers)).toHaveLength(1);
    expect(ledgerFaults.countOf("process")).toBe(1);
    await expectOnLedger(world, lease === undefined ? first : second);
  },
);

attack(
  "a second and a third block on the frontier of one that is pending",
  async (world) => {
    const { dev, engine, other, hurried, alice, ledger, ledgerFaults } = world;
    const [first, second] = await signTwo(world);
    const settle = withLease(first.request, await leaseOf(engine, first.request));
    expect(await hurried.settle(settle)).toMatchObject({ success: false, errorReason: "settlement_pending" });
    await expectRefused([engine, other], second.request, "stale_frontier");
    const third = await alice.signSend({ payTo: PAY_TO, amountRaw: 7n, previous: first.block.previous });
    expect(await ledger.process(third, "send")).toMatchObject({ outcome: "refused" });
    dev.confirmAll();
    await expectOneServed(world, [first, second], [await other.settle(settle)]);
    expect(ledgerFaults.countOf("process")).toBe(1);
  },
  { dev: { confirm: "never" } },
);
