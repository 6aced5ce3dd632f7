/**
 * What `shop-killed.test.ts` kills: a stock resource server. Its handler asks the parent what to answer, so that the runs
 * are counted where nothing dies. Prints its port once it listens, and ends with its parent.
 */
import { setting } from "./child-settings.js";
import { openShop, type ShopHost } from "./shop.js";

process.stdin.resume().on("end", () => process.exit(1));

const host: ShopHost = setting("HOST") === "hono" ? "hono" : "express";
const shop = await openShop(host, {
  facilitatorUrl: setting("FACILITATOR_URL"),
  challengeSecret: setting("CHALLENGE_SECRET"),
  payTo: setting("PAY_TO"),
  maxTimeoutSeconds: Number(setting("MAX_TIMEOUT_SECONDS")),
  async handle(sale, attempt) {
    const answer = await fetch(setting("HANDLER_URL"), { method: "POST", body: JSON.stringify({ sale, attempt }) });
    return Number(await answer.text());
  },
});
console.log(`listening on ${new URL(await shop.url()).port}`);
