import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { createDevNetwork } from "../../src/dev-ledger/genesis.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import { cryptoReady } from "../../src/nano/index.js";
import { moves } from "./ledger-moves.js";
import { LedgerWorld } from "./ledger-world.js";

/** Thresholds of zero let any work pass, so that runs are fast. */
let network: DevNetwork;

beforeAll(async () => {
  await cryptoReady();
  network = createDevNetwork({ entry: 0n, send: 0n, receive: 0n });
});

describe("whatever blocks come", () => {
  test("no raw is made or lost, one block follows another, what is confirmed stays, forced forks or not", () => {
    const totals = { accepted: 0, removed: 0, cameInLater: 0, confirmed: 0, forcedOnConfirmed: 0 };
    fc.assert(
      fc.property(moves(20, 80), (steps) => {
        const world = new LedgerWorld(network);
        for (const step of steps) world.play(step);
        world.check();
        for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += world.totals[name];
      }),
      { numRuns: 120, seed: 20 },
    );
    // The property means nothing where nothing happens.
    expect(totals.accepted).toBeGreaterThan(1000);
    expect(totals.removed).toBeGreaterThan(100);
    expect(totals.cameInLater).toBeGreaterThan(60);
    expect(totals.confirmed).toBeGreaterThan(400);
    expect(totals.forcedOnConfirmed).toBeGreaterThan(60);
  });

  test("a gap block is kept once, however often it comes", () => {
    const world = new LedgerWorld(network);
    const block = world.build({ owner: 1, other: 2, act: "change", amount: 3, flaw: "unknown previous", force: false });
    for (let time = 0; time < 3; time += 1) expect(world.processor.process(block)).toBe("gap_previous");
    expect(world.processor.gapCount).toBe(1);
  });
});
