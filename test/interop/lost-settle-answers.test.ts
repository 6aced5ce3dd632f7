import { afterEach, describe, expect, test } from "vitest";
import { ExactNanoScheme } from "x402-nano/server";
import { type HandPayer, payOn } from "../support/hand-payer.js";
import { type FacilitatorPlace, fetchOffers, present, type Seller, startSeller } from "../support/sellers.js";
import { CHALLENGE_SECRET, startWorld, type World } from "../support/world.js";

let world: World;
afterEach(() => world.close());

async function proofOf(track: "nanoTxn" | "nanoSignature", payer: HandPayer, seller: Seller): Promise<unknown> {
  const offers = await fetchOffers(seller);
  return payOn(payer, track, offers);
}

describe.each<FacilitatorPlace>(["http", "in-process"])("facilitator %s", (facilitator) => {
  describe.each(["nanoTxn", "nanoSignature"] as const)("%s", (track) => {
    test("an answer that is lost after the redemption is asked for again with the lease, and the buyer is served", async () => {
      world = await startWorld();
      const seller = await startSeller(world, { facilitator });
      const proof = await proofOf(track, await world.payer(), seller);
      seller.loseSettleAnswers("after");
      const paid = await present(seller, proof);
      expect(paid).toMatchObject({ status: 200, settlement: { success: true } });
      expect(JSON.stringify(paid.settlement)).not.toContain("lease");
      expect(await present(seller, proof)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
      expect(seller.handlerRuns()).toBe(1);
    });

    test("a settle that never arrived is asked again as well", async () => {
      world = await startWorld();
      const seller = await startSeller(world, { facilitator });
      const proof = await proofOf(track, await world.payer(), seller);
      seller.loseSettleAnswers("before");
      expect(await present(seller, proof)).toMatchObject({ status: 200, settlement: { success: true } });
    });

    test("where nobody answers the response is withheld, the lease ends, and the same proof works at once", async () => {
      world = await startWorld();
      const seller = await startSeller(world, { facilitator });
      const proof = await proofOf(track, await world.payer(), seller);
      seller.loseSettleAnswers("before", "before");
      expect(await present(seller, proof)).toMatchObject({ status: 402 });
      expect(await present(seller, proof)).toMatchObject({ status: 200 });
      expect(seller.handlerRuns()).toBe(2);
    });
  });
});

test("a node that cannot be asked for a moment costs nobody the response", async () => {
  let isDown = false;
  world = await startWorld({
    wrapLedger: (ledger) => ({
      ...ledger,
      async process(block, subtype, options) {
        if (isDown) {
          isDown = false;
          return ledger.process(block, subtype, { ...options, signal: AbortSignal.abort() });
        }
        return ledger.process(block, subtype, options);
      },
    }),
  });
  const seller = await startSeller(world);
  const proof = await proofOf("nanoTxn", await world.payer(), seller);
  seller.onHandler(async () => {
    isDown = true;
  });
  expect(await present(seller, proof)).toMatchObject({ status: 200, settlement: { success: true } });
  expect(isDown).toBe(false);
});

describe("how the facilitator is reached", () => {
  const settleFailure = async (options: { status?: number; body?: unknown; reason?: string }) => {
    const calls: { url: string; headers: Headers; body: unknown }[] = [];
    const scheme = new ExactNanoScheme({
      challengeSecret: CHALLENGE_SECRET,
      facilitatorUrl: "http://127.0.0.1:1/base/",
      createAuthHeaders: async () => ({ settle: { Authorization: "Bearer settle" } }),
      fetch: async (input, init) => {
        calls.push({ url: String(input), headers: new Headers(init?.headers), body: JSON.parse(String(init?.body)) });
        return Response.json(options.body ?? {}, { status: options.status ?? 200 });
      },
    });
    const paymentPayload = { x402Version: 2, accepted: {}, payload: { blockHash: "ab" } } as never;
    const context = { paymentPayload, requirements: { scheme: "exact" } as never, declaredExtensions: {} };
    await scheme.schemeHooks.onAfterVerify?.({ ...context, result: { isValid: true, extra: { lease: "token" } } });
    const error = Object.assign(
      new TypeError("lost"),
      options.reason === undefined ? {} : { errorReason: options.reason },
    );
    const result = await scheme.schemeHooks.onSettleFailure?.({ ...context, phase: "after-handler", error });
    return { calls, result };
  };

  test("settle with the lease in the payload and the stock client's headers; success is handed to the host", async () => {
    const body = {
      success: true,
      transaction: "AB",
      network: "nano:mainnet",
      payer: "nano_1",
      lease: "never passed on",
    };
    const { calls, result } = await settleFailure({ body });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      url: "http://127.0.0.1:1/base/settle",
      body: { x402Version: 2, paymentPayload: { payload: { blockHash: "ab", lease: "token" } } },
    });
    expect(calls[0]?.headers.get("authorization")).toBe("Bearer settle");
    expect(result).toEqual({
      recovered: true,
      result: { success: true, transaction: "AB", network: "nano:mainnet", payer: "nano_1" },
    });
  });

  test.each(["ledger_unavailable", "facilitator_unavailable"])("%s is worth asking again", async (reason) => {
    const { calls } = await settleFailure({ reason, body: { success: false, errorReason: reason } });
    expect(calls.map(({ url }) => url.split("/").pop())).toEqual(["settle", "release"]);
  });

  test.each(["settlement_pending", "payment_in_progress", "duplicate_block_hash"])(
    "%s leaves the lease to whoever is at it",
    async (reason) => {
      expect((await settleFailure({ reason })).calls).toEqual([]);
      const again = await settleFailure({ body: { success: false, errorReason: reason } });
      expect(again.calls).toHaveLength(1);
    },
  );

  test("any other refusal is final: the lease ends", async () => {
    const { calls, result } = await settleFailure({ reason: "stale_frontier" });
    expect(calls.map(({ url, body }) => [url, body])).toEqual([
      ["http://127.0.0.1:1/base/release", { lease: "token" }],
    ]);
    expect(result).toBeUndefined();
  });

  test.each([
    ["an error page", { status: 502, body: { error: "bad gateway" } }],
    ["an answer that is none", { body: { ok: 1 } }],
    ["a success with a status that is none", { status: 500, body: { success: true, transaction: "AB" } }],
  ])("%s is no success", async (_name, answer) => {
    const { result } = await settleFailure(answer);
    expect(result).toBeUndefined();
  });
});
