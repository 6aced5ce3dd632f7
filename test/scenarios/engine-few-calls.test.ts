import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, requestOf, withLease } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";

/** What a payment costs the node, counted where the node counts: at its RPC port. */

let world: World;
let engine: FacilitatorEngine;
let calls: string[];

beforeEach(async () => {
  world = await startWorld();
  // The payers have a ledger of their own: another node, so that only the facilitator's calls are counted.
  const node = await world.dev.addNode();
  calls = [];
  node.faults.rpc({ kind: "meanwhile", when: "before", run: ({ action }) => calls.push(String(action)) });
  const ledger = createLedger({ rpcUrls: node.rpcUrl, websocketUrl: node.websocketUrl });
  world.onClose(() => ledger.close());
  engine = createFacilitatorEngine({ ...world.facilitatorOptions, ledger });
});
afterEach(() => world.close());

function callsSoFar(): string[] {
  return calls.splice(0).sort();
}

test("Track A: one look to verify, process and at most one look for the confirmation to settle", async () => {
  const payer = await world.payer();
  for (let payment = 0; payment < 3; payment += 1) {
    const request = requestOf(await payOn(payer, "nanoTxn", offersOf(world)));
    const lease = await leaseOf(engine, request);
    expect(callsSoFar()).toEqual(["block_info"]);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(["process", "block_info,process"]).toContain(callsSoFar().join());
  }
});

test("Track B: one look for verify and settle together", async () => {
  const payer = await world.payer();
  const request = requestOf(await payOn(payer, "nanoSignature", offersOf(world)));
  const lease = await leaseOf(engine, request);
  expect(callsSoFar()).toEqual(["block_info"]);
  expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  expect(callsSoFar()).toEqual([]);
});

test("a settle without a lease looks for itself", async () => {
  const payer = await world.payer();
  const proof = requestOf(await payOn(payer, "nanoSignature", offersOf(world)));
  expect(await engine.settle(proof)).toMatchObject({ success: true });
  expect(callsSoFar()).toEqual(["block_info"]);
});

test("what verify saw is used once: a settle that failed is followed by one that looks", async () => {
  const payer = await world.payer();
  const request = requestOf(await payOn(payer, "nanoSignature", offersOf(world)));
  const lease = await leaseOf(engine, request);
  const settle = withLease(request, lease);
  const foreign = { ...settle, paymentRequirements: { ...settle.paymentRequirements, payTo: payer.address } };
  expect(await engine.settle(foreign)).toMatchObject({ success: false });
  callsSoFar();
  expect(await engine.settle(settle)).toMatchObject({ success: true });
  expect(callsSoFar()).toEqual([]);
});

describe("concurrent equal reads", () => {
  test("share one call: a hundred copies of a payment are looked up once", async () => {
    const payer = await world.payer();
    const request = requestOf(await payOn(payer, "nanoSignature", offersOf(world)));
    const answers = await Promise.all(Array.from({ length: 100 }, () => engine.verify(request)));
    expect(answers.filter(({ isValid }) => isValid)).toHaveLength(1);
    expect(callsSoFar()).toEqual(["block_info"]);
  });

  test("and those of other blocks do not", async () => {
    const requests = [];
    for (let payer = 0; payer < 5; payer += 1) {
      requests.push(requestOf(await payOn(await world.payer(), "nanoTxn", offersOf(world))));
    }
    const answers = await Promise.all(requests.map((request) => engine.verify(request)));
    expect(answers.map(({ isValid }) => isValid)).toEqual([true, true, true, true, true]);
    expect(callsSoFar()).toEqual(Array(5).fill("block_info"));
  });
});
