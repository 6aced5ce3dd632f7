import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine, type WorkPolicy } from "x402-nano/facilitator";
import { NanoError } from "../../src/errors/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { answers } from "../support/faulty-ledger.js";
import { blockOf, leaseOf, type Request, withBlock, withLease } from "../support/offers.js";

/** Row 6: what is asked of a block's work, and who computes it. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

const engineWith = (workPolicy: WorkPolicy, sendWorkThreshold = world.dev.workThresholds.send): FacilitatorEngine =>
  createFacilitatorEngine({ ...world.facilitatorOptions, workPolicy, sendWorkThreshold });

/** No work of this world meets it. */
const UNREACHABLE_THRESHOLD = 2n ** 64n - 1n;

function withWork(request: Request, work: unknown): Request {
  return withBlock(request, { ...blockOf(request), work });
}

async function withoutWork(): Promise<{ request: Request; hash: string }> {
  const { request, hash } = await world.payTrackA();
  const { work: _work, ...block } = blockOf(request);
  return { request: withBlock(request, block), hash };
}

const INVALID = { isValid: false, invalidReason: "invalid_work" };

describe("policy validate, the default", () => {
  test("takes work that meets the threshold, and no less", async () => {
    const { request } = await world.payTrackA();
    const strict = engineWith("validate", UNREACHABLE_THRESHOLD);
    expect(await strict.verify(request)).toMatchObject({ ...INVALID, payer: world.alice.address });
    expect(await strict.settle(request)).toMatchObject({ errorReason: "invalid_work" });
    expect(await world.engine.verify(request)).toMatchObject({ isValid: true });
  });

  test("refuses absent and malformed work", async () => {
    const { request } = await withoutWork();
    for (const spoilt of [
      request,
      withWork(request, ""),
      withWork(request, "xyz"),
      withWork(request, "0".repeat(15)),
    ]) {
      expect(await world.engine.verify(spoilt)).toMatchObject(INVALID);
      expect(await world.engine.settle(spoilt)).toMatchObject({ errorReason: "invalid_work" });
    }
    expect(world.ledgerFaults.countOf("generateWork")).toBe(0);
  });

  test("is what an engine without a policy does, and mainnet's threshold the default", async () => {
    const { workPolicy: _policy, sendWorkThreshold: _threshold, ...rest } = world.facilitatorOptions;
    const engine = createFacilitatorEngine(rest);
    const { request } = await world.payTrackA();
    const answer = await engine.verify(withWork(request, "0".repeat(16)));
    expect(answer).toMatchObject(INVALID);
    expect(answer.invalidMessage).toContain("fffffff800000000");
  });
});

describe("policy format", () => {
  test("takes any 16 hexadecimal digits, and leaves the rest to the node", async () => {
    const { request } = await world.payTrackA();
    expect(await engineWith("format", UNREACHABLE_THRESHOLD).settle(request)).toMatchObject({ success: true });
  });

  test("refuses absent and malformed work", async () => {
    const { request } = await withoutWork();
    const engine = engineWith("format");
    for (const spoilt of [request, withWork(request, "xyz"), withWork(request, "0".repeat(17))]) {
      expect(await engine.verify(spoilt)).toMatchObject(INVALID);
    }
  });
});

describe("policy attach", () => {
  test("computes absent work at settle, and not at verify", async () => {
    const { request } = await withoutWork();
    const engine = engineWith("attach");
    const lease = await leaseOf(engine, request);
    expect(world.ledgerFaults.countOf("generateWork")).toBe(0);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    const call = world.ledgerFaults.calls.find(({ method }) => method === "generateWork");
    expect(call?.args).toEqual([blockOf(request)["previous"], world.dev.workThresholds.send]);
    expect(world.ledgerFaults.countOf("generateWork")).toBe(1);
  });

  test("journals and broadcasts the block with the work it found", async () => {
    const { request } = await withoutWork();
    let journalled: unknown;
    world.ledgerFaults.next("process", async (real, block, ...rest) => {
      const [entry] = await world.store.listOpen();
      journalled = JSON.parse(entry?.block ?? "");
      expect(block.work).toMatch(/^[0-9a-f]{16}$/);
      expect(journalled).toMatchObject({ work: block.work, signature: block.signature });
      return real(block, ...rest);
    });
    expect(await engineWith("attach").settle(request)).toMatchObject({ success: true });
    expect(journalled).toBeDefined();
  });

  test("computes none for a payment that any other check refuses", async () => {
    const engine = engineWith("attach");
    const { request } = await withoutWork();
    const refused: [Request, string][] = [
      [withBlock(request, { ...blockOf(request), signature: "00".repeat(64) }), "invalid_signature"],
      [{ ...request, paymentRequirements: { ...request.paymentRequirements, amount: "5" } }, "requirements_mismatch"],
    ];
    for (const [spoilt, reason] of refused) {
      expect(await engine.settle(spoilt)).toMatchObject({ errorReason: reason });
    }
    const lease = await leaseOf(engine, request);
    const rival = await world.payTrackA({ amountRaw: 10n ** 28n });
    const { work: _work, ...rivalBlock } = blockOf(rival.request);
    const duplicate = await engine.settle(withBlock(rival.request, rivalBlock));
    expect(duplicate).toMatchObject({ errorReason: "duplicate_frontier" });
    await world.broadcast(rival.block);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "stale_frontier" });
    expect(world.ledgerFaults.countOf("generateWork")).toBe(0);
  });

  test("takes work that is there, where it meets the threshold, and refuses what is malformed or weak", async () => {
    const { request } = await world.payTrackA();
    expect(await engineWith("attach", UNREACHABLE_THRESHOLD).verify(request)).toMatchObject(INVALID);
    expect(await engineWith("attach").verify(withWork(request, "xyz"))).toMatchObject(INVALID);
    expect(await engineWith("attach").settle(request)).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("generateWork")).toBe(0);
  });

  test("no work can be had: a value, nothing is journalled, broadcast or leased", async () => {
    const { request } = await withoutWork();
    const engine = engineWith("attach");
    world.ledgerFaults.next("generateWork", async () => {
      throw new NanoError("work_unavailable");
    });
    expect(await engine.settle(request)).toMatchObject({ errorReason: "ledger_unavailable", transaction: "" });
    world.ledgerFaults.next("generateWork", answers("0".repeat(16)));
    const strict = engineWith("attach", UNREACHABLE_THRESHOLD);
    expect(await strict.settle(request)).toMatchObject({ errorReason: "ledger_unavailable", transaction: "" });
    expect(await world.journal()).toEqual([]);
    expect(world.ledgerFaults.countOf("process")).toBe(0);
    expect(await engine.settle(request)).toMatchObject({ success: true });
  });

  test("a second settle of a block that has landed computes no work again", async () => {
    await world.close();
    world = await startEngineWorld({ dev: { confirm: "never" } });
    const { request, hash } = await withoutWork();
    const engine = engineWith("attach");
    const lease = await leaseOf(engine, request);
    world.ledgerFaults.next("waitForConfirmation", answers(false));
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ errorReason: "settlement_pending" });
    world.dev.confirm(hash);
    expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
    expect(world.ledgerFaults.countOf("generateWork")).toBe(1);
  });
});

describe("what a kind says of itself", () => {
  const methods = { assetTransferMethods: ["nanoTxn", "nanoSignature"] };

  test("both tracks; work and its threshold under policy attach only", () => {
    expect(engineWith("validate").extra()).toEqual(methods);
    expect(engineWith("format").extra()).toEqual(methods);
    const extra = { ...methods, work: "optional", workThreshold: "fffffff800000000" };
    expect(engineWith("attach", 0xfffffff800000000n).extra()).toEqual(extra);
    expect(engineWith("attach", 0xffn).extra()).toMatchObject({ workThreshold: "00000000000000ff" });
    expect(engineWith("attach", 0xfffffff800000000n).supported()).toEqual({
      kinds: [{ x402Version: 2, scheme: "exact", network: "nano:mainnet", extra }],
      extensions: [],
      signers: { "nano:*": [] },
    });
  });
});
