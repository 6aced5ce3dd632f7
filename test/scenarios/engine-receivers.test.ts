import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { type FaultyStore, faultyStore } from "../support/faulty-store.js";
import { leaseOf, type Request, withLease } from "../support/offers.js";
import { PAY_TO } from "../support/world.js";

/** A facilitator that serves some receivers only: their names are the requirements', never the client's. */

const OTHER = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";

let world: EngineWorld;
let store: FaultyStore;

beforeEach(async () => {
  world = await startEngineWorld();
  store = faultyStore(world.store);
});
afterEach(() => world.close());

function serving(...payTo: string[]): FacilitatorEngine {
  const engine = createFacilitatorEngine({
    ...world.facilitatorOptions,
    store: store.port,
    recoveryIntervalSeconds: 0,
    payTo,
  });
  world.onClose(() => engine.close());
  return engine;
}
const pay = async (track: Track): Promise<Request> =>
  (track === "nanoTxn" ? await world.payTrackA() : await world.payTrackB()).request;
const MISMATCH = "requirements_mismatch";

describe.each(TRACKS)("%s", (track) => {
  test("for a receiver that is not served is refused by both calls, with the payer, and nobody is asked", async () => {
    const engine = serving(OTHER);
    const request = await pay(track);
    const asked = world.ledgerFaults.calls.length;
    const payer = world.alice.address;
    expect(await engine.verify(request)).toMatchObject({ isValid: false, invalidReason: MISMATCH, payer });
    expect(await engine.settle(request)).toMatchObject({
      success: false,
      errorReason: MISMATCH,
      payer,
      transaction: "",
    });
    expect(store.calls).toEqual([]);
    expect(world.ledgerFaults.calls).toHaveLength(asked);
  });

  test("leaves no lease behind: whoever serves the receiver can take the payment", async () => {
    const request = await pay(track);
    await serving(OTHER).verify(request);
    await serving(OTHER).settle(request);
    expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
  });

  test("is no more served with a lease of somebody who does", async () => {
    const request = await pay(track);
    const lease = await leaseOf(world.engine, request);
    expect(await serving(OTHER).settle(withLease(request, lease))).toMatchObject({ errorReason: MISMATCH });
    expect(await world.engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test.each([
    ["alone", [PAY_TO]],
    ["among others", [OTHER, PAY_TO]],
    ["in the old spelling", [PAY_TO.replace("nano_", "xrb_")]],
  ])("for a receiver that is served %s is verified and settled", async (_how, payTo) => {
    const engine = serving(...payTo);
    const request = await pay(track);
    const lease = await leaseOf(engine, request);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
  });

  test("cannot name another receiver than its requirements do", async () => {
    const { paymentPayload, paymentRequirements } = await pay(track);
    const accepted = { ...paymentRequirements, payTo: OTHER };
    const request = { paymentPayload: { ...paymentPayload, accepted }, paymentRequirements };
    expect(await serving(OTHER).verify(request)).toMatchObject({ invalidReason: MISMATCH });
    expect(await serving(PAY_TO).verify(request)).toMatchObject({ invalidReason: MISMATCH });
  });
});

test("a signature that is nobody's is told so before the receivers are looked at, and names no payer", async () => {
  const request = await pay("nanoSignature");
  const payload = { ...request.paymentPayload.payload, signature: "0".repeat(128) };
  const answer = await serving(OTHER).verify({ ...request, paymentPayload: { ...request.paymentPayload, payload } });
  expect(answer).toMatchObject({ invalidReason: "invalid_signature" });
  expect(answer.payer).toBeUndefined();
});
