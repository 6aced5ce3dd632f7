/**
 * A stock client that pays in Nano: the lines marked "nano" are all that was added.
 *
 *   RESOURCE_URL=… NANO_RPC_URL=… NANO_SEED=… npx tsx examples/buyer.ts
 */
// #region readme
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { createPurse, ExactNanoScheme } from "x402-nano/client"; // nano

const { RESOURCE_URL: url = "", NANO_RPC_URL: rpcUrls = "", NANO_SEED: seed = "" } = process.env;
const purse = await createPurse({ seed, rpcUrls, maxPerPayment: "0.01 XNO", maxPerDay: "1 XNO", ...devNetwork() }); // nano
const client = new x402Client();
client.register("nano:mainnet", new ExactNanoScheme(purse)); // nano

const fetchWithPayment = wrapFetchWithPayment(fetch, client);
const response = await fetchWithPayment(url);
console.log(response.status, await response.json());
const receipt = response.headers.get("PAYMENT-RESPONSE");
if (receipt !== null) console.log("receipt", decodePaymentResponseHeader(receipt));
// #endregion

await purse.close();

/** A private network asks for less work than the live one: SEND_WORK_THRESHOLD in hexadecimal. */
function devNetwork(): { workThresholds?: { send: bigint; receive: bigint } } {
  const threshold = process.env["SEND_WORK_THRESHOLD"];
  if (threshold === undefined) return {};
  const value = BigInt(`0x${threshold}`);
  return { workThresholds: { send: value, receive: value } };
}
