/**
 * An existing stock server that takes USDC, plus Nano: the lines marked "nano" are all that was added.
 *
 *   EVM_FACILITATOR_URL=… NANO_FACILITATOR_URL=… CHALLENGE_SECRET=… PAY_TO=nano_… PORT=4021 npx tsx examples/seller.ts
 */
import type { AddressInfo } from "node:net";
// #region readme
import { HTTPFacilitatorClient } from "@x402/core/server";
import { ExactEvmScheme } from "@x402/evm/exact/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import express from "express";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server"; // nano

const { EVM_FACILITATOR_URL: evmUrl = "", EVM_PAY_TO: evmPayTo = "" } = process.env;
const { NANO_FACILITATOR_URL: nanoUrl = "", CHALLENGE_SECRET: challengeSecret, PAY_TO: payTo = "" } = process.env; // nano

const facilitators = [
  new HTTPFacilitatorClient({ url: evmUrl }),
  new HTTPFacilitatorClient({ url: nanoUrl }), // nano
];
const server = new x402ResourceServer(facilitators)
  .register("eip155:84532", new ExactEvmScheme())
  .register("nano:mainnet", new ExactNanoScheme({ challengeSecret, facilitatorUrl: nanoUrl })); // nano

const accepts = [
  { scheme: "exact", network: "eip155:84532" as const, payTo: evmPayTo, price: "$0.001" },
  ...nanoAccepts({ payTo, price: "0.001 XNO" }), // nano
];
const app = express();
app.use(paymentMiddleware({ "GET /weather": { accepts, description: "Weather" } }, server));
app.get("/weather", (_request, response) => {
  response.json({ weather: "sunny" });
});
// #endregion

const listening = app.listen(Number(process.env["PORT"] ?? 4021), "127.0.0.1", () => {
  console.log(`seller on http://127.0.0.1:${(listening.address() as AddressInfo).port}/weather`);
});
