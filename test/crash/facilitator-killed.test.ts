import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeRedis } from "../store/redis-kit.js";
import { createRandom } from "../support/nano.js";
import { type Bundle, bundleChild } from "./bundle.js";
import { startCrashWorld } from "./crash-world.js";
import { finish } from "./finish.js";
import { tallyOf } from "./killer.js";
import { startLoad } from "./load.js";
import type { StoreKind } from "./open-store.js";
import { openPlace } from "./places.js";
import { FAULTLESS, judge } from "./verdict.js";

/** `npm run test:long` kills a hundred times; seven kills are one in each stage of a settlement. */
const isLong = process.env["X402_NANO_LONG"] !== undefined;
const KILLS = isLong ? 100 : 7;
/** Decides who is killed when, and all else that is random. */
const SEED = Number(process.env["X402_NANO_SEED"] ?? 1);

const TITLE = `${String(KILLS)} times, and every payment is served once or was never made`;

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleChild("facilitator-process");
});
afterAll(() => bundle?.remove());

/** Milliseconds from a start to listening. */
function median(all: readonly number[]): number {
  return [...all].sort((left, right) => left - right)[all.length >> 1] ?? Number.NaN;
}

function killed(kind: StoreKind): void {
  test(TITLE, { timeout: 600_000 }, async () => {
    console.log(`X402_NANO_SEED=${String(SEED)}`);
    const random = createRandom(SEED);
    const place = await openPlace(kind);
    try {
      const world = await startCrashWorld({ bundle, place, seed: SEED, isThorough: isLong });
      try {
        const { network, killer, facilitator, buyer, front } = world;
        const load = startLoad({ buyer, random, lanes: 8, openPayer: network.openPayer });
        await Promise.race([killer.kill(KILLS), load.failed, facilitator.failed]);
        await load.stop();
        await facilitator.origin();
        await finish({ ledger: network.ledger, buyer, random });
        const verdict = await judge({ ...network, sales: buyer.sales.values(), fronts: [front] });
        console.log(kind, verdict, tallyOf(killer), median(facilitator.startsMs));
        expect(facilitator.kills).toBe(KILLS);
        expect(verdict).toMatchObject(FAULTLESS);
        expect(verdict.served + verdict.neverLanded).toBe(verdict.payments);
        // The window of R9 was hit, and closed.
        expect(front.lostSuccesses.size).toBeGreaterThan(0);
        // Whoever repeats a settle that had broadcast goes on with it: the journal says whose block it is (R10).
        const repeats = killer.strikes
          .filter(({ moment }) => moment === "the node has processed, and the answer is lost")
          .map((strike) => front.repeats.find(({ hash, atMs }) => hash === strike.hash && atMs > strike.atMs));
        expect(repeats.length).toBeGreaterThan(0);
        expect(repeats.map((repeat) => repeat?.reason)).not.toContain("block_already_landed");
        // Every shop stood the whole time.
        const statuses = [...buyer.sales.values()].flatMap(({ answers }) => answers.map(({ status }) => status));
        expect(statuses).not.toContain(0);
      } finally {
        await world.close();
      }
    } finally {
      await place.close();
    }
  });
}

describe.concurrent("the facilitator is killed", () => {
  describe("on SQLite", () => killed("sqlite"));
  describeRedis("on Redis", () => killed("redis"));
});
