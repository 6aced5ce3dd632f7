/**
 * Faremeter's stock client, paying in Nano.
 *
 *   RESOURCE_URL=… NANO_RPC_URL=… NANO_SEED=… npx tsx examples/faremeter-client.ts
 */
// #region readme
import { wrap } from "@faremeter/fetch";
import { createPurse } from "x402-nano/client";
import { createPaymentHandler } from "x402-nano/faremeter";

const { RESOURCE_URL: url = "", NANO_RPC_URL: rpcUrls = "", NANO_SEED: seed = "" } = process.env;
const purse = await createPurse({ seed, rpcUrls, maxPerPayment: "0.01 XNO", maxPerDay: "1 XNO", ...devNetwork() });

const fetchWithPayment = wrap(fetch, { handlers: [createPaymentHandler(purse)] });
const response = await fetchWithPayment(url);
console.log(response.status, await response.json());
// #endregion

await purse.close();

/** A private network asks for less work than the live one: SEND_WORK_THRESHOLD in hexadecimal. */
function devNetwork(): { workThresholds?: { send: bigint; receive: bigint } } {
  const threshold = process.env["SEND_WORK_THRESHOLD"];
  if (threshold === undefined) return {};
  const value = BigInt(`0x${threshold}`);
  return { workThresholds: { send: value, receive: value } };
}
