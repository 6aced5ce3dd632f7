/**
 * A Faremeter server that takes Nano: in its own process, or through a facilitator where FACILITATOR_URL is set.
 *
 *   NANO_RPC_URL=… NANO_WEBSOCKET_URL=… CHALLENGE_SECRET=… STORE=redemptions.db PAY_TO=nano_… npx tsx examples/faremeter-server.ts
 *   FACILITATOR_URL=http://127.0.0.1:4022 PAY_TO=nano_… npx tsx examples/faremeter-server.ts
 */
import type { AddressInfo } from "node:net";
import { createMiddleware } from "@faremeter/middleware/express";
import express from "express";
import { sqliteStore } from "x402-nano/facilitator";
import { createFacilitatorHandler, nanoExact, nanoPricing } from "x402-nano/faremeter";
import { createLedger } from "x402-nano/rpc";

const { FACILITATOR_URL: facilitatorURL = "", PAY_TO: payTo = "" } = process.env;

async function inProcess() {
  // #region readme
  const nano = createFacilitatorHandler({
    ledger: createLedger({ rpcUrls: setting("NANO_RPC_URL"), websocketUrl: setting("NANO_WEBSOCKET_URL") }),
    store: await sqliteStore(setting("STORE")),
    challengeSecret: setting("CHALLENGE_SECRET"),
    ...devNetwork(),
  });
  const paywall = await createMiddleware({
    x402Handlers: [nano], // beside the handlers of other networks
    pricing: [nanoPricing({ payTo, amount: "0.001 XNO" })],
    supportedVersions: { x402v2: true },
  });
  // #endregion
  return paywall;
}

async function remote() {
  // #region readme-remote
  const paywall = await createMiddleware({
    facilitatorURL, // of a facilitator that has the challenge secret
    accepts: [nanoExact({ payTo, amount: "0.001 XNO", maxTimeoutSeconds: 60 })],
    supportedVersions: { x402v2: true },
    cacheConfig: { disable: true },
  });
  // #endregion
  return paywall;
}

const app = express();
app.use(facilitatorURL === "" ? await inProcess() : await remote());
app.get("/weather", (_request, response) => {
  response.json({ weather: "sunny" });
});
const listening = app.listen(Number(process.env["PORT"] ?? 4023), "127.0.0.1", () => {
  console.log(`seller on http://127.0.0.1:${(listening.address() as AddressInfo).port}/weather`);
});

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

/** A private network asks for less work than the live one: SEND_WORK_THRESHOLD in hexadecimal. */
function devNetwork(): { sendWorkThreshold?: bigint } {
  const threshold = process.env["SEND_WORK_THRESHOLD"];
  return threshold === undefined ? {} : { sendWorkThreshold: BigInt(`0x${threshold}`) };
}
