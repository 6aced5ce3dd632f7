import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import type { Offer } from "../support/hand-payer.js";
import { offersOf, PRICE_RAW, proveBlock, requestOf } from "../support/offers.js";

/** SPEC 3: Faremeter hands over its first entry for both tracks, so the amount is found from the entry's own track. */

let world: EngineWorld;

beforeEach(async () => {
  world = await startEngineWorld();
});
afterEach(() => world.close());

const unmarked = (offer: Offer, amountRaw: bigint): Offer => {
  const { assetTransferMethod: _method, ...extra } = offer.extra;
  return { ...offer, amount: amountRaw.toString(), extra };
};

describe("a Track B payload under a Track A entry", () => {
  async function settle(deal: { sentRaw: bigint; acceptedRaw?: bigint; requiredRaw?: bigint }) {
    const { nanoTxn, nanoSignature } = offersOf(world);
    const { hash } = await world.alice.send({ payTo: nanoTxn.payTo, amountRaw: deal.sentRaw });
    const accepted = { ...nanoSignature, amount: (deal.acceptedRaw ?? PRICE_RAW).toString() };
    const required = { ...nanoTxn, amount: (deal.requiredRaw ?? PRICE_RAW + 1n).toString() };
    return world.engine.settle(requestOf(world.alice.proveNanoSignature(accepted, hash), required));
  }

  test("needs one raw less than the entry says", async () => {
    expect(await settle({ sentRaw: PRICE_RAW })).toMatchObject({ success: true });
  });

  test("needs no less than that", async () => {
    expect(await settle({ sentRaw: PRICE_RAW - 1n })).toMatchObject({ errorReason: "insufficient_amount" });
  });

  test.each([{ acceptedRaw: PRICE_RAW + 1n }, { acceptedRaw: PRICE_RAW - 10n }, { acceptedRaw: PRICE_RAW + 10n }])(
    "must have accepted just that: not $acceptedRaw",
    async ({ acceptedRaw }) => {
      const answer = await settle({ sentRaw: PRICE_RAW + 10n, acceptedRaw });
      expect(answer).toMatchObject({ errorReason: "requirements_mismatch" });
    },
  );

  test("needs the whole amount where the entry's does not end in 1", async () => {
    const mismatch = await settle({ sentRaw: 10n ** 27n, requiredRaw: PRICE_RAW + 2n, acceptedRaw: PRICE_RAW + 1n });
    expect(mismatch).toMatchObject({ errorReason: "requirements_mismatch" });
  });
});

describe("a Track A payload under a Track B entry", () => {
  async function settle(deal: { sentRaw: bigint; acceptedRaw?: bigint }) {
    const { nanoTxn, nanoSignature } = offersOf(world);
    const block = await world.alice.signSend({ payTo: nanoTxn.payTo, amountRaw: deal.sentRaw });
    const accepted = { ...nanoTxn, amount: (deal.acceptedRaw ?? PRICE_RAW + 1n).toString() };
    return world.engine.settle(requestOf(proveBlock(accepted, block), nanoSignature));
  }

  test("needs exactly one raw more than the entry says", async () => {
    expect(await settle({ sentRaw: PRICE_RAW + 1n })).toMatchObject({ success: true });
  });

  test.each([PRICE_RAW - 1n, PRICE_RAW, PRICE_RAW + 2n, PRICE_RAW + 10n])("not %s raw", async (sentRaw) => {
    expect(await settle({ sentRaw })).toMatchObject({ errorReason: "insufficient_amount" });
  });

  test("must have accepted just that", async () => {
    const answer = await settle({ sentRaw: PRICE_RAW + 1n, acceptedRaw: PRICE_RAW });
    expect(answer).toMatchObject({ errorReason: "requirements_mismatch" });
  });
});

describe("an entry that names no track", () => {
  test.each([PRICE_RAW, PRICE_RAW + 1n, PRICE_RAW + 7n])("asks %s raw of both", async (amountRaw) => {
    const { nanoTxn, nanoSignature } = offersOf(world, { amountRaw });
    const [entryA, entryB] = [unmarked(nanoTxn, amountRaw), unmarked(nanoSignature, amountRaw)];
    const a = requestOf(await world.alice.proveNanoTxn(entryA));
    expect(await world.engine.settle(a)).toMatchObject({ success: true });
    const { hash: _hash, ...b } = await world.alice.payNanoSignature(entryB);
    expect(await world.engine.settle(requestOf(b))).toMatchObject({ success: true });
  });
});

describe("a stranger's Track B payment handed in as Track A before the node knows it", () => {
  test("never has Track A's amount, whichever entry it is shown under", async () => {
    const { nanoTxn, nanoSignature } = offersOf(world);
    const block = await world.alice.signSend({ payTo: nanoTxn.payTo, amountRaw: PRICE_RAW });
    for (const [accepted, required] of [
      [nanoTxn, nanoTxn],
      [nanoTxn, nanoSignature],
    ] as const) {
      const answer = await world.engine.verify(requestOf(proveBlock(accepted, block), required));
      expect(answer).toMatchObject({ isValid: false, invalidReason: "insufficient_amount" });
    }
    const asB = await world.engine.verify(requestOf(proveBlock(nanoSignature, block), nanoSignature));
    expect(asB).toMatchObject({ isValid: false, invalidReason: "requirements_mismatch" });
  });
});
