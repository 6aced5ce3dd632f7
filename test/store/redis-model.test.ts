import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RedemptionStore } from "../../src/store/index.js";
import { steady } from "../../src/store/steady-clock.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { type Actors, commands, createWorld, type World } from "./commands.js";
import { describeRedis, openStore } from "./redis-kit.js";

/** As `memory.property.test.ts`, with empty data for each run. */
describeRedis("random interleavings", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  test("give no hash two owners or two redemptions", async () => {
    const seen = new Set<string>();
    const stores: RedemptionStore[] = [];
    const setup = async (): Promise<{ model: Actors; real: World }> => {
      // A clock that was set back is none of the model: the server's is not read while nobody asks.
      let now = (): number => 0;
      const store = await openStore(server.url, { serverClock: () => now() });
      stores.push(store);
      return createWorld((clock) => {
        now = steady(clock);
        return store;
      }, seen);
    };
    await fc.assert(
      fc
        .asyncProperty(fc.commands(commands, { maxCommands: 120, size: "max" }), (run) => fc.asyncModelRun(setup, run))
        .afterEach(async () => {
          await stores.pop()?.close();
        }),
      { numRuns: process.env["X402_NANO_LONG"] === undefined ? 25 : 400, seed: 4 },
    );
    expect(seen.size).toBe(14);
  });
});
