/**
 * A facilitator for Nano on loopback, for stock x402 servers and for Faremeter's at once.
 *
 *   NANO_RPC_URL=… NANO_WEBSOCKET_URL=… CHALLENGE_SECRET=… STORE=redemptions.db PORT=4022 npx tsx examples/facilitator.ts
 */
// #region readme
import { serve } from "@hono/node-server";
import { createFacilitatorEngine, createFacilitatorRouter, sqliteStore } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";

const engine = createFacilitatorEngine({
  ledger: createLedger({ rpcUrls: setting("NANO_RPC_URL"), websocketUrl: setting("NANO_WEBSOCKET_URL") }),
  store: await sqliteStore(setting("STORE")), // a file; several facilitators share a Redis: redisStore(url)
  challengeSecret: setting("CHALLENGE_SECRET"),
  ...devNetwork(),
});
const { fetch } = await createFacilitatorRouter(engine);
serve({ fetch, hostname: "127.0.0.1", port: Number(setting("PORT")) }, ({ port }) => {
  console.log(`facilitator on http://127.0.0.1:${port}`);
});
// #endregion

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
