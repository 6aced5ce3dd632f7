/**
 * What the crash tests kill: a facilitator over HTTP on loopback, as `examples/facilitator.ts`, on the store that the
 * environment names. Prints its port once it listens, and ends with its parent.
 */
import { createServer, type IncomingMessage } from "node:http";
import { x402Facilitator } from "@x402/core/facilitator";
import { ExactNanoScheme } from "x402-nano/facilitator";
import { createLedger } from "x402-nano/rpc";
import { setting } from "./child-settings.js";
import { openStore } from "./open-store.js";

process.stdin.resume().on("end", () => process.exit(1));

const nano = new ExactNanoScheme({
  ledger: createLedger({ rpcUrls: setting("RPC_URL"), websocketUrl: setting("WEBSOCKET_URL"), onWarning: () => {} }),
  store: await openStore(setting("STORE"), setting("STORE_AT")),
  challengeSecret: setting("CHALLENGE_SECRET"),
  sendWorkThreshold: BigInt(setting("SEND_WORK_THRESHOLD")),
});
const facilitator = new x402Facilitator().register("nano:mainnet", nano);

const server = createServer((request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  };
  readJson(request)
    .then(async (body) => {
      switch (request.url) {
        case "/supported":
          return answer(200, facilitator.getSupported());
        case "/verify":
          return answer(200, await facilitator.verify(body.paymentPayload, body.paymentRequirements));
        case "/settle":
          return answer(200, await facilitator.settle(body.paymentPayload, body.paymentRequirements));
        case "/release":
          return answer(200, { released: await nano.release(body.lease) });
        default:
          return answer(404, {});
      }
    })
    .catch((error: unknown) => {
      console.error(request.url, error);
      answer(500, { error: "a bug" });
    });
});
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") console.log(`listening on ${String(address?.port)}`);
});

// biome-ignore lint/suspicious/noExplicitAny: the scheme judges whatever arrives
async function readJson(request: IncomingMessage): Promise<any> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : JSON.parse(text);
}
