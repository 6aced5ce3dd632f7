import { afterAll, beforeAll, expect, test } from "vitest";
import { describeRedis } from "../store/redis-kit.js";
import { createRandom } from "../support/nano.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import { type Bundle, bundleChild } from "./bundle.js";
import { type Buyer, createBuyer } from "./buyer.js";
import { createClosing } from "./closing.js";
import { type Front, openFront } from "./front.js";
import { startNetwork } from "./network.js";
import { openPlace } from "./places.js";
import { timesServed } from "./sale.js";
import { openShop, type Shop, type ShopHost } from "./shop.js";
import { FAULTLESS, judge } from "./verdict.js";

const PAYMENTS = process.env["X402_NANO_LONG"] === undefined ? 40 : 1_000;
const LANES = 6;

let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleChild("facilitator-process");
});
afterAll(() => bundle?.remove());

describeRedis("two facilitators on one Redis", () => {
  test("copies of each proof to both of them: one 200 per block", { timeout: 300_000 }, async () => {
    const random = createRandom(1);
    const closing = createClosing();
    try {
      const place = closing.keep(await openPlace("redis"));
      const network = closing.keep(await startNetwork({ random, confirmWithinMs: 30 }));
      const [first, second] = [network.keepFacilitator(bundle, place), network.keepFacilitator(bundle, place)];
      closing.onClose(() => first.stop());
      closing.onClose(() => second.stop());
      await Promise.all([first.origin(), second.origin()]);
      // The third shop's front goes from one to the other: what one verified, the other settles.
      const fronts: Front[] = [];
      const open = async (
        host: ShopHost,
        facilitators: Parameters<typeof openFront>[0]["facilitators"],
      ): Promise<Shop> => {
        const front = closing.keep(await openFront({ facilitators, random }));
        fronts.push(front);
        const handle = async (sale: string, attempt: string): Promise<number> => {
          buyer.sales.get(sale)?.runs.push({ attempt, status: 200 });
          return 200;
        };
        const terms = { challengeSecret: CHALLENGE_SECRET, payTo: PAY_TO, maxTimeoutSeconds: 60 };
        return closing.keep(await openShop(host, { ...terms, facilitatorUrl: front.url, handle }));
      };
      const shops: readonly [Shop, ...Shop[]] = [
        await open("express", [first]),
        await open("hono", [second]),
        await open("express", [first, second]),
      ];
      const buyer: Buyer = createBuyer({ shops, ledger: network.ledger, random });

      let left = PAYMENTS;
      const lane = async (): Promise<void> => {
        const payer = await network.openPayer();
        while (left > 0) {
          left -= 1;
          const sale = await buyer.pay(payer, left % 2 === 0 ? "nanoTxn" : "nanoSignature");
          await buyer.presentCopies(sale);
          // Nor did the handler run for the copies: the lease is one for both facilitators (R3).
          expect([timesServed(sale), sale.runs.length]).toEqual([1, 1]);
          await buyer.claimAnew(sale);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      const verdict = await judge({ ...network, sales: buyer.sales.values(), fronts });
      expect(verdict).toMatchObject({ ...FAULTLESS, payments: PAYMENTS, served: PAYMENTS });
    } finally {
      await closing.close();
    }
  });
});
