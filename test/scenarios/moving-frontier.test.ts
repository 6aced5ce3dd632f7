import { afterEach, beforeEach, expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { parseAddress } from "../../src/nano/index.js";
import type { HandPayer } from "../support/hand-payer.js";
import { leaseOf, offersOf, type Request, requestOf, withLease } from "../support/offers.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";

/** The payer's frontier moves between two calls of the facilitator: another program, an auto-receive, a second lane. */

let world: World;
let engine: FacilitatorEngine;
let payer: HandPayer;
/** Happens after the facilitator's next call of this action. */
let after: (action: "block_info" | "process", happens: () => unknown) => void;

beforeEach(async () => {
  world = await startWorld();
  const node = await world.dev.addNode();
  const ledger = createLedger({ rpcUrls: node.rpcUrl, websocketUrl: node.websocketUrl });
  world.onClose(() => ledger.close());
  engine = createFacilitatorEngine({ ...world.facilitatorOptions, ledger });
  payer = await world.payer();
  after = (action, run) => {
    node.faults.rpc({ kind: "meanwhile", when: "after", run }, { action, times: 1 });
  };
});
afterEach(() => world.close());

const payTrackA = async (): Promise<Request> => requestOf(await payer.proveNanoTxn(offersOf(world).nanoTxn));
const moveFrontier = () => payer.send({ payTo: payer.address, amountRaw: 1n });

test("between verify's look and settle: frontier_changed, and the payment that is rebuilt settles once", async () => {
  const transactions = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    const request = await payTrackA();
    after("block_info", moveFrontier);
    const settle = withLease(request, await leaseOf(engine, request));
    expect(await engine.settle(settle)).toMatchObject({ success: false, errorReason: "frontier_changed" });
    const rebuilt = await payTrackA();
    const answer = await engine.settle(withLease(rebuilt, await leaseOf(engine, rebuilt)));
    expect(answer).toMatchObject({ success: true });
    transactions.add(answer.transaction);
    expect(await engine.verify(request)).toMatchObject({ invalidReason: "stale_frontier" });
  }
  expect(transactions.size).toBe(5);
  expect(await world.ledger.receivable(parseAddress(PAY_TO))).toHaveLength(5);
});

test("after the payment's own process: it is on the ledger, and settles", async () => {
  const request = await payTrackA();
  const lease = await leaseOf(engine, request);
  after("process", moveFrontier);
  expect(await engine.settle(withLease(request, lease))).toMatchObject({ success: true });
});
