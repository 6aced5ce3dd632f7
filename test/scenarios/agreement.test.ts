import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RpcFault } from "x402-nano/testing";
import { TRACKS } from "../../src/protocol/index.js";
import { type BadEndpoints, expectPaidOnce, startBadEndpoints } from "../support/bad-endpoints.js";
import { offersOf, PRICE_RAW, requestOf, withLease } from "../support/offers.js";

/** Two of three endpoints must agree before a payment counts (`agreement: 2`). */

let world: BadEndpoints;

beforeEach(async () => {
  world = await startBadEndpoints({ ledger: { agreement: 2 }, payers: 3 });
});
afterEach(() => world.close());

/** One node's lie about `block_info`. */
function lie(change: Readonly<Record<string, unknown>>): RpcFault {
  return { kind: "wrong", answer: (honest) => ("error" in honest ? honest : { ...honest, ...change }) };
}

const lies: readonly (readonly [string, RpcFault])[] = [
  ["the amount is less", lie({ amount: "1" })],
  ["the amount is more", lie({ amount: (10n ** 30n).toString() })],
  ["it is not confirmed", lie({ confirmed: "false" })],
  ["it is no send", lie({ subtype: "change" })],
  ["something follows it", lie({ successor: "AB".repeat(32) })],
  ["there is no such block", { kind: "error", error: "Block not found" }],
];

test.each(lies)("one of them says: %s. Honest payments settle, each once", async (_what, fault) => {
  const [liar] = world.bad;
  liar.faults.rpc(fault, { action: "block_info" });
  const paid = [];
  for (const track of TRACKS) paid.push(...(await world.payMany(track, 6)));
  expect(liar.faults.hits).toBeGreaterThan(0);
  await expectPaidOnce(world, paid);
});

describe("one of them lies in the payer's favour", () => {
  test("about the amount: what was not paid does not count", async () => {
    const [payer] = world.payers;
    const { nanoSignature } = offersOf(world);
    const { hash } = await payer.send({ payTo: nanoSignature.payTo, amountRaw: PRICE_RAW - 10n });
    world.bad[0].faults.rpc(lie({ amount: PRICE_RAW.toString() }), { action: "block_info" });
    const proof = requestOf(payer.proveNanoSignature(nanoSignature, hash));
    expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "insufficient_amount" });
  });

  test("about the confirmation: what is not confirmed elsewhere does not count", async () => {
    await world.close();
    world = await startBadEndpoints({
      ledger: { agreement: 2 },
      payers: 1,
      dev: { confirm: "never" },
      engine: { verifyTimeoutSeconds: 0.04 },
    });
    const [payer] = world.payers;
    const { nanoSignature } = offersOf(world);
    const proof = requestOf(await payer.payNanoSignature(nanoSignature));
    world.bad[0].faults.rpc(lie({ confirmed: "true" }), { action: "block_info" });
    expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "unconfirmed_block" });
    world.dev.confirmAll();
    expect(await world.engine.verify(proof)).toMatchObject({ isValid: true });
  });
});

test("the oldest first sight counts (SPEC R5), one node's too: a node that was synced anew makes old blocks look young", async () => {
  const [payer] = world.payers;
  const proof = requestOf(await payer.payNanoSignature(offersOf(world).nanoSignature));
  world.bad[0].faults.rpc(lie({ local_timestamp: "1700000000" }), { action: "block_info" });
  expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "payment_too_old" });
});

test("two of them contradict each other and the third cannot be asked: nothing is decided, until it can", async () => {
  const [payer] = world.payers;
  const { nanoSignature } = offersOf(world);
  const proof = requestOf(await payer.payNanoSignature(nanoSignature));
  const [first, second] = world.bad;
  first.faults.rpc(lie({ amount: "1" }), { action: "block_info" });
  second.faults.rpc({ kind: "html" });
  expect(await world.engine.verify(proof)).toMatchObject({ invalidReason: "ledger_unavailable" });
  second.faults.clear();
  const answer = await world.engine.verify(proof);
  expect(answer).toMatchObject({ isValid: true });
  const settle = withLease(proof, answer.extra?.lease ?? "");
  expect(await world.engine.settle(settle)).toMatchObject({ success: true });
});
