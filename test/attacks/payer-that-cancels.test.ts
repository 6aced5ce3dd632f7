import { expect } from "vitest";
import { faultyStore } from "../support/faulty-store.js";
import { type Envelope, paymentHeaders, payOn } from "../support/hand-payer.js";
import { leaseOf, offersOf, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, type Outcome, present, type Seller, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { blockIn } from "./support-blocks.js";
import { expectServedOnce, expectTurnedAway } from "./support-outcomes.js";
import { startOpenSeller } from "./support-sellers.js";

/**
 * A lease ends early for the server that holds it, and for nobody else: a payer who could end it would run the handler
 * again and again for one payment (R3).
 */

const TRACKS = ["nanoTxn", "nanoSignature"] as const;
const TOKEN = /[0-9a-f]{64}\.[0-9a-f]{64}\.[0-9a-f]{64}/i;

/** What a payer can say at POST /release: it knows its account and the hash, and not the rest. */
function guessesAt(lease: string): unknown[] {
  const [account = "", hash = "", secret = ""] = lease.split(".");
  const guess = `${account}.${hash}.${"0".repeat(64)}`;
  const texts = [guess, `${account}.${hash}.`, `${account}.${hash}`, hash, secret, ""];
  const respelt = [lease.toUpperCase(), `${lease}\0`, ` ${lease}`, `${hash}.${account}.${secret}`, lease.slice(0, -1)];
  return [...texts, ...respelt, [guess], { lease }, { toString: guess }, null, undefined, true, 7];
}

for (const track of TRACKS) {
  attack(`${track}: POST /release with guessed tokens while the handler runs`, async (world) => {
    const seller = await startOpenSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const tokens: string[] = [];
    const released: unknown[] = [];
    const copies = presentDuringHandler(seller, proof, async () => {
      const { token = "" } = await world.store.get({ account: world.alice.account, hash: hashIn(proof) });
      tokens.push(token);
      for (const lease of guessesAt(token)) {
        // What is no text at all may be answered by the host, with a page of its own.
        const answer = await seller.ask("release", { lease }).catch(() => undefined);
        released.push(answer?.["released"] ?? false);
      }
    });
    expect(await present(seller, proof)).toMatchObject({ status: 200 });
    expect(seller.handlerRuns()).toBe(1);
    expect(new Set(released)).toEqual(new Set([false]));
    expect(copies).toMatchObject([{ status: 402, reason: "payment_in_progress" }]);
    expect(tokens).toEqual([expect.stringMatching(TOKEN)]);
    // Even the real one is good for nothing any more.
    expect(await seller.ask("release", { lease: tokens[0] })).toEqual({ released: false });
    await expectTurnedAway(seller, proof, "duplicate_block_hash");
  });

  attack(`${track}: no answer to the payer holds a token, whatever becomes of the request`, async (world) => {
    const seller = await startSeller(world);
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const answers: string[] = [];
    const ask = async (): Promise<void> => {
      const response = await fetch(seller.url, { headers: paymentHeaders(proof) });
      const headers = [...response.headers].flatMap(([name, value]) => [name, value, atobOr(value)]);
      answers.push(String(response.status), ...headers, await response.text());
    };
    seller.failNext(500);
    await ask();
    seller.onHandler(async () => {
      seller.onHandler(async () => undefined);
      await ask();
    });
    seller.loseSettleAnswers("before", "before");
    await ask();
    seller.loseSettleAnswers("after");
    await ask();
    await ask();
    expect(answers.filter((text) => /^[245]\d\d$/.test(text))).toEqual(["500", "402", "402", "200", "402"]);
    expect(answers.join("\n")).toContain("PAYMENT-RESPONSE".toLowerCase());
    expect(answers.join("\n")).not.toMatch(TOKEN);
    expect(answers.join("\n")).not.toContain("lease");
  });

  attack(`${track}: hangs up while the handler runs, and asks again: one run for one payment`, async (world) => {
    const store = faultyStore(world.facilitatorOptions.store);
    const facilitatorOptions = { ...world.facilitatorOptions, store: store.port };
    const seller = await startSeller({ ...world, facilitatorOptions });
    const proof = await payOn(world.alice, track, await fetchOffers(seller));
    const redeemed = new Promise<void>((resolve) => {
      store.always("advance", async (real, token, step) => {
        const result = await real(token, step);
        if (step.to === "redeemed") resolve();
        return result;
      });
    });
    const call = new AbortController();
    const copies = presentDuringHandler(seller, proof, () => {
      call.abort();
    });
    await expect(fetch(seller.url, { headers: paymentHeaders(proof), signal: call.signal })).rejects.toThrow("aborted");
    await redeemed;
    expect(copies).toMatchObject([{ status: 402, reason: "payment_in_progress" }]);
    await expectTurnedAway(seller, proof, "duplicate_block_hash");
    expect(seller.handlerRuns()).toBe(1);
    expect(store.countOf("release")).toBe(0);
  });

  for (const facilitator of ["in-process", "http"] as const) {
    attack(
      `${track}, facilitator ${facilitator}: a handler that fails costs the payer nothing, copies gain nothing`,
      async (world) => {
        const seller = await startSeller(world, { facilitator });
        const proof = await payOn(world.alice, track, await fetchOffers(seller));
        const copies = presentDuringHandler(seller, proof);
        for (const status of [500, 404]) {
          seller.failNext(status);
          expect(await present(seller, proof)).toMatchObject({ status });
        }
        expect(world.ledgerFaults.countOf("process")).toBe(0);
        await expectServedOnce(seller, proof);
        const refused = { status: 402, reason: "payment_in_progress" };
        expect(copies).toMatchObject([refused, refused, refused]);
        expect(seller.handlerRuns()).toBe(3);
      },
    );
  }

  attack(
    `${track}: the lease of a response that was cancelled settles, until somebody else has the hash`,
    async (world) => {
      const { engine, other } = world;
      const request = requestOf(await payOn(world.alice, track, offersOf(world)));
      const cancelled = await leaseOf(engine, request);
      expect(await other.release(cancelled)).toBe(true);
      expect(await engine.release(cancelled)).toBe(false);
      const lease = await leaseOf(other, request);
      const late = await engine.settle(withLease(request, cancelled));
      expect(late).toMatchObject({ success: false, errorReason: "payment_in_progress" });
      expect(await engine.release(cancelled)).toBe(false);
      expect(await other.settle(withLease(request, lease))).toMatchObject({ success: true });
      expect(await engine.settle(withLease(request, cancelled))).toMatchObject({ errorReason: "duplicate_block_hash" });
    },
  );
}

/** A copy for each run of the handler, after what happens in it. A copy that gets into the handler itself sends none. */
function presentDuringHandler(seller: Seller, proof: Envelope, meanwhile?: () => unknown): readonly Outcome[] {
  const copies: Outcome[] = [];
  let isRunning = false;
  seller.onHandler(async () => {
    if (isRunning) return;
    isRunning = true;
    await meanwhile?.();
    copies.push(await present(seller, proof));
    isRunning = false;
  });
  return copies;
}

function hashIn(proof: Envelope): string {
  const { blockHash } = proof.payload;
  return typeof blockHash === "string" ? blockHash : blockIn(proof).hash;
}

/** What a header of base64 says; anything else as it stands. */
function atobOr(text: string): string {
  try {
    return atob(text);
  } catch {
    return text;
  }
}
