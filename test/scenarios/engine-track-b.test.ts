import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import type { BlockInfo } from "x402-nano/rpc";
import { parseBlockHash } from "../../src/nano/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import type { Behaviour } from "../support/faults.js";
import { answers, preceded } from "../support/faulty-ledger.js";
import { leaseOf, offersOf, PRICE_RAW, requestOf, withLease } from "../support/offers.js";

/** Rows 6–11 of Track B as the engine asks for their facts, and R5 and R6. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

const looks = (): number => world.ledgerFaults.countOf("blockInfo");

describe("a block that the node does not know yet", () => {
  test("is looked for again until it comes in", async () => {
    const { request } = await world.payTrackB();
    world.ledgerFaults.next("blockInfo", answers(undefined), 3);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
    expect(looks()).toBe(4);
  });

  test("is given up after a short wait: block_not_found, which never asks for another payment", async () => {
    const pauses: number[] = [];
    const engine = createFacilitatorEngine({
      ...world.facilitatorOptions,
      sleep: async (ms) => {
        pauses.push(ms);
      },
    });
    const unknown = world.claimTrackB(parseBlockHash("ab".repeat(32)));
    expect(await engine.verify(unknown)).toMatchObject({
      invalidReason: "block_not_found",
      payer: world.alice.address,
    });
    const waitedMs = pauses.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(waitedMs).toBeLessThanOrEqual(5_000);
    expect(looks()).toBe(pauses.length + 1);
  });

  test("is given up as soon where each look takes long", async () => {
    const { request } = await world.payTrackB();
    world.ledgerFaults.always("blockInfo", async () => {
      world.clock.advanceSeconds(2);
      return undefined;
    });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_not_found" });
    expect(looks()).toBe(2);
  });
});

describe("a block that is not confirmed yet", () => {
  beforeEach(async () => {
    await world.close();
    world = await startEngineWorld({ dev: { confirm: "never" } });
  });

  test.each(["verify", "settle"] as const)("%s waits for the confirmation", async (call) => {
    const { request, hash } = await world.payTrackB();
    world.ledgerFaults.next(
      "waitForConfirmation",
      preceded(() => world.dev.confirm(hash)),
    );
    const answer = await world.engine[call](request);
    expect("isValid" in answer ? answer.isValid : answer.success).toBe(true);
  });

  test("is refused once the wait is over, and can be presented again", async () => {
    const { request, hash } = await world.payTrackB();
    const unconfirmed = { invalidReason: "unconfirmed_block", payer: world.alice.address };
    expect(await world.hurried.verify(request)).toMatchObject(unconfirmed);
    expect(await world.hurried.settle(request)).toMatchObject({ errorReason: "unconfirmed_block", transaction: "" });
    world.dev.confirm(hash);
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
  });

  test("the wait is what is left of the time for a verify, and no longer than the payment allows", async () => {
    for (const [maxTimeoutSeconds, timeoutMs] of [
      [60, 8_000],
      [5, 3_000],
    ] as const) {
      const { request, hash } = await world.payTrackB({ maxTimeoutSeconds });
      world.ledgerFaults.next("blockInfo", async (real, ...args) => {
        world.clock.advanceSeconds(2);
        return real(...args);
      });
      world.ledgerFaults.next("waitForConfirmation", answers(false));
      expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "unconfirmed_block" });
      const wait = world.ledgerFaults.calls.findLast(({ method }) => method === "waitForConfirmation");
      expect(wait?.args).toEqual([hash, { account: world.alice.account, timeoutMs }]);
    }
  });

  test("what is refused for good is refused without a wait", async () => {
    const { nanoSignature } = offersOf(world);
    const { hash } = await world.alice.send({ payTo: world.alice.address, amountRaw: PRICE_RAW });
    const request = requestOf(world.alice.proveNanoSignature(nanoSignature, hash));
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "wrong_destination" });
    expect(world.ledgerFaults.countOf("waitForConfirmation")).toBe(0);
  });

  test("a node that says 'confirmed' on the one way and not on the other is not believed", async () => {
    const { request } = await world.payTrackB();
    world.ledgerFaults.next("waitForConfirmation", answers(true));
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "unconfirmed_block" });
  });

  test("a block that is gone after its confirmation is not believed", async () => {
    const { request } = await world.payTrackB();
    world.ledgerFaults.next("waitForConfirmation", async () => {
      world.ledgerFaults.next("blockInfo", answers(undefined));
      return true;
    });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_not_found" });
  });
});

describe("the amount (row 9)", () => {
  test.each([
    { sent: 0n, reason: undefined },
    { sent: 1n, reason: undefined },
    { sent: 10n ** 29n, reason: undefined },
    { sent: -1n, reason: "insufficient_amount" },
  ])("$sent raw more than asked: $reason", async ({ sent, reason }) => {
    const { nanoSignature } = offersOf(world);
    const { hash } = await world.alice.send({ payTo: nanoSignature.payTo, amountRaw: PRICE_RAW + sent });
    const answer = await world.engine.settle(requestOf(world.alice.proveNanoSignature(nanoSignature, hash)));
    expect(answer).toMatchObject({ success: reason === undefined });
    expect(answer.errorReason).toBe(reason);
  });
});

describe("the age of a payment (R5)", () => {
  /** The node says it saw the block so many seconds before (or after) now. */
  const seenAgo = (seconds: number): Behaviour<EngineWorld["ledger"], "blockInfo"> => {
    return async (real, ...args) => {
      const info = await real(...args);
      const localTimestampSeconds = Math.floor(world.clock() / 1000) - seconds;
      return info === undefined ? undefined : ({ ...info, localTimestampSeconds } satisfies BlockInfo);
    };
  };

  test.each([
    { ago: 3600, reason: undefined },
    { ago: 3601, reason: "payment_too_old" },
    { ago: -60, reason: undefined },
    { ago: -61, reason: "payment_too_old" },
  ])("seen $ago s ago: $reason", async ({ ago, reason }) => {
    world.clock.advanceSeconds(7200);
    const { request } = await world.payTrackB();
    world.ledgerFaults.always("blockInfo", seenAgo(ago));
    const answer = await world.engine.verify(request);
    expect([answer.isValid, answer.invalidReason]).toEqual([reason === undefined, reason]);
  });

  test("a node that does not know when is refused", async () => {
    const { request } = await world.payTrackB();
    world.ledgerFaults.always("blockInfo", async (real, ...args) => {
      const info = await real(...args);
      return info === undefined ? undefined : { ...info, localTimestampSeconds: 0 };
    });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_too_old" });
  });

  test("a payment whose response was lost can be redeemed with a fresh challenge inside the limit, not after", async () => {
    const { hash } = await world.payTrackB();
    world.clock.advanceSeconds(3600);
    const lease = await leaseOf(world.engine, world.claimTrackB(hash));
    await world.engine.release(lease);
    world.clock.advanceSeconds(1);
    expect(await world.engine.verify(world.claimTrackB(hash))).toMatchObject({ invalidReason: "payment_too_old" });
    expect(await world.engine.settle(world.claimTrackB(hash))).toMatchObject({ errorReason: "payment_too_old" });
  });

  test("a handler that takes it over the limit costs nobody the payment (R4)", async () => {
    const { hash } = await world.payTrackB();
    world.clock.advanceSeconds(3590);
    const claim = world.claimTrackB(hash);
    const lease = await leaseOf(world.engine, claim);
    world.clock.advanceSeconds(30);
    expect(await world.engine.settle(withLease(claim, lease))).toMatchObject({ success: true });
  });
});

describe("a store without history (R6)", () => {
  test.each([
    { after: 0, reason: "payment_too_old" },
    { after: -1, reason: "payment_too_old" },
    { after: 1, reason: undefined },
  ])("a block seen $after s after its birth: $reason", async ({ after, reason }) => {
    const { request } = await world.payTrackB();
    const localTimestampSeconds = world.store.bornAtSeconds + after;
    world.ledgerFaults.always("blockInfo", async (real, ...args) => {
      const info = await real(...args);
      return info === undefined ? undefined : { ...info, localTimestampSeconds };
    });
    expect((await world.engine.settle(request)).errorReason).toBe(reason);
  });
});

describe("what a lying or mistaken node says about the block", () => {
  const liesAbout = (lie: Partial<BlockInfo>): void => {
    world.ledgerFaults.always("blockInfo", async (real, ...args) => {
      const info = await real(...args);
      return info === undefined ? undefined : { ...info, ...lie };
    });
  };

  test("another block's contents do not hash to it", async () => {
    const { request } = await world.payTrackB();
    const { hash } = await world.payTrackB();
    const other = await world.ledger.blockInfo(hash);
    liesAbout({ block: other?.block });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_not_found" });
  });

  test.each([
    [{ subtype: "receive" }, "wrong_block_type"],
    [{ subtype: undefined }, "wrong_block_type"],
    [{ block: undefined }, "wrong_block_type"],
    [{ confirmed: false }, "unconfirmed_block"],
  ] as const)("%j: %s", async (lie, reason) => {
    const { request } = await world.payTrackB();
    liesAbout(lie);
    expect(await world.hurried.verify(request)).toMatchObject({ invalidReason: reason });
  });
});
