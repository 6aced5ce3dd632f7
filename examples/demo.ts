/**
 * `npm run demo`: one paid request on each track and a refused replay, on the embedded ledger. Every host package is
 * the stock one; ours are the schemes that are registered in them. Exits 0 only if all of it happened.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { x402Facilitator } from "@x402/core/facilitator";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client, x402HTTPClient } from "@x402/fetch";
import express, { type Express } from "express";
import { ExactNanoScheme as ClientScheme, createPurse, formatXno, type Track } from "x402-nano/client";
import { ExactNanoScheme as FacilitatorScheme, memoryStore } from "x402-nano/facilitator";
import { createLedger, type Ledger } from "x402-nano/rpc";
import { nanoAccepts, ExactNanoScheme as ServerScheme } from "x402-nano/server";
import { startDevLedger, xno } from "x402-nano/testing";

const PAY_TO = "nano_1h56yw7cb3mb1ojkcfsjbryg68r4436suedtbwsoz9jwwd4stgzr744ft7es";
const SEED = "d3".repeat(32);
const CHALLENGE_SECRET = "demo".repeat(16);
const CONFIRM_AFTER_MS = 400; // the live network needs 300 to 700
/** What has to have been seen of each track before this exits 0. */
const STEPS = ["402", "block", "verify", "confirmed", "settle", "200", "receipt", "replay refused"] as const;

const startedAt = performance.now();
let track: Track = "nanoTxn";
const seen = new Set<string>();

function show(step: (typeof STEPS)[number], text: string): void {
  const ms = (performance.now() - startedAt).toFixed(0).padStart(6);
  console.log(`${ms} ms  ${step.padEnd(15)} ${text}`);
  seen.add(`${track} ${step}`);
}

const closers: (() => Promise<unknown>)[] = [];
try {
  await run();
} finally {
  for (const close of closers.reverse()) await close();
}
const missing = (["nanoTxn", "nanoSignature"] as const)
  .flatMap((name) => STEPS.map((step) => `${name} ${step}`))
  .filter((step) => !seen.has(step));
console.log(
  missing.length === 0
    ? "\nBoth tracks paid once, and the replays bought nothing."
    : `\nNot seen: ${missing.join(", ")}`,
);
process.exitCode = missing.length === 0 ? 0 : 1;

async function run(): Promise<void> {
  // The in-memory store knows nothing of blocks as old as itself and refuses them: it is made first.
  const store = memoryStore();
  const dev = await startDevLedger({ confirmAfterMs: CONFIRM_AFTER_MS });
  closers.push(() => dev.close());
  const ledger = watched(createLedger({ rpcUrls: dev.rpcUrl, websocketUrl: dev.websocketUrl }));
  closers.push(() => ledger.close());

  const facilitatorUrl = await startFacilitator();
  const url = `${await startSeller(facilitatorUrl)}/weather`;
  const purse = await createPurse({
    seed: SEED,
    ledger,
    maxPerPayment: "0.01 XNO",
    workThresholds: dev.workThresholds,
  });
  closers.push(() => purse.close());
  await dev.fund(purse.address, xno("1"));
  await purse.receive();
  while (Math.floor(Date.now() / 1000) <= store.bornAtSeconds) await sleep(20);

  console.log(`\ndev ledger   ${dev.rpcUrl}\nfacilitator  ${facilitatorUrl}\nseller       ${url}`);
  console.log(`payer        ${purse.address} with ${formatXno((await purse.balance()).balanceRaw)}`);
  for (const name of ["nanoTxn", "nanoSignature"] as const) {
    track = name;
    console.log(
      `\n— ${name === "nanoTxn" ? "Track A, nanoTxn: the facilitator broadcasts" : "Track B, nanoSignature: the payer has paid"}`,
    );
    await buyOnce(url, purse);
  }

  async function startFacilitator(): Promise<string> {
    const scheme = new FacilitatorScheme({
      ledger,
      store,
      challengeSecret: CHALLENGE_SECRET,
      sendWorkThreshold: dev.workThresholds.send,
    });
    const facilitator = new x402Facilitator()
      .register("nano:mainnet", scheme)
      .onAfterVerify(async ({ result }) => show("verify", `payer ${result.payer ?? "unknown"}, lease taken`))
      .onAfterSettle(async ({ result }) => {
        if (result.success) show("settle", "the block is redeemed, once and for ever");
      });
    const app = express().use(express.json({ limit: "64kb" }));
    app.get("/supported", (_request, response) => response.json(facilitator.getSupported()));
    app.post("/verify", async ({ body }, response) => {
      response.json(await facilitator.verify(body.paymentPayload, body.paymentRequirements));
    });
    app.post("/settle", async ({ body }, response) => {
      response.json(await facilitator.settle(body.paymentPayload, body.paymentRequirements));
    });
    app.post("/release", async ({ body }, response) => {
      response.json({ released: await scheme.release(String(body.lease)) });
    });
    return listen(app);
  }
}

async function startSeller(facilitatorUrl: string): Promise<string> {
  const server = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl })).register(
    "nano:mainnet",
    new ServerScheme({ challengeSecret: CHALLENGE_SECRET, facilitatorUrl }),
  );
  const accepts = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO" });
  const app = express();
  app.use(paymentMiddleware({ "GET /weather": { accepts, description: "Weather" } }, server));
  app.get("/weather", (_request, response) => {
    response.json({ weather: "sunny" });
  });
  return listen(app);
}

async function buyOnce(url: string, purse: Awaited<ReturnType<typeof createPurse>>): Promise<void> {
  const unpaid = await fetch(url);
  const required = new x402HTTPClient(new x402Client()).getPaymentRequiredResponse((name) => unpaid.headers.get(name));
  for (const { amount, extra } of required.accepts) {
    show(
      "402",
      `${String(extra["assetTransferMethod"]).padEnd(13)} ${amount} raw, before ${String(extra["validBefore"])}`,
    );
  }

  let proof: Record<string, string> = {};
  const client = new x402Client((_version, offers) => pickTrack(offers))
    .register("nano:mainnet", new ClientScheme(purse))
    .onAfterPaymentCreation(async ({ paymentPayload }) => {
      const { block, blockHash } = paymentPayload.payload as { block?: { previous: string }; blockHash?: string };
      show("block", blockHash === undefined ? `signed on ${block?.previous ?? ""}` : `sent     ${blockHash}`);
      proof = new x402HTTPClient(client).encodePaymentSignatureHeader(paymentPayload);
    });
  const response = await wrapFetchWithPayment(fetch, client)(url);
  const body = await response.text();
  if (response.status !== 200) throw new Error(`the purchase answered ${response.status}: ${body}`);
  show("200", body);
  const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
  if (receipt.success) show("receipt", `transaction ${receipt.transaction}`);

  const replay = await fetch(url, { headers: proof });
  const refused = new x402HTTPClient(new x402Client()).getPaymentRequiredResponse((name) => replay.headers.get(name));
  if (replay.status === 402) show("replay refused", `${replay.status} ${refused.error ?? ""}`);
}

/** Stock clients take the first entry; here both are wanted, one after the other. */
function pickTrack<Entry extends { extra: Record<string, unknown> }>(offers: Entry[]): Entry {
  const offer = offers.find(({ extra }) => extra["assetTransferMethod"] === track);
  if (offer === undefined) throw new Error(`the seller does not offer ${track}`);
  return offer;
}

/** Shows each payment's confirmation: the facilitator waits for it on Track A, the purse on Track B. */
function watched(ledger: Ledger): Ledger {
  const shown = new Set<string>();
  return {
    ...ledger,
    async waitForConfirmation(hash, options) {
      const confirmed = await ledger.waitForConfirmation(hash, options);
      if (confirmed && !shown.has(hash) && seen.has(`${track} 402`)) show("confirmed", hash);
      shown.add(hash);
      return confirmed;
    },
  };
}

async function listen(app: Express): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
