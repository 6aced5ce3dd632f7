import { expect, test } from "vitest";
import { NanoError } from "../../../src/errors/index.js";
import {
  hashBlock,
  hexToBytes,
  keyBytes,
  parseAddress,
  parseBlockHash,
  verifyNoms,
  xno,
} from "../../../src/nano/index.js";
import { blockOf, OTHER_PAY_TO, PAY_TO, PRICE, served, startPurse, watch } from "../../support/purse-world.js";

test("a send of just the amount, confirmed, and a signature over hash, nonce and time", async () => {
  const { purse, ledger, account, offer } = await startPurse();
  const wanted = offer();
  const proof = await purse.payOffer(wanted);

  const [send, ...more] = ledger.sendsOf(account);
  expect(more).toEqual([]);
  expect(send).toMatchObject({ account, balanceRaw: xno("10") - PRICE, link: parseAddress(PAY_TO) });
  expect(ledger.processCalls.map(({ subtype }) => subtype)).toEqual(["send"]);
  expect(proof).toMatchObject({ track: "nanoSignature", payload: { blockHash: proof.hash, account: purse.address } });
  const extra = wanted["extra"] as { nonce: string; validBefore: number };
  const message = `${proof.hash}:${extra.nonce}:${String(extra.validBefore)}`;
  expect(verifyNoms(hexToBytes(String(proof.payload["signature"]), 64), message, keyBytes(account))).toBe(true);
});

test("work is asked for on the frontier, with the send threshold", async () => {
  const { ledger, account, nanoSignature } = await startPurse({ workThresholds: { send: 7n, receive: 3n } });
  const frontier = ledger.headOf(account);
  await nanoSignature();
  expect(ledger.workCalls).toEqual([{ root: frontier, threshold: 7n }]);
});

test("work below the threshold is never signed", async () => {
  const tooHard = 2n ** 64n - 1n;
  const { ledger, purse, nanoSignature } = await startPurse({ workThresholds: { send: tooHard, receive: 1n } });
  await expect(nanoSignature()).rejects.toMatchObject({ code: "work_unavailable" });
  expect(ledger.processCalls).toEqual([]);
  expect(purse.spentTodayRaw()).toBe(0n);
});

test("a confirmation that is late is waited for 10 s, then the proof is presented all the same", async () => {
  const { ledger, time, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const call = watch(nanoSignature());
  await time.advance(9_999);
  expect(call.outcome()).toBeUndefined();
  await time.advance(1);
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
});

test("a confirmation that comes ends the wait", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const call = watch(nanoSignature());
  await time.advance(400);
  expect(call.outcome()).toBeUndefined();
  ledger.confirm(ledger.headOf(account));
  await time.settle();
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
});

test("the wait never outlives the challenge", async () => {
  const { ledger, time, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const call = watch(nanoSignature({ maxTimeoutSeconds: 4 }));
  await time.advance(4_000);
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
});

test("sends chain on each other without waiting for a confirmation", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const first = watch(nanoSignature({ amountRaw: 10n }));
  const second = watch(nanoSignature({ amountRaw: 20n }));
  await time.settle();
  const [one, two] = ledger.sendsOf(account);
  expect(two?.previous).toBe(one === undefined ? undefined : hashBlock(one));
  ledger.confirm(ledger.headOf(account));
  await time.settle();
  expect([first.outcome(), second.outcome()]).not.toContain(undefined);
});

test("an expired offer is not paid", async () => {
  const { purse, ledger, time, offer } = await startPurse();
  const old = offer({ maxTimeoutSeconds: 60 });
  await time.advance(60_000);
  await expect(purse.payOffer(old)).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(ledger.processCalls).toEqual([]);
});

test("a wrong clock at the seller does not make an offer last longer than it says", async () => {
  const { purse, ledger, time, offer } = await startPurse();
  const strange = offer({ maxTimeoutSeconds: 5 });
  strange["extra"] = { nonce: "ab".repeat(32), validBefore: time.clock() };
  ledger.whileWorking = () => time.advance(5_000);
  await expect(purse.payOffer(strange)).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(ledger.processCalls).toEqual([]);
});

test("an offer that expires while work is computed is not paid, and costs nothing", async () => {
  const { purse, ledger, time, nanoSignature } = await startPurse();
  ledger.whileWorking = () => time.advance(60_000);
  await expect(nanoSignature()).rejects.toMatchObject({ code: "deadline_exceeded" });
  expect(ledger.processCalls).toEqual([]);
  expect(purse.spentTodayRaw()).toBe(0n);
});

test("a lost answer: the hash is looked up, and the block that landed is what pays", async () => {
  const { ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push("lostAfter");
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
  expect(ledger.processCalls).toHaveLength(1);
});

test("a lost answer whose error does not say so is a lost answer", async () => {
  const { ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push("lostSilently");
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
});

test("a block that may be out stays the one, also when a later attempt cannot reach the node", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse();
  ledger.faults.push("lostBefore", "unsent");
  const call = watch(nanoSignature());
  await time.advance(2_000);
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(new Set(ledger.processCalls.map(({ hash }) => hash)).size).toBe(1);
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a block that lands between two questions is not mistaken for its own rival", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push("lostAfter");
  const processed = ledger.process.bind(ledger);
  ledger.process = async (block, subtype) => {
    ledger.hiddenOnce = hashBlock(block);
    return processed(block, subtype);
  };
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test("a lost request: the same block is handed in again, never another one", async () => {
  const { ledger, account, time, nanoSignature } = await startPurse();
  ledger.faults.push("lostBefore");
  const call = watch(nanoSignature());
  await time.advance(1_000);
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(new Set(ledger.processCalls.map(({ hash }) => hash)).size).toBe(1);
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("while a block may be on its way nothing else is signed, whoever asks; then the same one pays", async () => {
  const { purse, ledger, account, time, offer, nanoSignature } = await startPurse();
  ledger.faults.push(...Array.from({ length: 60 }, () => "lostBefore" as const));
  const call = watch(nanoSignature());
  await time.advance(10_500);
  expect(call.outcome()).toMatchObject({ code: "payment_unresolved" });
  expect(purse.unspent()).toHaveLength(1);
  expect(purse.spentTodayRaw()).toBe(PRICE);

  const other = watch(nanoSignature({ amountRaw: 50n }));
  await time.advance(10_500);
  expect(other.outcome()).toMatchObject({ code: "payment_unresolved" });
  expect(new Set(ledger.processCalls.map(({ hash }) => hash)).size).toBe(1);
  expect(purse.spentTodayRaw()).toBe(PRICE);

  ledger.faults.length = 0;
  const again = await purse.payOffer(offer());
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([again.hash]);
  expect(again.hash).toBe(ledger.processCalls[0]?.hash);
});

test("a send that never left is kept and pays the next time", async () => {
  const { purse, ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push("unsent");
  await expect(nanoSignature()).rejects.toMatchObject({ code: "payment_unresolved" });
  expect(purse.unspent()).toMatchObject([{ presented: 0, isInFlight: false }]);
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test("refused, because another program's block is confirmed in its place: void, rebuilt once on the new frontier", async () => {
  const { purse, ledger, account, signElsewhere, nanoSignature } = await startPurse();
  const previous = ledger.headOf(account);
  const elsewhere = signElsewhere({ previous, balanceRaw: xno("9") });
  ledger.whileWorking = () => ledger.land(elsewhere);
  const { hash } = await nanoSignature();
  const sends = ledger.sendsOf(account);
  expect(sends.map(hashBlock)).toEqual([hashBlock(elsewhere), hash]);
  expect(sends[1]).toMatchObject({ previous: hashBlock(elsewhere), balanceRaw: xno("9") - PRICE });
  expect(purse.spentTodayRaw()).toBe(PRICE);
  expect(purse.unspent()).toHaveLength(1);
});

test("refused a second time for the same cause: given up, nothing is counted", async () => {
  const { purse, ledger, account, signElsewhere, nanoSignature } = await startPurse();
  const intrude = (balanceRaw: bigint) => () => {
    ledger.land(signElsewhere({ previous: ledger.headOf(account), balanceRaw }));
    ledger.whileWorking = () => ledger.land(signElsewhere({ previous: ledger.headOf(account), balanceRaw: 5n }));
  };
  ledger.whileWorking = intrude(xno("9"));
  await expect(nanoSignature()).rejects.toMatchObject({ code: "block_refused" });
  expect(purse.spentTodayRaw()).toBe(0n);
  expect(purse.unspent()).toEqual([]);
});

test("refused, and the rival is not confirmed: nothing new is signed until the ledger decides", async () => {
  const { purse, ledger, account, time, signElsewhere, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const elsewhere = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("9") });
  ledger.whileWorking = () => ledger.land(elsewhere);
  const call = watch(nanoSignature());
  await time.advance(10_500);
  expect(call.outcome()).toMatchObject({ code: "payment_unresolved" });
  expect(purse.spentTodayRaw()).toBe(PRICE);

  ledger.confirmsAtOnce = true;
  ledger.confirm(hashBlock(elsewhere));
  const { hash } = await nanoSignature();
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hashBlock(elsewhere), hash]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
});

test("a rival that is confirmed within the wait is waited for", async () => {
  const { ledger, account, time, signElsewhere, nanoSignature } = await startPurse();
  ledger.confirmsAtOnce = false;
  const elsewhere = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("9") });
  ledger.whileWorking = () => ledger.land(elsewhere);
  const call = watch(nanoSignature());
  await time.advance(2_000);
  expect(ledger.processCalls).toHaveLength(1);
  ledger.confirmsAtOnce = true;
  ledger.confirm(hashBlock(elsewhere));
  await time.advance(500);
  expect(call.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test("a refused block is not forced upon the ledger when something else is bought", async () => {
  const { ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push({ refuse: "Block work is insufficient" });
  await expect(nanoSignature()).rejects.toMatchObject({ code: "payment_unresolved" });
  const { hash } = await nanoSignature({ payTo: OTHER_PAY_TO });
  expect(ledger.sendsOf(account).map(hashBlock)).toEqual([hash]);
});

test("refused for another reason: unresolved, and the same block is what pays later", async () => {
  const { ledger, account, nanoSignature } = await startPurse();
  ledger.faults.push({ refuse: "Block work is insufficient" });
  await expect(nanoSignature()).rejects.toMatchObject({
    code: "payment_unresolved",
    facts: { why: "Block work is insufficient" },
  });
  const { hash } = await nanoSignature();
  expect(ledger.processCalls.map((call) => call.hash)).toEqual([hash, hash]);
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a node that lags behind cannot make the purse build beside its own block", async () => {
  const { purse, ledger, account, time, nanoSignature } = await startPurse();
  const stale = await ledger.accountInfo(account);
  const { hash } = await nanoSignature();
  await purse.report(hash, served);
  ledger.staleInfo = stale;
  const call = watch(nanoSignature({ amountRaw: 70n }));
  await time.advance(11_000);
  expect(call.outcome()).toMatchObject({ code: "ledger_unavailable", facts: { why: "the node lags behind" } });
  expect(new Set(ledger.processCalls.map((one) => one.hash))).toEqual(new Set([hash]));

  ledger.staleInfo = undefined;
  await nanoSignature({ amountRaw: 70n });
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test("nor beside a Track A block that the ledger has shown", async () => {
  const { purse, ledger, account, time, nanoTxn, nanoSignature } = await startPurse();
  const stale = await ledger.accountInfo(account);
  const settled = await nanoTxn();
  ledger.land(blockOf(settled));
  await purse.report(settled.hash, served);
  await nanoSignature({ payTo: OTHER_PAY_TO });
  ledger.staleInfo = stale;
  const call = watch(nanoSignature({ amountRaw: 70n }));
  await time.advance(11_000);
  expect(call.outcome()).toMatchObject({ code: "ledger_unavailable", facts: { why: "the node lags behind" } });
  expect(ledger.sendsOf(account)).toHaveLength(2);
});

test("the amount follows from the frontier block itself, not from what the node says of the balance", async () => {
  const { ledger, account, nanoSignature } = await startPurse();
  const info = await ledger.accountInfo(account);
  if (info === undefined) throw new TypeError("not open");
  ledger.staleInfo = { ...info, balanceRaw: xno("3"), confirmedBalanceRaw: xno("3") };
  await nanoSignature();
  expect(ledger.sendsOf(account)[0]?.balanceRaw).toBe(xno("10") - PRICE);
});

test("a frontier that is no block of this account, or not the block that its hash stands for, is not built on", async () => {
  const { ledger, account, nanoSignature, signElsewhere } = await startPurse();
  const info = await ledger.accountInfo(account);
  if (info === undefined) throw new TypeError("not open");
  const foreign = ledger.open(parseAddress(PAY_TO), xno("5"));
  ledger.staleInfo = { ...info, frontier: foreign, confirmedFrontier: foreign };
  await expect(nanoSignature()).rejects.toMatchObject({ code: "ledger_unavailable" });
  ledger.staleInfo = { ...info, frontier: parseBlockHash("ab".repeat(32)) };
  await expect(nanoSignature()).rejects.toMatchObject({ code: "ledger_unavailable" });
  ledger.staleInfo = undefined;
  const other = signElsewhere({ previous: ledger.headOf(account), balanceRaw: xno("900") });
  ledger.disguises.set(ledger.headOf(account), other);
  await expect(nanoSignature()).rejects.toMatchObject({ code: "ledger_unavailable" });
  expect(ledger.processCalls).toEqual([]);
});

test("an outage before anything is signed costs nothing", async () => {
  const { purse, ledger, nanoSignature } = await startPurse();
  ledger.isOffline = true;
  const failure = nanoSignature();
  await expect(failure).rejects.toBeInstanceOf(NanoError);
  await expect(failure).rejects.toMatchObject({ code: "ledger_unavailable" });
  expect(purse.spentTodayRaw()).toBe(0n);
  expect(purse.unspent()).toEqual([]);
});
