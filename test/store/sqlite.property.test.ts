import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { commands, createCommandClock, createWorldOn } from "./commands.js";
import { createSqlitePlace, removePlaces, type SqlitePlace } from "./sqlite-support.js";

afterAll(removePlaces);

/** As the memory store, and with the file copied in the middle: what a machine finds that lost its power there. */
test("no interleaving gives a hash two owners or two redemptions, nor does a crash", async () => {
  const run = fc.commands(commands, { maxCommands: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(run, run, async (before, after) => {
      const clock = createCommandClock();
      const open = (place: SqlitePlace) => place.open({ clock: () => clock.nowMs });
      const place = createSqlitePlace();
      const first = await open(place);
      const { model, real } = createWorldOn(first, clock);
      await fc.asyncModelRun(() => ({ model, real }), before);
      // A step back between two processes is tested elsewhere; leases are cut there, which the model knows nothing of.
      clock.nowMs = Math.max(clock.nowMs, model.nowMs);
      const crashed = place.afterCrash();
      await first.close();
      const second = await open(crashed);
      model.nowMs = clock.nowMs;
      await fc.asyncModelRun(() => ({ model, real: { ...real, store: second } }), after);
      await second.close();
    }),
    { numRuns: 25 },
  );
});

test("a batch that the disk refuses has not happened, for any of its callers", async () => {
  const step = fc.record({ hash: fc.nat({ max: 5 }), redeem: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.array(step, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(/COMMIT/, /BEGIN/, /INSERT/, /DELETE|INSERT INTO redemption/),
      async (kept, refused, failing) => {
        const place = createSqlitePlace();
        const store = await place.open();
        const tokens = new Map<number, string>();
        const act = async ({ hash, redeem }: { hash: number; redeem: boolean }): Promise<void> => {
          const token = tokens.get(hash);
          if (redeem && token !== undefined) {
            await store.advance(token, { to: "redeemed", result: "done" });
            return;
          }
          const key = { account: digits(0xacc), hash: digits(hash) };
          const claimed = await store.claim({ ...key, purpose: "verify", paymentId: "one", leaseMs: 60_000 });
          if (claimed.outcome === "claimed") tokens.set(hash, claimed.token);
        };
        const look = () =>
          Promise.all(
            Array.from({ length: 6 }, (_, hash) => store.get({ account: digits(0xacc), hash: digits(hash) })),
          );
        for (const each of kept) await act(each);
        const before = await look();
        place.disk.failing = failing;
        const results = await Promise.allSettled(refused.map(act));
        place.disk.failing = undefined;
        const after = await look();
        if (place.disk.failures.length > 0) {
          expect(results.every(({ status }) => status === "rejected")).toBe(true);
          expect(after).toEqual(before);
        }
        const crashed = await place.afterCrash().open();
        for (const [hash, view] of after.entries()) {
          const key = { account: digits(0xacc), hash: digits(hash) };
          expect(await crashed.get(key)).toEqual(view);
        }
        await Promise.all([store.close(), crashed.close()]);
      },
    ),
    { numRuns: 40 },
  );
});

function digits(number: number): string {
  return number.toString(16).padStart(64, "0");
}
