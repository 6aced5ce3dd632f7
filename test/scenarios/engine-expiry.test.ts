import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type HandPayer, payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, type Request, requestOf, withLease } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";

/** R4: expiry is judged when verify accepts; a slow handler costs nobody the payment. */

/** Beyond any validBefore of 60 s, beyond the lease, and beyond the age limit below. */
const SLOW_HANDLER_SECONDS = 600;
const AGE_LIMIT_SECONDS = 120;

let world: World;
let payer: HandPayer;

beforeEach(async () => {
  world = await startWorld({ engine: { paymentAgeSeconds: AGE_LIMIT_SECONDS } });
  payer = await world.payer();
});
afterEach(() => world.close());

async function pay(track: Track, by = payer): Promise<Request> {
  const offers = offersOf(world);
  return requestOf(await payOn(by, track, offers));
}

const EXPIRED = { success: false, errorReason: "payment_expired", transaction: "" };

describe.each(TRACKS)("after a slow handler, a settle of %s", (track) => {
  test("with the token succeeds", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("without the token has expired", async () => {
    const request = await pay(track);
    await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    expect(await world.engine.settle(request)).toMatchObject(EXPIRED);
  });

  test("with a token that is unknown has expired", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    const guess = `${lease.slice(0, -64)}${"0".repeat(64)}`;
    for (const token of [guess, "", "no token"]) {
      expect(await world.engine.settle(withLease(request, token))).toMatchObject(EXPIRED);
    }
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("with the token of another payment has expired", async () => {
    const other = await world.payer();
    const request = await pay(track);
    const theirs = await leaseOf(world.engine, await pay(track, other));
    await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    expect(await world.engine.settle(withLease(request, theirs))).toMatchObject(EXPIRED);
  });

  test("with a token that was released has expired", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    await world.engine.release(lease);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject(EXPIRED);
  });

  test("has expired before anything that comes after row 3 is said", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    const { payload } = request.paymentPayload;
    const block = payload["block"];
    const spoilt =
      typeof block === "object"
        ? { ...payload, block: { ...block, signature: "00".repeat(64) } }
        : { ...payload, signature: "00".repeat(64) };
    const guess = `${lease.slice(0, -64)}${"0".repeat(64)}`;
    const bad = { ...request, paymentPayload: { ...request.paymentPayload, payload: { ...spoilt, lease: guess } } };
    expect(await world.engine.settle(bad)).toMatchObject(EXPIRED);
  });
});

test("the lease of the same block under another challenge does not lift the expiry", async () => {
  const { hash, ...first } = await payer.payNanoSignature(offersOf(world).nanoSignature);
  const old = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
  world.clock.advanceSeconds(50);
  const fresh = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
  const lease = await leaseOf(world.engine, fresh);
  world.clock.advanceSeconds(50);
  expect(await world.engine.settle(withLease(old, lease))).toMatchObject(EXPIRED);
  expect(await world.engine.settle(withLease(requestOf(first), lease))).toMatchObject(EXPIRED);
  expect(await world.engine.settle(withLease(fresh, lease))).toMatchObject({ success: true });
});

describe("a lapsed lease whose hash somebody else has taken", () => {
  test("is in progress while theirs is open, and lifts nothing after it", async () => {
    const { hash, ...first } = await payer.payNanoSignature(offersOf(world).nanoSignature);
    const request = requestOf(first);
    const old = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(70);
    const fresh = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
    const lease = await leaseOf(world.engine, fresh);
    // Row 3 comes first: without the hash the old token lifts no expiry.
    expect(await world.engine.settle(withLease(request, old))).toMatchObject(EXPIRED);
    await world.engine.release(lease);
    expect(await world.engine.settle(withLease(request, old))).toMatchObject(EXPIRED);
    expect(await world.engine.settle(fresh)).toMatchObject({ success: true });
  });

  test("is in progress where the challenge has not expired yet", async () => {
    const { hash, ...first } = await payer.payNanoSignature(offersOf(world, { maxTimeoutSeconds: 100 }).nanoSignature);
    const request = requestOf(first);
    const old = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(70);
    const fresh = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
    const lease = await leaseOf(world.engine, fresh);
    expect(await world.engine.settle(withLease(request, old))).toMatchObject({ errorReason: "payment_in_progress" });
    expect(await world.engine.settle(withLease(fresh, lease))).toMatchObject({ success: true });
    expect(await world.engine.settle(withLease(request, old))).toMatchObject({ errorReason: "duplicate_block_hash" });
  });

  test("waits for the rival on its frontier, then goes on", async () => {
    const request = await pay("nanoTxn");
    const lease = await leaseOf(world.engine, request);
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    const rival = requestOf(await payer.proveNanoTxn(offersOf(world, { amountRaw: 10n ** 28n }).nanoTxn));
    const theirs = await leaseOf(world.engine, rival);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "duplicate_frontier" });
    await world.engine.release(theirs);
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });
});

describe("the grace of 5 s (row 3)", () => {
  test.each(TRACKS)("%s: the fifth second still passes, the sixth does not", async (track) => {
    const request = await pay(track);
    world.clock.advanceSeconds(65);
    const lease = await leaseOf(world.engine, request);
    await world.engine.release(lease);
    world.clock.advanceSeconds(1);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: false, invalidReason: "payment_expired" });
    expect(await world.engine.settle(request)).toMatchObject(EXPIRED);
  });
});

describe("Track A without validBefore, as upstream's clients send it", () => {
  test("has no expiry, its frontier bounds it", async () => {
    const { nanoTxn } = offersOf(world);
    const request = requestOf(await payer.proveNanoTxn({ ...nanoTxn, extra: {} }), { ...nanoTxn, extra: {} });
    world.clock.advanceSeconds(SLOW_HANDLER_SECONDS);
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
  });
});

test("a stored success outlives every expiry", async () => {
  const request = await pay("nanoSignature");
  const lease = await leaseOf(world.engine, request);
  const paid = await world.engine.settle(withLease(request, lease));
  world.clock.advanceSeconds(10 * 3600);
  expect(await world.engine.settle(withLease(request, lease))).toEqual(paid);
});
