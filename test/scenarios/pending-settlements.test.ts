import { afterEach, expect, test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { offersOf, requestOf } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";

const SETTLEMENTS = 500;

let world: World;
afterEach(() => world.close());

test("500 settlements wait for their confirmations when the websocket breaks off: all of them settle", async () => {
  const notices: string[] = [];
  world = await startWorld({ dev: { confirm: "never" } });
  const { dev, clock } = world;
  const node = await dev.addNode();
  const ledger = createLedger({
    rpcUrls: node.rpcUrl,
    websocketUrl: node.websocketUrl,
    onWarning: (text) => notices.push(text),
  });
  world.onClose(() => ledger.close());
  const engine = createFacilitatorEngine({ ...world.facilitatorOptions, ledger });
  const payers = [];
  for (let index = 0; index < SETTLEMENTS; index += 1) payers.push(await world.payer());
  const requests = await Promise.all(
    payers.map(async (payer) => requestOf(await payer.proveNanoTxn(offersOf({ clock }).nanoTxn))),
  );

  let taken = 0;
  const allAreOut = new Promise<void>((resolve) => {
    const run = (): void => {
      taken += 1;
      if (taken === SETTLEMENTS) resolve();
    };
    node.faults.rpc({ kind: "meanwhile", when: "after", run }, { action: "process" });
  });
  const settling = requests.map((request) => engine.settle(request));
  await allAreOut;
  node.faults.websocket({ kind: "refused" }, { times: 2 });
  node.faults.dropConnections();
  dev.confirmAll();
  const answers = await Promise.all(settling);
  expect(answers.filter(({ success }) => success)).toHaveLength(SETTLEMENTS);
  expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(SETTLEMENTS);
  expect(notices.length).toBeGreaterThan(0);
  expect(notices.length).toBeLessThan(5);
});
