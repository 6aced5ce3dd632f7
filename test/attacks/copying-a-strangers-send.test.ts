import { expect } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { connectClient } from "../dev-ledger/websocket-client.js";
import { wrap } from "../support/hand-payer.js";
import { leaseOf, offersOf, PRICE_RAW, proveBlock, type Request, requestOf, withLease } from "../support/offers.js";
import { fetchOffers, present, startSeller } from "../support/sellers.js";
import { PAY_TO } from "../support/world.js";
import { type AttackWorld, attack } from "./attack.js";
import { expectRefused, expectServedOnce } from "./support-facilitators.js";
import { duringTheHandler } from "./support-sellers.js";

/**
 * Row 8. All nine keys of a block are public the moment it is broadcast. Mallory never paid: she watches the seller's
 * account, puts what she sees into a Track A payload, and wants to be served before the payer is, or instead of them.
 */

type Json = Record<string, unknown>;
type Watch = (hash: string) => Promise<Json>;

/** What any node tells anybody who asks. */
function fromBlockInfo({ dev }: AttackWorld): Watch {
  return async (hash) => {
    const body = JSON.stringify({ action: "block_info", json_block: "true", hash });
    const response = await fetch(dev.rpcUrl, { method: "POST", body });
    const { contents } = (await response.json()) as { contents: Json };
    return contents;
  };
}

/** What any node tells anybody who listens. Confirmed already, but nobody can be quicker than that over the websocket. */
async function fromWebsocket({ dev }: AttackWorld): Promise<Watch> {
  const socket = await connectClient(dev.websocketUrl);
  await socket.subscribe();
  return async (hash) => {
    for (;;) {
      const { message } = JSON.parse(await socket.next()) as { message?: { hash: string; block: Json } };
      if (message?.hash === hash.toUpperCase()) return message.block;
    }
  };
}

/** Under either entry, with the challenge of a fresh 402. */
function copiesOf(world: AttackWorld, block: Json): Request[] {
  const { nanoTxn, nanoSignature } = offersOf(world);
  const copy = wrap(nanoTxn, { block });
  return [requestOf(copy), requestOf(copy, nanoSignature)];
}

const SOURCES = { block_info: async (world: AttackWorld) => fromBlockInfo(world), "the websocket": fromWebsocket };
const AMOUNTS = { "of Track B's amount": PRICE_RAW, "of just Track A's amount": PRICE_RAW + 1n };

for (const [source, open] of Object.entries(SOURCES)) {
  for (const [paying, amountRaw] of Object.entries(AMOUNTS)) {
    attack(
      `a send ${paying} copied from ${source}, before, during and after the payer's own request`,
      async (world) => {
        const { engine, other, alice, claimTrackB } = world;
        const watch = await open(world);
        const { hash } = await alice.send({ payTo: PAY_TO, amountRaw });
        const block = await watch(hash);
        expect(block).toMatchObject({ signature: expect.any(String), work: expect.any(String) });
        const copies = copiesOf(world, block);
        for (const copy of copies) await expectRefused([engine, other], copy, "block_already_landed");
        const request = claimTrackB(hash);
        const lease = await leaseOf(engine, request);
        for (const copy of copies) await expectRefused([engine, other], copy, "payment_in_progress");
        expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
        for (const copy of copies) await expectRefused([engine, other], copy, "duplicate_block_hash");
      },
    );
  }
}

attack("a send copied from the gossip, before the facilitator's node has heard of it", async (world) => {
  const { dev, alice, claimTrackB, facilitatorOptions } = world;
  const node = await dev.addNode();
  node.disconnect();
  const ledger = createLedger({ rpcUrls: node.rpcUrl, pollIntervalMs: 5 });
  world.onClose(() => ledger.close());
  const behind = createFacilitatorEngine({ ...facilitatorOptions, ledger });
  const { hash } = await alice.send({ payTo: PAY_TO, amountRaw: PRICE_RAW });
  const block = await fromBlockInfo(world)(hash);
  const { nanoTxn, nanoSignature } = offersOf(world);
  for (const copy of copiesOf(world, block)) await expectRefused([behind], copy, "insufficient_amount");
  const asTrackBsPrice = { ...nanoTxn, amount: nanoSignature.amount };
  for (const accepted of [nanoSignature, asTrackBsPrice]) {
    const bargain = requestOf(wrap(accepted, { block }), nanoSignature);
    await expectRefused([behind], bargain, "requirements_mismatch");
  }
  node.reconnect();
  await expectServedOnce([behind], claimTrackB(hash));
});

attack(
  "a Track A block copied while its settlement is pending: before and after it lands",
  async (world) => {
    const { dev, engine, other, hurried, payTrackA, claimTrackB } = world;
    const { request, hash } = await payTrackA();
    const settle = withLease(request, await leaseOf(engine, request));
    expect(await hurried.settle(settle)).toMatchObject({ errorReason: "settlement_pending" });
    const copies = copiesOf(world, await fromBlockInfo(world)(hash));
    for (const copy of copies) await expectRefused([engine, other], copy, "block_already_landed");
    dev.confirmAll();
    for (const copy of copies) await expectRefused([engine, other], copy, "block_already_landed");
    await expectServedOnce([engine, other], claimTrackB(hash));
  },
  { dev: { confirm: "never" } },
);

attack(
  "a send copied to a stock server: from the gossip, from the ledger, while the handler runs, afterwards",
  async (world) => {
    const { alice } = world;
    const seller = await startSeller(world);
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const unsent = await alice.signSend({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) });
    const early = await present(seller, proveBlock(nanoTxn, unsent));
    expect(early).toMatchObject({ status: 402, reason: "insufficient_amount" });

    const { hash, block } = await alice.send({ payTo: PAY_TO, amountRaw: BigInt(nanoSignature.amount) });
    const copy = proveBlock(nanoTxn, block);
    expect(await present(seller, copy)).toMatchObject({ status: 402, reason: "block_already_landed" });
    duringTheHandler(seller, async () => {
      expect(await present(seller, copy)).toMatchObject({ status: 402, reason: "payment_in_progress" });
    });
    expect(await present(seller, alice.proveNanoSignature(nanoSignature, hash))).toMatchObject({ status: 200 });
    expect(await present(seller, copy)).toMatchObject({ status: 402, reason: "duplicate_block_hash" });
    expect(seller.handlerRuns()).toBe(1);
  },
);
