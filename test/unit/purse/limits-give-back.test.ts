import { expect, test } from "vitest";
import { NanoError } from "../../../src/errors/index.js";
import { createSigner } from "../../../src/purse/accounts/index.js";
import { createChain } from "../../../src/purse/chain.js";
import { createMemoryJournal } from "../../../src/purse/journal.js";
import { createLimits } from "../../../src/purse/limits/index.js";
import { type Offer, readOffer } from "../../../src/purse/offer.js";
import { readSettings } from "../../../src/purse/options.js";
import type { PurseParts } from "../../../src/purse/parts.js";
import { payNew } from "../../../src/purse/pay-new.js";
import { noteFate } from "../../../src/purse/sightings.js";
import { PRICE, SEED, startPurse } from "../../support/purse-world.js";

async function startParts(changes: Partial<PurseParts> = {}): Promise<{ parts: PurseParts; offer: () => Offer }> {
  const { ledger, time, account, offer } = await startPurse();
  const { clock, sleep } = time;
  const settings = readSettings({ clock, sleep, workThresholds: { send: 2n, receive: 1n } });
  const closing = new AbortController().signal;
  const journal = changes.journal ?? createMemoryJournal();
  const chain = createChain(account, { ledger, journal, clock, sleep, closing });
  const signer = await createSigner({ seed: SEED });
  const limits = createLimits(settings, clock);
  const parts = { settings, ledger, signer, limits, journal, chain, closing, ...changes };
  return { parts, offer: () => readOffer(offer({ track: "nanoTxn" }), {}, clock()) };
}

test("a signer that signs nothing costs nothing", async () => {
  const signer = await createSigner({ seed: SEED });
  const refusal = new NanoError("block_refused");
  const { parts, offer } = await startParts({ signer: { ...signer, signBlock: () => Promise.reject(refusal) } });
  const reserved = parts.limits.reserve(offer());
  await expect(payNew(parts, offer(), reserved)).rejects.toBe(refusal);
  expect([parts.limits.spentTodayRaw(), parts.journal.list()]).toEqual([0n, []]);
});

test("nor does a journal that cannot write: a block that is not written down is not handed out", async () => {
  const journal = createMemoryJournal();
  const full = new NanoError("store_unavailable");
  const { parts, offer } = await startParts({ journal: { ...journal, add: () => Promise.reject(full) } });
  const reserved = parts.limits.reserve(offer());
  await expect(payNew(parts, offer(), reserved)).rejects.toBe(full);
  expect(parts.limits.spentTodayRaw()).toBe(0n);
});

test("what the journal lists is what a void block gives back, whichever of two purchases it was signed for", async () => {
  const { parts, offer } = await startParts();
  const proof = await payNew(parts, offer(), parts.limits.reserve(offer()));
  const first = parts.journal.get(proof.hash);
  if (first === undefined) throw new TypeError("not listed");
  const reservation = parts.limits.reserve({ ...offer(), host: "seller.example" });
  await parts.journal.add({ ...first, resource: "https://seller.example/", reservation });
  parts.limits.giveBack(first.reservation);
  expect(parts.limits.spent()).toMatchObject({ today: { spentRaw: PRICE }, byHost: [{ host: "seller.example" }] });
  await noteFate(parts, first, "void");
  await noteFate(parts, first, "void");
  expect(parts.limits.spent()).toMatchObject({ today: { spentRaw: 0n }, byHost: [] });
  expect(parts.journal.finished()).toEqual([]);
});

test("two looks that find the same block void at once give back once", async () => {
  const { parts, offer } = await startParts();
  parts.limits.reserve({ ...offer(), host: "other.example" });
  const proof = await payNew(parts, offer(), parts.limits.reserve(offer()));
  const entry = parts.journal.get(proof.hash);
  if (entry === undefined) throw new TypeError("not listed");
  const { journal } = parts;
  const slow = {
    ...journal,
    remove: async (...what: Parameters<typeof journal.remove>) => {
      await Promise.resolve();
      await journal.remove(...what);
    },
  };
  await Promise.all([
    noteFate({ ...parts, journal: slow }, entry, "void"),
    noteFate({ ...parts, journal: slow }, entry, "void"),
  ]);
  expect(parts.limits.spentTodayRaw()).toBe(PRICE);
});
