import { expect, test } from "vitest";
import { blockOf, PRICE, refused, served, startPurse, watch } from "../../support/purse-world.js";

test("a second call for the same thing waits for the first one's outcome: served, so it pays anew", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse();
  const first = await nanoSignature();
  const second = watch(nanoSignature());
  await time.advance(1_000);
  expect(second.outcome()).toBeUndefined();
  await purse.report(first.hash, served);
  await time.settle();
  expect(second.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(second.outcome()).not.toMatchObject({ hash: first.hash });
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test("refused: the second call presents the same payment", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse();
  const first = await nanoSignature();
  const second = watch(nanoSignature());
  await purse.report(first.hash, refused("payment_in_progress"));
  await time.settle();
  expect(second.outcome()).toMatchObject({ hash: first.hash });
  expect(ledger.sendsOf(account)).toHaveLength(1);
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test.each([
  { name: "30 s", maxTimeoutSeconds: 300, options: {}, waitMs: 30_000 },
  { name: "the offer's own time where that is less", maxTimeoutSeconds: 12, options: {}, waitMs: 12_000 },
  { name: "what the option says", maxTimeoutSeconds: 300, options: { inFlightSeconds: 3 }, waitMs: 3_000 },
])("nothing heard: the same payment is presented again after $name", async ({ maxTimeoutSeconds, options, waitMs }) => {
  const { ledger, account, time, nanoSignature } = await startPurse(options);
  const first = await nanoSignature({ maxTimeoutSeconds });
  const second = watch(nanoSignature({ maxTimeoutSeconds: 600 }));
  await time.advance(waitMs - 1);
  expect(second.outcome()).toBeUndefined();
  await time.advance(1);
  expect(second.outcome()).toMatchObject({ hash: first.hash });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("Track A, nothing heard, and it has landed meanwhile: not presented as a block again, not paid again", async () => {
  const { ledger, account, time, nanoTxn } = await startPurse();
  const first = await nanoTxn();
  const second = watch(nanoTxn({ maxTimeoutSeconds: 120 }));
  ledger.land(blockOf(first));
  await time.advance(30_000);
  expect(second.outcome()).toMatchObject({ code: "payment_unresolved", facts: { hash: first.hash } });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a call whose offer runs out while it waits signs nothing and says so", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse();
  await nanoSignature({ maxTimeoutSeconds: 60 });
  const second = watch(nanoSignature({ maxTimeoutSeconds: 10 }));
  await time.advance(10_000);
  expect(second.outcome()).toMatchObject({ code: "deadline_exceeded" });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("calls for the same thing present one payment at a time, in the order they came", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse();
  const calls = [1, 2, 3, 4].map(() => watch(nanoSignature()));
  const hashes: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    await time.settle();
    const open = purse.unspent();
    expect(open).toHaveLength(1);
    hashes.push(open[0]?.hash ?? "");
    expect(calls[round]?.outcome()).toMatchObject({ hash: open[0]?.hash });
    expect(calls[round + 1]?.outcome()).toBeUndefined();
    await purse.report(open[0]?.hash ?? "", served);
  }
  expect(new Set(hashes).size).toBe(4);
  expect(ledger.sendsOf(account)).toHaveLength(4);
});

test("different things are paid beside each other", async () => {
  const { ledger, account, offer, purse } = await startPurse();
  const proofs = await Promise.all(
    ["a", "b", "c"].map((name) => purse.payOffer(offer(), { resource: `https://seller.example/${name}` })),
  );
  expect(new Set(proofs.map(({ hash }) => hash)).size).toBe(3);
  expect(ledger.sendsOf(account)).toHaveLength(3);
});

test("a late success of an earlier presentation counts, whatever a later one was told", async () => {
  const { purse, time, nanoSignature } = await startPurse();
  const first = await nanoSignature();
  await time.advance(30_000);
  await nanoSignature();
  await purse.report(first.hash, served);
  await purse.report(first.hash, refused("duplicate_block_hash"));
  expect(purse.unspent()).toEqual([]);
});

test("closing the purse ends the waits, and nothing is signed afterwards", async () => {
  const { purse, ledger, time, nanoSignature } = await startPurse();
  await nanoSignature();
  const waiting = watch(nanoSignature());
  await time.settle();
  await purse.close();
  await time.settle();
  expect(waiting.outcome()).toMatchObject({ code: "purse_closed" });
  await expect(nanoSignature({ amountRaw: 10n })).rejects.toMatchObject({ code: "purse_closed" });
  await expect(purse.receive()).rejects.toMatchObject({ code: "purse_closed" });
  expect(ledger.processCalls).toHaveLength(1);
  expect(ledger.isClosed).toBe(false);
});
