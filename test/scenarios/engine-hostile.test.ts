import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isReason } from "../../src/protocol/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { hostileValue, mutationsOf } from "../support/json-mutations.js";
import { leaseOf, type Request, withLease } from "../support/offers.js";

/** Whatever is sent, the answer is one of the table's, and only what was paid is paid. */

const RUNS_PER_TRACK = 1_000;

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

type Call = "verify" | "settle";

/** An answer in the form of SPEC 7, and nothing else. Says whether it is a success. */
async function answerOf(call: Call, request: unknown): Promise<boolean> {
  const asked = request as Request;
  if (call === "verify") {
    const { isValid, invalidReason, invalidMessage, error, payer, extra, ...more } = await world.engine.verify(asked);
    expect(more).toEqual({});
    expect(isValid ? typeof extra?.lease : isReason(invalidReason ?? "")).toBe(isValid ? "string" : true);
    expect([typeof invalidMessage, typeof error]).toEqual(isValid ? ["undefined", "undefined"] : ["string", "string"]);
    if (isValid) expect(payer).toBe(world.alice.address);
    return isValid;
  }
  const answer = await world.engine.settle(asked);
  const { success, transaction, network, payer, errorReason, errorMessage, error, txHash, ...more } = answer;
  expect(more).toEqual({});
  expect([network, typeof transaction]).toEqual(["nano:mainnet", "string"]);
  expect(success ? errorReason : isReason(errorReason ?? "")).toBe(success ? undefined : true);
  expect([typeof errorMessage, typeof error]).toEqual(success ? ["undefined", "undefined"] : ["string", "string"]);
  expect([undefined, transaction]).toContain(txHash);
  if (success) expect(payer).toBe(world.alice.address);
  return success;
}

describe.each(["nanoTxn", "nanoSignature"] as const)("%s, spoilt at random", (track) => {
  test("is answered from the table, and paid once however it is spelt", async () => {
    const { request } = track === "nanoTxn" ? await world.payTrackA() : await world.payTrackB();
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(mutationsOf({ x402Version: 2, ...request }), async (spoilt) => {
        if (await answerOf("verify", spoilt)) expect(await answerOf("verify", spoilt)).toBe(false);
        if (await answerOf("settle", spoilt)) successes += 1;
      }),
      { numRuns: RUNS_PER_TRACK },
    );
    expect(successes).toBe(1);
    expect(await world.journal()).toEqual([]);
  });
});

test("nothing that resembles no payment is more than malformed", async () => {
  await fc.assert(
    fc.asyncProperty(
      hostileValue,
      hostileValue,
      hostileValue,
      async (paymentPayload, paymentRequirements, x402Version) => {
        const request = { paymentPayload, paymentRequirements, x402Version };
        expect(await answerOf("verify", request)).toBe(false);
        expect(await answerOf("settle", request)).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

describe("the top-level x402Version", () => {
  test.each([
    [undefined, undefined],
    [2, undefined],
    [1, "invalid_x402_version"],
    [3, "invalid_x402_version"],
    ["2", "malformed_payload"],
    [[2], "malformed_payload"],
  ])("%j: %s", async (x402Version, reason) => {
    const { request } = await world.payTrackB();
    expect((await world.engine.verify({ ...request, x402Version })).invalidReason).toBe(reason);
    expect((await world.engine.settle({ ...request, x402Version })).errorReason).toBe(reason);
  });

  test.each([1, 3, 0])("does not make up for a payload's own %j", async (x402Version) => {
    const { request } = await world.payTrackB();
    const payload = { ...request, x402Version: 2, paymentPayload: { ...request.paymentPayload, x402Version } };
    expect(await world.engine.verify(payload)).toMatchObject({ invalidReason: "invalid_x402_version" });
    expect(await world.engine.settle(payload)).toMatchObject({ errorReason: "invalid_x402_version" });
  });
});

test("a payload with both proofs, or none, is malformed on both calls", async () => {
  const { request: a } = await world.payTrackA();
  const { request: b } = await world.payTrackB();
  const both = { ...a.paymentPayload, payload: { ...a.paymentPayload.payload, ...b.paymentPayload.payload } };
  for (const paymentPayload of [both, { ...a.paymentPayload, payload: {} }]) {
    const request = { ...a, paymentPayload };
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "malformed_payload" });
    expect(await world.engine.settle(request)).toMatchObject({ errorReason: "malformed_payload" });
  }
});

test("a refusal repeats nothing that was sent in confidence", async () => {
  const { request } = await world.payTrackB();
  const lease = await leaseOf(world.engine, request);
  const secretive = withLease({ ...request, x402Version: 1 }, lease);
  const answers = [await world.engine.verify(secretive), await world.engine.settle(secretive)];
  expect(JSON.stringify(answers)).not.toContain(lease.slice(-64));
});
