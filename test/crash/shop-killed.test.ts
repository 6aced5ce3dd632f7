import { afterAll, beforeAll, expect, test } from "vitest";
import { createRandom } from "../support/nano.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import { type Bundle, bundleChild } from "./bundle.js";
import { createBuyer } from "./buyer.js";
import { createClosing } from "./closing.js";
import { finish } from "./finish.js";
import { openFront } from "./front.js";
import { startHandler } from "./handler.js";
import { keepProcess } from "./kept-process.js";
import { createKiller, SHOP_DIES, tallyOf } from "./killer.js";
import { startLoad } from "./load.js";
import { startNetwork } from "./network.js";
import { openPlace } from "./places.js";
import { FAULTLESS, judge } from "./verdict.js";

const KILLS = process.env["X402_NANO_LONG"] === undefined ? 5 : 40;
const SEED = Number(process.env["X402_NANO_SEED"] ?? 1);

let facilitators: Bundle;
let shops: Bundle;
beforeAll(async () => {
  facilitators = await bundleChild("facilitator-process");
  shops = await bundleChild("shop-process");
});
afterAll(() => Promise.all([facilitators?.remove(), shops?.remove()]));

test(`a resource server is killed ${String(KILLS)} times: it loses the responses that were settled, and no other`, {
  timeout: 300_000,
}, async () => {
  console.log(`X402_NANO_SEED=${String(SEED)}`);
  const random = createRandom(SEED);
  const closing = createClosing();
  try {
    const killer = createKiller({
      moments: SHOP_DIES,
      random,
      kill: () => shop.kill(),
      isUp: () => shop.isUp,
      mayKill: () => shop.isUp,
    });
    const place = closing.keep(await openPlace("sqlite"));
    const network = closing.keep(await startNetwork({ random, confirmWithinMs: 30 }));
    const facilitator = network.keepFacilitator(facilitators, place);
    closing.onClose(() => facilitator.stop());
    await facilitator.origin();
    const front = closing.keep(await openFront({ facilitators: [facilitator], random, killer }));
    const handler = closing.keep(
      await startHandler(async (sale, attempt) => {
        killer.sees("the handler runs");
        buyer.sales.get(sale)?.runs.push({ attempt, status: 200 });
        return 200;
      }),
    );
    const shop = keepProcess({
      path: shops.path,
      env: {
        HOST: "express",
        FACILITATOR_URL: front.url,
        CHALLENGE_SECRET,
        PAY_TO,
        MAX_TIMEOUT_SECONDS: "2",
        HANDLER_URL: handler.url,
      },
    });
    closing.onClose(() => shop.stop());
    const url = async () => `${await shop.origin()}/goods`;
    const buyer = createBuyer({ shops: [{ url }], ledger: network.ledger, random });

    const load = startLoad({ buyer, random, lanes: 6, openPayer: network.openPayer });
    await Promise.race([killer.kill(KILLS), load.failed, shop.failed, facilitator.failed]);
    await load.stop();
    await finish({ ledger: network.ledger, buyer, random });
    const verdict = await judge({ ...network, sales: buyer.sales.values(), fronts: [front] });
    console.log(verdict, tallyOf(killer));
    expect({ ...verdict, lost: [] }).toMatchObject(FAULTLESS);
    expect(verdict.served + verdict.neverLanded + verdict.lost.length).toBe(verdict.payments);
    // R9: it died after a successful settle and before the buyer heard of it. Nothing else loses a response.
    const lost = [...buyer.sales.values()].filter(({ hash }) => verdict.lost.some((line) => line.includes(hash)));
    for (const { hash, answers } of lost) {
      expect([...front.redeemed]).toContain(hash);
      expect(answers.map(({ status }) => status)).toContain(0);
    }
    expect(lost.length).toBeGreaterThan(0);
  } finally {
    await closing.close();
  }
});
