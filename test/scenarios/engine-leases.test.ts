import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hashBlock } from "../../src/nano/index.js";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type HandPayer, payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, proveBlock, type Request, requestOf, withLease } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";

/** R3: a hundred copies of one request run the paid handler once. */

let world: World;
let payer: HandPayer;

beforeEach(async () => {
  world = await startWorld();
  payer = await world.payer();
});
afterEach(() => world.close());

async function pay(track: Track, maxTimeoutSeconds = 60): Promise<Request> {
  const offers = offersOf(world, { maxTimeoutSeconds });
  return requestOf(await payOn(payer, track, offers));
}

const IN_PROGRESS = { isValid: false, invalidReason: "payment_in_progress", error: "PAYMENT_IN_PROGRESS" };

describe.each(TRACKS)("a verify of %s", (track) => {
  test("gives a lease that nobody can guess, and names the payer", async () => {
    const answer = await world.engine.verify(await pay(track));
    expect(answer).toEqual({ isValid: true, payer: payer.address, extra: { lease: expect.any(String) } });
    expect(answer.extra?.lease).toMatch(/^[0-9a-f]{64}\.[0-9a-f]{64}\.[0-9a-f]{64}$/);
  });

  test("is in progress while the same payment's lease is open, and names the payer", async () => {
    const request = await pay(track);
    await leaseOf(world.engine, request);
    const again = await world.engine.verify(request);
    expect(again).toMatchObject({ ...IN_PROGRESS, payer: payer.address });
    expect(again.extra).toBeUndefined();
  });

  test("is in progress for the same proof in another spelling", async () => {
    const request = await pay(track);
    await leaseOf(world.engine, request);
    const text = JSON.stringify(request.paymentPayload.payload);
    const payload = JSON.parse(text.replace(/"[0-9a-f]{64,}"/g, (hex) => hex.toUpperCase()));
    expect(JSON.stringify(payload)).not.toBe(text);
    const shouted = { ...request, paymentPayload: { ...request.paymentPayload, payload } };
    expect(await world.engine.verify(shouted)).toMatchObject(IN_PROGRESS);
  });

  test.each([
    { maxTimeoutSeconds: 20, leaseSeconds: 20 },
    { maxTimeoutSeconds: 60, leaseSeconds: 60 },
    { maxTimeoutSeconds: 600, leaseSeconds: 60 },
  ])("lasts $leaseSeconds s where the handler may take $maxTimeoutSeconds s", async (times) => {
    const request = await pay(track, times.maxTimeoutSeconds);
    await leaseOf(world.engine, request);
    world.clock.advanceSeconds(times.leaseSeconds - 0.001);
    expect(await world.engine.verify(request)).toMatchObject(IN_PROGRESS);
    world.clock.advanceSeconds(0.001);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
  });

  test("can be repeated at once after its lease was released, with a new lease", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    expect(await world.engine.release(lease)).toBe(true);
    expect(await leaseOf(world.engine, request)).not.toBe(lease);
    expect(await world.engine.release(lease)).toBe(false);
    expect(await world.engine.verify(request)).toMatchObject(IN_PROGRESS);
  });

  test("keeps its lease when something else than the token is released", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const [account = "", hash = "", secret = ""] = lease.split(".");
    const guesses = ["", "x", lease.slice(0, -1), lease.toUpperCase(), `${account}.${hash}.${"0".repeat(64)}`, secret];
    for (const guess of guesses) expect(await world.engine.release(guess)).toBe(false);
    expect(await world.engine.verify(request)).toMatchObject(IN_PROGRESS);
  });

  test.each(["a token of its own", "", null, 7, {}])("refuses a client that brings a lease: %j", async (lease) => {
    const request = withLease(await pay(track), lease);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: false, invalidReason: "malformed_payload" });
  });

  test("refuses a client that brings the very token of the open lease", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    const answer = await world.engine.verify(withLease(request, lease));
    expect(answer).toMatchObject({ isValid: false, invalidReason: "malformed_payload" });
  });

  test("one of 100 at once gets the lease", async () => {
    const request = await pay(track);
    const answers = await Promise.all(Array.from({ length: 100 }, () => world.engine.verify(request)));
    expect(answers.filter(({ isValid }) => isValid)).toHaveLength(1);
    for (const answer of answers) {
      if (!answer.isValid) expect(answer).toMatchObject(IN_PROGRESS);
    }
  });
});

describe("one hash, however it is presented", () => {
  test("another challenge for the same block is in progress", async () => {
    const { nanoSignature } = offersOf(world);
    const { hash, ...first } = await payer.payNanoSignature(nanoSignature);
    await leaseOf(world.engine, requestOf(first));
    const fresh = requestOf(payer.proveNanoSignature(offersOf(world).nanoSignature, hash));
    expect(await world.engine.verify(fresh)).toMatchObject(IN_PROGRESS);
  });

  test("Track B is in progress while Track A's lease is open", async () => {
    const { nanoTxn, nanoSignature } = offersOf(world);
    const block = await payer.signSend({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) });
    await leaseOf(world.engine, requestOf(proveBlock(nanoTxn, block)));
    const other = requestOf(payer.proveNanoSignature(nanoSignature, hashBlock(block)));
    expect(await world.engine.verify(other)).toMatchObject(IN_PROGRESS);
  });

  test("Track A is in progress while Track B's lease is open, not merely landed", async () => {
    const { nanoTxn, nanoSignature } = offersOf(world);
    const { hash, block } = await payer.send({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) });
    await leaseOf(world.engine, requestOf(payer.proveNanoSignature(nanoSignature, hash)));
    expect(await world.engine.verify(requestOf(proveBlock(nanoTxn, block)))).toMatchObject(IN_PROGRESS);
  });

  test("another resource at another price is in progress", async () => {
    const { hash, ...first } = await payer.payNanoSignature(offersOf(world).nanoSignature);
    await leaseOf(world.engine, requestOf(first));
    const { nanoSignature: cheaper } = offersOf(world, { amountRaw: 10n ** 26n });
    const other = requestOf(payer.proveNanoSignature(cheaper, hash));
    expect(await world.engine.verify(other)).toMatchObject(IN_PROGRESS);
  });
});

describe("one frontier (row 11)", () => {
  test("another block on the same previous is refused until the lease is released", async () => {
    const { nanoTxn } = offersOf(world);
    const { nanoTxn: dearer } = offersOf(world, { amountRaw: 10n ** 28n });
    const lease = await leaseOf(world.engine, requestOf(await payer.proveNanoTxn(nanoTxn)));
    const rival = requestOf(await payer.proveNanoTxn(dearer));
    const refusal = { isValid: false, invalidReason: "duplicate_frontier", payer: payer.address };
    expect(await world.engine.verify(rival)).toMatchObject(refusal);
    await world.engine.release(lease);
    expect(await world.engine.verify(rival)).toMatchObject({ isValid: true });
  });

  test("a settle of the rival is refused too, and takes nothing", async () => {
    const request = requestOf(await payer.proveNanoTxn(offersOf(world).nanoTxn));
    const lease = await leaseOf(world.engine, request);
    const rival = requestOf(await payer.proveNanoTxn(offersOf(world, { amountRaw: 10n ** 28n }).nanoTxn));
    expect(await world.engine.settle(rival)).toMatchObject({ success: false, errorReason: "duplicate_frontier" });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("other payers are not in the way", async () => {
    const other = await world.payer();
    const { nanoTxn } = offersOf(world);
    await leaseOf(world.engine, requestOf(await payer.proveNanoTxn(nanoTxn)));
    await leaseOf(world.engine, requestOf(await other.proveNanoTxn(nanoTxn)));
  });
});
