import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryStore } from "../../src/store/index.js";
import { type Actors, commands, createWorld, type World } from "./commands.js";

/**
 * Random interleavings of honest and hostile callers. The model knows who may hold what by the rules of SPEC 4; the
 * store must never let two callers own a hash or a `previous`, redeem a hash twice, or forget that it is redeemed, and
 * must not refuse what nothing stands in the way of.
 */
test("no interleaving gives a hash two owners or two redemptions", async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 120, size: "max" }), async (run) => {
      const setup = (): { model: Actors; real: World } => createWorld((clock) => memoryStore({ clock }));
      await fc.asyncModelRun(setup, run);
    }),
    { numRuns: 500 },
  );
});

test("the commands reach every outcome, so that the property says something", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 120, size: "max" }), async (run) => {
      const world = createWorld((clock) => memoryStore({ clock }), seen);
      await fc.asyncModelRun(() => world, run);
    }),
    { numRuns: 200, seed: 1 },
  );
  expect([...seen].sort()).toEqual([
    "advance advanced broadcasting",
    "advance advanced closed",
    "advance advanced redeemed",
    "advance lost",
    "advance redeemed",
    "claim claimed settle",
    "claim claimed verify",
    "claim continued",
    "claim in_progress",
    "claim previous_taken",
    "claim redeemed",
    "claim took over",
    "release false",
    "release true",
  ]);
});
