import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { derivePublicKey, deriveSecretKey, publicKeyOf, signBlock } from "../../src/nano/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { leaseOf, proveBlock, requestOf } from "../support/offers.js";
import { someHash } from "../support/payments.js";

/** Row 9 of Track A: what the frontier says, and what it says while it moves. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

async function startUnconfirmed(): Promise<void> {
  await world.close();
  world = await startEngineWorld({ dev: { confirm: "never" } });
}
const sendMore = () => world.alice.send({ payTo: world.alice.address, amountRaw: 7n });

describe("another block follows previous", () => {
  test("and is confirmed: stale_frontier, without a word on confirmation", async () => {
    const { request } = await world.payTrackA();
    await sendMore();
    const answer = await world.engine.verify(request);
    expect(answer).toMatchObject({ invalidReason: "stale_frontier", payer: world.alice.address });
    expect(answer.invalidMessage).not.toContain("not confirmed");
  });

  test("and is not confirmed yet: stale_frontier, and the message says so", async () => {
    await startUnconfirmed();
    const { request } = await world.payTrackA();
    await sendMore();
    const answer = await world.engine.verify(request);
    expect(answer.invalidReason).toBe("stale_frontier");
    expect(answer.invalidMessage).toContain("not confirmed yet");
  });

  test("since verify: the settle is refused and the lease stays", async () => {
    const { request } = await world.payTrackA();
    await leaseOf(world.engine, request);
    await sendMore();
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "stale_frontier" });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
  });
});

test("previous is the frontier but not confirmed: frontier_unconfirmed, until it is", async () => {
  await startUnconfirmed();
  const { hash } = await sendMore();
  const { request } = await world.payTrackA();
  expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "frontier_unconfirmed" });
  expect(await world.engine.settle(request)).toMatchObject({ errorReason: "frontier_unconfirmed" });
  world.dev.confirm(hash);
  expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
});

test("an account that was never opened: account_not_found", async () => {
  const secretKey = deriveSecretKey(new Uint8Array(32).fill(9), 1);
  const account = publicKeyOf(derivePublicKey(secretKey));
  const { request, block } = await world.payTrackA();
  const unopened = signBlock({ ...block, account }, secretKey);
  const proof = requestOf(proveBlock(request.paymentRequirements, { ...unopened, work: block.work }));
  expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "account_not_found" });
});

test("a rival follows previous at the first look, and the block itself at the second: landed, not stale", async () => {
  const { request, block } = await world.payTrackA();
  world.ledgerFaults.next("blockInfo", async (real, ...args) => {
    const info = await real(...args);
    await world.broadcast(block);
    return info && { ...info, successor: someHash(7) };
  });
  expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "block_already_landed" });
});

test("the second look is never somebody else's first one: what they share is as old as its beginning", async () => {
  const { request } = await world.payTrackA();
  await sendMore();
  await world.engine.verify(request);
  const looks = world.ledgerFaults.calls.filter(({ method }) => method === "blockInfo");
  expect(looks.map(({ args }) => args[1])).toEqual([
    { share: true, anywhere: "confirmed" },
    { anywhere: "known" },
    { anywhere: "known" },
  ]);
});

test("an account may not be ours to name: a block on somebody else's chain is stale", async () => {
  const { request, block } = await world.payTrackA();
  const bob = await world.payer();
  const frontier = (await world.ledger.accountInfo(bob.account))?.frontier ?? block.previous;
  const foreign = signBlock({ ...block, previous: frontier }, world.alice.secretKey);
  const proof = requestOf(
    proveBlock(request.paymentRequirements, {
      ...foreign,
      work: await world.ledger.generateWork(frontier, world.dev.workThresholds.send),
    }),
  );
  expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "stale_frontier" });
});

test("a settle lands it and redeems it while a verify looks: duplicate, neither landed nor stale", async () => {
  const { request } = await world.payTrackA();
  const settled = world.engine.settle;
  world.ledgerFaults.next("blockInfo", async (real, ...args) => {
    const info = await real(...args);
    expect(await settled(request)).toMatchObject({ success: true });
    return info;
  });
  expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "duplicate_block_hash" });
});
