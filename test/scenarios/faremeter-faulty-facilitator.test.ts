import { afterEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, createFacilitatorRouter, memoryStore } from "x402-nano/facilitator";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type FaremeterBuyer, openFaremeterBuyer, paymentsReceived } from "../support/faremeter-clients.js";
import {
  type AroundRouter,
  type FaremeterSeller,
  startFacilitatorRouter,
  startFaremeterSeller,
} from "../support/faremeter-sellers.js";
import {
  advanceFailsTo,
  type FaultyStore,
  faultyStore,
  redeemedAnswerLost,
  storeDown,
} from "../support/faulty-store.js";
import { startWorld, type World } from "../support/world.js";

/**
 * Issue 5: a facilitator that answers late, fails once, or dies between verify and settle. Every purchase makes one send,
 * and is served when the buyer asks again, with one exception (SPEC R9): where the answer to a settle is lost after the
 * redemption was committed, and the host has no token to ask again with. That is each remote Faremeter server, and the
 * settle-first ones in process. Those purchases stay unserved, and are never paid again.
 */

let world: World;
afterEach(() => world.close());

/** Longer than any lease. */
const LEASE_SECONDS = 61;

/** Who buys a second time in one world needs another seed. */
function openBuyer(
  prefer: Track,
  more: Parameters<typeof openFaremeterBuyer>[1] & { readonly index?: number } = {},
): Promise<FaremeterBuyer> {
  const { index = 0, purse, ...rest } = more;
  const seed = (index + 1).toString(16).padStart(64, "0");
  return openFaremeterBuyer(world, {
    prefer,
    seed,
    ...rest,
    purse: { ledger: world.ledger, rpcUrls: undefined, ...purse },
  });
}

/** One call of the stock client, which tries three times. The status, or what it throws. */
async function ask({ buyer }: FaremeterBuyer, seller: FaremeterSeller): Promise<number | string> {
  try {
    return (await buyer()(seller.url)).status;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Asks until it is served, at most `times`; leases run out in between. */
async function askUntilServed(buyer: FaremeterBuyer, seller: FaremeterSeller, times = 4): Promise<boolean> {
  for (let time = 0; time < times; time += 1) {
    if ((await ask(buyer, seller)) === 200) return true;
    world.clock.advanceSeconds(LEASE_SECONDS);
  }
  return false;
}

type Path = "/accepts" | "/verify" | "/settle";
type When = "before" | "after";

const FAULTS: Readonly<Record<string, (drop: () => Response) => Response>> = {
  "500": () => new Response("broken", { status: 500 }),
  "503 with JSON": () => Response.json({ error: "store_unavailable" }, { status: 503 }),
  "a destroyed connection": (drop) => drop(),
  "garbage for JSON": () => new Response('{"success": tr', { headers: { "Content-Type": "application/json" } }),
  "JSON of another kind": () => Response.json(["success"]),
};

/** A facilitator that fails as planned, once for each plan, before or after it did its work. */
async function startFailing(authorizeBeforeCapture: boolean) {
  const plans: { readonly path: Path; readonly when: When; readonly fault: string; skip: number }[] = [];
  const around: AroundRouter = async (request, answer, drop) => {
    const plan = plans.find(({ path }) => request.url.endsWith(path));
    if (plan === undefined || plan.skip > 0) {
      if (plan !== undefined) plan.skip -= 1;
      return answer();
    }
    plans.splice(plans.indexOf(plan), 1);
    if (plan.when === "after") await answer();
    return FAULTS[plan.fault]?.(drop) ?? expect.fail();
  };
  const facilitatorUrl = await startFacilitatorRouter(world, around);
  const seller = await startFaremeterSeller(world, {
    place: "remote uncached",
    facilitatorUrl,
    authorizeBeforeCapture,
  });
  return { seller, plans };
}

const CASES: readonly { path: Path; when: When; authorizeFirst: boolean; skip?: number; isLost?: boolean }[] = [
  // Before anything is paid, and then for the request that carries the payment.
  { path: "/accepts", when: "before", authorizeFirst: false },
  { path: "/accepts", when: "before", authorizeFirst: false, skip: 1 },
  { path: "/accepts", when: "after", authorizeFirst: true, skip: 1 },
  { path: "/verify", when: "before", authorizeFirst: true },
  { path: "/verify", when: "after", authorizeFirst: true },
  { path: "/settle", when: "before", authorizeFirst: false },
  { path: "/settle", when: "before", authorizeFirst: true },
  // The exception.
  { path: "/settle", when: "after", authorizeFirst: false, isLost: true },
  { path: "/settle", when: "after", authorizeFirst: true, isLost: true },
];

describe.each(CASES)("remote, $path fails once, $when its work, authorize-first: $authorizeFirst", (setup) => {
  const { path, when, authorizeFirst, skip = 0, isLost = false } = setup;

  test.each(TRACKS)("%s: one send, whatever the fault is", async (track) => {
    world = await startWorld();
    const { seller, plans } = await startFailing(authorizeFirst);
    const faults = Object.keys(FAULTS);
    for (const [index, fault] of faults.entries()) {
      const buyer = await openBuyer(track, { index });
      plans.push({ path, when, fault, skip });
      expect(await askUntilServed(buyer, seller), fault).toBe(!isLost);
      expect(plans, fault).toEqual([]);
      expect(await paymentsReceived(world), fault).toBe(index + 1);
      const lost = [{ lastReason: expect.any(String), isInFlight: false }];
      expect(buyer.purse.unspent(), fault).toMatchObject(isLost ? lost : []);
    }
    // It is as good as new for others.
    expect(await ask(await openBuyer(track, { index: faults.length }), seller)).toBe(200);
    expect(await paymentsReceived(world)).toBe(faults.length + 1);
  });
});

describe("remote, settle-first", () => {
  test.each(TRACKS)(
    "%s: the handler runs for served responses alone, and a lost answer is told as spent",
    async (track) => {
      world = await startWorld();
      const { seller, plans } = await startFailing(false);
      const buyer = await openBuyer(track);
      plans.push({ path: "/settle", when: "after", fault: "500", skip: 0 });
      expect(await askUntilServed(buyer, seller, 2)).toBe(false);
      expect(buyer.purse.unspent()).toMatchObject([{ lastReason: "duplicate_block_hash" }]);
      expect(seller.handlerRuns()).toBe(0);
      await buyer.purse.writeOff(buyer.purse.unspent()[0]?.hash ?? "");
      expect(await ask(buyer, seller)).toBe(200);
      expect([seller.handlerRuns(), await paymentsReceived(world)]).toEqual([1, 2]);
    },
  );
});

/** A facilitator whose next answer to settle is held back, before or after its work, until it is let go. */
async function startLate(when: When) {
  let letGo = (): void => undefined;
  let tellHeld = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const isHeld = new Promise<void>((resolve) => {
    tellHeld = resolve;
  });
  let left = 1;
  const facilitatorUrl = await startFacilitatorRouter(world, async (request, answer) => {
    if (left === 0 || !request.url.endsWith("/settle")) return answer();
    left -= 1;
    const early = when === "after" ? await answer() : undefined;
    tellHeld();
    await released;
    return early ?? answer();
  });
  const seller = await startFaremeterSeller(world, { place: "remote uncached", facilitatorUrl });
  return { seller, isHeld, letGo };
}

/** The purse's sleep, by the world's clock: it ends when the test says so, or when it is called off. */
function heldSleep() {
  let tellAsleep = (): void => undefined;
  const asleep = new Promise<void>((resolve) => {
    tellAsleep = resolve;
  });
  const sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  return {
    asleep,
    sleep: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        sleepers.push({ atMs: world.clock() + ms, wake: resolve });
        signal.addEventListener("abort", () => {
          resolve();
        });
        tellAsleep();
      }),
    advanceSeconds(seconds: number): void {
      world.clock.advanceSeconds(seconds);
      for (const { atMs, wake } of sleepers) if (atMs <= world.clock()) wake();
    },
  };
}

describe.each(TRACKS)("%s, a facilitator that answers late", (track) => {
  test.each<When>(["before", "after"])(
    "held back %s its work: a second call waits, and pays for itself",
    async (when) => {
      world = await startWorld();
      const { seller, isHeld, letGo } = await startLate(when);
      const { asleep, sleep } = heldSleep();
      const buyer = await openBuyer(track, { purse: { sleep } });
      const first = ask(buyer, seller);
      await isHeld;
      const second = ask(buyer, seller);
      await asleep;
      expect(buyer.purse.unspent()).toMatchObject([{ presented: 1, isInFlight: true }]);
      letGo();
      expect([await first, await second]).toEqual([200, 200]);
      expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([2, 2, []]);
    },
  );

  test("later than the purse counts on: it is presented again, refused as spent, and the late answer counts", async () => {
    world = await startWorld();
    const { seller, isHeld, letGo } = await startLate("after");
    const { asleep, sleep, advanceSeconds } = heldSleep();
    const buyer = await openBuyer(track, { purse: { sleep } });
    const first = ask(buyer, seller);
    await isHeld;
    const second = ask(buyer, seller);
    await asleep;
    advanceSeconds(31);
    // The second call chose Track A while the block was on its way, and it has landed meanwhile: it has to ask again.
    const isTrackB = track === "nanoSignature";
    expect(await second).toMatch(isTrackB ? "failed to complete payment after retries" : "only a nanoSignature offer");
    expect(await paymentsReceived(world)).toBe(1);
    letGo();
    expect(await first).toBe(200);
    expect(buyer.purse.unspent()).toEqual([]);
    expect(await ask(buyer, seller)).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([2, 2, []]);
  });

  test("so late that the second call is served with the payment: the first is refused, and pays for itself", async () => {
    world = await startWorld();
    const { seller, isHeld, letGo } = await startLate("before");
    const { asleep, sleep, advanceSeconds } = heldSleep();
    const buyer = await openBuyer(track, { purse: { sleep } });
    const first = ask(buyer, seller);
    await isHeld;
    const second = ask(buyer, seller);
    await asleep;
    advanceSeconds(31);
    expect(await second).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([1, 1, []]);
    letGo();
    expect(await first).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([2, 2, []]);
  });
});

describe.each(TRACKS)("%s, a facilitator that dies between verify and settle", (track) => {
  test("remote, and comes back on the same store: one send, served when the lease is over", async () => {
    world = await startWorld();
    const alive = await createFacilitatorRouter(world.engine);
    let current: typeof alive | undefined = alive;
    const facilitatorUrl = await startFacilitatorRouter(world, async (request, _answer, drop) =>
      current === undefined ? drop() : current.fetch(request),
    );
    const seller = await startFaremeterSeller(world, {
      place: "remote uncached",
      facilitatorUrl,
      authorizeBeforeCapture: true,
    });
    seller.onHandler(async () => {
      current = seller.handlerRuns() === 1 ? undefined : current;
    });
    const buyer = await openBuyer(track);
    expect(await ask(buyer, seller)).not.toBe(200);
    // While it is away nobody is served, and nothing is paid.
    expect(await ask(buyer, seller)).not.toBe(200);
    const engine = createFacilitatorEngine(world.facilitatorOptions);
    world.onClose(() => engine.close());
    await engine.recover();
    current = await createFacilitatorRouter(engine);
    expect(await askUntilServed(buyer, seller, 2)).toBe(true);
    expect(await paymentsReceived(world)).toBe(1);
    expect(buyer.purse.unspent()).toEqual([]);
    expect(seller.handlerRuns()).toBe(2);
  });
});

describe.each(TRACKS)("%s, in process with a store that fails", (track) => {
  let store: FaultyStore;
  const startOnFaultyStore = async (): Promise<void> => {
    world = await startWorld({
      openStore: async (clock) => {
        store = faultyStore(memoryStore({ clock }));
        return store.port;
      },
    });
  };

  test("authorize-first, away from verify to settle: one send, served when it is back", async () => {
    await startOnFaultyStore();
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first" });
    seller.onHandler(async () => {
      if (seller.handlerRuns() > 1) return;
      for (const method of ["claim", "advance", "release", "get"] as const) store.always(method, storeDown);
    });
    const buyer = await openBuyer(track);
    expect(await ask(buyer, seller)).not.toBe(200);
    expect(await ask(buyer, seller)).not.toBe(200);
    store.heal();
    expect(await askUntilServed(buyer, seller, 2)).toBe(true);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([2, 1, []]);
  });

  test.each(["hono", "express 4", "express 5"] as const)(
    "%s, away for one claim: the same call is served",
    async (place) => {
      await startOnFaultyStore();
      const seller = await startFaremeterSeller(world, { place });
      const buyer = await openBuyer(track);
      store.next("claim", storeDown);
      expect(await ask(buyer, seller)).toBe(200);
      expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([1, 1, []]);
    },
  );

  test("settle-first, the redemption fails: one send, served when the buyer asks again", async () => {
    await startOnFaultyStore();
    const seller = await startFaremeterSeller(world, { place: "hono" });
    const buyer = await openBuyer(track);
    store.next("advance", advanceFailsTo("redeemed"), 3);
    expect(await askUntilServed(buyer, seller)).toBe(true);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([1, 1, []]);
  });

  test("authorize-first, the answer to the redemption is lost: the token asks again, and the same call is served", async () => {
    await startOnFaultyStore();
    const seller = await startFaremeterSeller(world, { place: "hono authorize-first" });
    const buyer = await openBuyer(track);
    store.next("advance", redeemedAnswerLost, 2);
    expect(await ask(buyer, seller)).toBe(200);
    expect([seller.handlerRuns(), await paymentsReceived(world), buyer.purse.unspent()]).toEqual([1, 1, []]);
  });

  test("settle-first, the answer to the redemption is lost: the exception; never served, never paid again", async () => {
    await startOnFaultyStore();
    const seller = await startFaremeterSeller(world, { place: "hono" });
    const buyer = await openBuyer(track);
    store.always("advance", redeemedAnswerLost);
    expect(await ask(buyer, seller)).not.toBe(200);
    store.heal();
    expect(await askUntilServed(buyer, seller, 2)).toBe(false);
    expect([seller.handlerRuns(), await paymentsReceived(world)]).toEqual([0, 1]);
    expect(buyer.purse.unspent()).toMatchObject([{ lastReason: "duplicate_block_hash" }]);
  });
});
