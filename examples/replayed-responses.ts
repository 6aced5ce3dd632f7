/**
 * A response that was lost on its way is given again to whoever presents the same payment under the same identifier; the
 * handler runs once. On the embedded ledger, in one process: npx tsx examples/replayed-responses.ts
 */
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { x402Facilitator } from "@x402/core/facilitator";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import express from "express";
import { ExactNanoScheme as ClientScheme, createPurse, paymentIdentifierClientExtension } from "x402-nano/client";
import { ExactNanoScheme as FacilitatorScheme, inProcessFacilitatorClient, memoryStore } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { createResponseReplay, declarePaymentIdentifier, ExactNanoScheme, nanoAccepts } from "x402-nano/server";
import { startDevLedger, xno } from "x402-nano/testing";

const payTo = "nano_1h56yw7cb3mb1ojkcfsjbryg68r4436suedtbwsoz9jwwd4stgzr744ft7es";
const store = memoryStore();
const dev = await startDevLedger();
const ledger = createLedger({ rpcUrls: dev.rpcUrl, websocketUrl: dev.websocketUrl });
const nano = new FacilitatorScheme({ ledger, store, sendWorkThreshold: dev.workThresholds.send });
const facilitator = inProcessFacilitatorClient(new x402Facilitator().register("nano:mainnet", nano));
const server = new x402ResourceServer(facilitator).register(
  "nano:mainnet",
  new ExactNanoScheme({ challengeSecret: "demo".repeat(16), facilitator: nano }),
);

let orders = 0;
const app = express();
// #region readme
const accepts = nanoAccepts({ payTo, price: "0.001 XNO" });
const routes = { "POST /order": { accepts, extensions: declarePaymentIdentifier() } };
const replay = createResponseReplay();
app.use(express.json(), replay.express); // in front of the stock middleware
app.use(paymentMiddleware(routes, server));
// #endregion
app.post("/order", ({ body }, response) => {
  orders += 1;
  response.json({ order: orders, of: body.of });
});
const listening = app.listen(0, "127.0.0.1");
await new Promise((resolve) => listening.once("listening", resolve));

const purse = await createPurse({ seed: "e5".repeat(32), ledger, workThresholds: dev.workThresholds });
await dev.fund(purse.address, xno("1"));
await purse.receive();
while (Math.floor(Date.now() / 1000) <= store.bornAtSeconds) await sleep(20);

/** What the buyer sent, to be sent again as it was. */
let sent = new Headers();
const client = new x402Client()
  .register("nano:mainnet", new ClientScheme(purse))
  .registerExtension(paymentIdentifierClientExtension());
const url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}/order`;
const order = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ of: "tea" }) };
const fetchWithPayment = wrapFetchWithPayment(async (input, init) => {
  const request = new Request(input, init);
  sent = request.headers;
  return fetch(request);
}, client);

const lost = await fetchWithPayment(url, order);
console.log("the response that is lost", lost.status, await lost.text());
const again = await fetch(url, { ...order, headers: sent });
console.log("the same, sent again     ", again.status, await again.text());
const other = await fetch(url, { ...order, headers: sent, body: JSON.stringify({ of: "coffee" }) });
console.log("something else with it   ", other.status, await other.text());
console.log(`the handler ran ${orders} time`);

await purse.close();
nano.close();
listening.closeAllConnections();
listening.close();
await ledger.close();
await dev.close();
