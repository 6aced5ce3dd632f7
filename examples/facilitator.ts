/**
 * A facilitator for Nano: the stock class over HTTP, on loopback.
 *
 *   NANO_RPC_URL=… NANO_WEBSOCKET_URL=… CHALLENGE_SECRET=… STORE=redemptions.db PORT=4022 npx tsx examples/facilitator.ts
 */
import type { AddressInfo } from "node:net";
import { x402Facilitator } from "@x402/core/facilitator";
import express, { type Request, type Response } from "express";
// #region readme
import { ExactNanoScheme, sqliteStore } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";

const nano = new ExactNanoScheme({
  ledger: createLedger({ rpcUrls: setting("NANO_RPC_URL"), websocketUrl: setting("NANO_WEBSOCKET_URL") }),
  store: await sqliteStore(setting("STORE")), // a file; several facilitators share a Redis: redisStore(url)
  challengeSecret: setting("CHALLENGE_SECRET"),
  ...devNetwork(),
});
const facilitator = new x402Facilitator().register("nano:mainnet", nano);
// #endregion

const app = express();
app.use(express.json({ limit: "64kb" }));
app.get("/supported", (_request, response) => response.json(facilitator.getSupported()));
app.post("/verify", async (request, response) => {
  if (isForUs(request, response)) {
    response.json(await facilitator.verify(request.body.paymentPayload, request.body.paymentRequirements));
  }
});
app.post("/settle", async (request, response) => {
  if (isForUs(request, response)) {
    response.json(await facilitator.settle(request.body.paymentPayload, request.body.paymentRequirements));
  }
});
app.post("/release", async ({ body }, response) => {
  response.json({ released: typeof body?.lease === "string" && (await nano.release(body.lease)) });
});

const server = app.listen(Number(process.env["PORT"] ?? 4022), "127.0.0.1", () => {
  console.log(`facilitator on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

/** The stock class throws for kinds that nobody registered; a stranger's request is a 400, not a fault of ours. */
function isForUs({ body }: Request, response: Response): boolean {
  const { paymentPayload, paymentRequirements } = body ?? {};
  const isKnown =
    paymentPayload?.x402Version === 2 &&
    paymentRequirements?.scheme === "exact" &&
    paymentRequirements.network === "nano:mainnet";
  if (!isKnown)
    response.status(400).json({ error: "exact on nano:mainnet, x402 version 2, is all that is served here" });
  return isKnown;
}

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
