import { expect } from "vitest";
import type { SettleAnswer } from "x402-nano/facilitator";
import { parseBlockHash } from "../../src/nano/index.js";
import { TRACKS } from "../../src/protocol/index.js";
import { late } from "../support/faulty-ledger.js";
import { payOn } from "../support/hand-payer.js";
import { leaseOf, withLease } from "../support/offers.js";
import { fetchOffers, type Outcome, present, startSeller } from "../support/sellers.js";
import { attack } from "./attack.js";
import { expectRefused, LOSING, pay, successesOf } from "./support-facilitators.js";

/** R1, R2. Two facilitators share a store as two processes share a Redis; one proof is shown to both at once. */

const COPIES = 8;

for (const track of TRACKS) {
  attack(`one ${track} proof verified by two facilitators at once: one of them gives a lease`, async (world) => {
    const { engine, other } = world;
    const request = await pay(world, track);
    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, copy) => (copy % 2 === 0 ? engine : other).verify(request)),
    );
    expect(answers.filter(({ isValid }) => isValid)).toHaveLength(1);
    for (const { isValid, invalidReason } of answers) if (!isValid) expect(invalidReason).toBe("payment_in_progress");

    // The lease is good at either: a server's two requests may reach different machines.
    const { lease } = answers.find(({ isValid }) => isValid)?.extra ?? {};
    expect(await other.settle(withLease(request, lease))).toMatchObject({ success: true });
    await expectRefused([engine, other], request, "duplicate_block_hash");
  });

  attack(`one ${track} proof settled by two facilitators at once: one of them says success`, async (world) => {
    const { engine, other, ledgerFaults } = world;
    const request = await pay(world, track);
    const answers = await Promise.all(
      Array.from({ length: COPIES }, (_, copy) => (copy % 2 === 0 ? engine : other).settle(request)),
    );
    expect(successesOf(answers)).toHaveLength(1);
    for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
    expect(ledgerFaults.countOf("process")).toBe(track === "nanoTxn" ? 1 : 0);
    await expectRefused([engine, other], request, "duplicate_block_hash");
  });

  attack(`one ${track} proof verified by one facilitator while the other settles it: served once`, async (world) => {
    const { engine, other } = world;
    for (const isVerifyFirst of [true, false]) {
      const request = await pay(world, track);
      const verify = async () => {
        const { extra } = await engine.verify(request);
        return extra === undefined ? undefined : engine.settle(withLease(request, extra.lease));
      };
      const both = isVerifyFirst ? [verify(), other.settle(request)] : [other.settle(request), verify()];
      const answers = (await Promise.all(both)).filter((answer) => answer !== undefined);
      expect(successesOf(answers)).toHaveLength(1);
      for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
      await expectRefused([engine, other], request, "duplicate_block_hash");
    }
  });

  attack(
    `one ${track} lease settled at two facilitators at once: one success, told to its holder alone`,
    async (world) => {
      const { engine, other, ledgerFaults } = world;
      const request = await pay(world, track);
      const settle = withLease(request, await leaseOf(engine, request));
      const copies = Array.from({ length: COPIES }, (_, copy) => (copy % 2 === 0 ? engine : other));
      const answers = await Promise.all(copies.map((facilitator) => facilitator.settle(settle)));
      const told = new Set(successesOf(answers).map((answer) => JSON.stringify(answer)));
      expect(told.size).toBe(1);
      for (const { success, errorReason } of answers) if (!success) expect(LOSING).toContain(errorReason);
      expect(successesOf(await Promise.all([engine.settle(settle), other.settle(settle)]))).toHaveLength(2);
      const strangers = await Promise.all([engine.settle(request), other.settle(request)]);
      for (const answer of strangers) expect(answer).toMatchObject({ errorReason: "duplicate_block_hash" });
      const { frontier } = (await world.ledger.accountInfo(world.alice.account)) ?? {};
      expect(frontier).toBe(parseBlockHash(answers[0]?.transaction ?? ""));
      expect(ledgerFaults.countOf("process")).toBeLessThanOrEqual(track === "nanoTxn" ? 2 : 0);
    },
  );
}

attack(
  "one Track A proof settled again elsewhere while its first settle waits for the confirmation",
  async (world) => {
    const { dev, engine, other, ledgerFaults } = world;
    const request = await pay(world, "nanoTxn");
    const copies: SettleAnswer[] = [];
    ledgerFaults.next(
      "process",
      late(async () => {
        copies.push(await other.settle(request), await engine.settle(request));
        dev.confirmAll();
      }),
    );
    expect(await engine.settle(request)).toMatchObject({ success: true });
    for (const { errorReason } of copies) expect(errorReason).toBe("payment_in_progress");
    expect(copies).toHaveLength(2);
    expect(ledgerFaults.countOf("process")).toBe(1);
    await expectRefused([engine, other], request, "duplicate_block_hash");
  },
  { dev: { confirm: "never" } },
);

attack("one transfer signed for a challenge of each, to two facilitators at once: one lease", async (world) => {
  const { engine, other, payTrackB, claimTrackB } = world;
  const { request, hash } = await payTrackB();
  const answers = await Promise.all([engine.verify(request), other.verify(claimTrackB(hash))]);
  expect(answers.map(({ invalidReason }) => invalidReason).sort()).toEqual(["payment_in_progress", undefined]);
});

attack("one proof to two stock servers with a facilitator each, at once: one response, one run", async (world) => {
  const first = await startSeller(world);
  const second = await startSeller({ ...world, facilitatorOptions: world.otherOptions }, { host: "hono" });
  let served = 0;
  for (const track of TRACKS) {
    const proof = await payOn(world.alice, track, await fetchOffers(first));
    const outcomes: Outcome[] = await Promise.all(
      Array.from({ length: COPIES }, (_, copy) => present(copy % 2 === 0 ? first : second, proof)),
    );
    served += 1;
    expect(outcomes.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, reason } of outcomes) if (status !== 200) expect(LOSING).toContain(reason);
    expect(first.handlerRuns() + second.handlerRuns()).toBe(served);
  }
});
