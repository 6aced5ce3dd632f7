import { expect } from "vitest";
import { TRACKS } from "../../src/protocol/index.js";
import { payOn } from "../support/hand-payer.js";
import { withLease } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { LOSING, pay, successesOf } from "./support-facilitators.js";

/** R2, R3. One request, five hundred times at once. */

const COPIES = 500;
/** Each is three HTTP requests. */
const COPIES_OVER_HTTP = 100;

const many = <Result>(count: number, call: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => call(index)));

for (const track of TRACKS) {
  const broadcasts = track === "nanoTxn" ? 1 : 0;

  attack(`500 copies of ${track}, verified and then settled by two facilitators: one is served`, async (world) => {
    const { engine, other, ledgerFaults } = world;
    const facilitators = [engine, other] as const;
    const request = await pay(world, track);
    let handlerRuns = 0;
    const served = await many(COPIES, async (copy) => {
      const facilitator = facilitators[copy % 2] ?? engine;
      const { extra, invalidReason } = await facilitator.verify(request);
      if (extra === undefined) {
        expect(LOSING).toContain(invalidReason);
        return { success: false };
      }
      handlerRuns += 1;
      return facilitator.settle(withLease(request, extra.lease));
    });
    expect(handlerRuns).toBe(1);
    expect(successesOf(served)).toHaveLength(1);
    expect(ledgerFaults.countOf("process")).toBe(broadcasts);
  });

  attack(`500 copies of ${track}, settled at once by two facilitators: one is served`, async (world) => {
    const { engine, other, ledgerFaults } = world;
    const request = await pay(world, track);
    const answers = await many(COPIES, (copy) => (copy % 2 === 0 ? engine : other).settle(request));
    expect(successesOf(answers)).toHaveLength(1);
    for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
    expect(ledgerFaults.countOf("process")).toBe(broadcasts);
  });

  attack(`100 copies of ${track} to a stock server: the handler runs once`, async (world) => {
    const seller = await startSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const outcomes = await many(COPIES_OVER_HTTP, () => present(seller, proof));
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, reason } of outcomes) if (status !== 200) expect(LOSING).toContain(reason);
    expect(seller.handlerRuns()).toBe(1);
    expect(world.ledgerFaults.countOf("process")).toBe(broadcasts);
  });
}
