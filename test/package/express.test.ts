import { expect, inject, it } from "vitest";
import { run, runScript } from "./support.js";

const project = inject("expressProject");

/** A stock server with our scheme; the facilitator is the smallest thing that core takes for one. */
const SERVER = `
import express from "express";
import { paymentMiddleware, x402ResourceServer } from "@x402/express";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server";

const refused = { isValid: false, invalidReason: "invalid_signature" };
const facilitator = {
  getSupported: async () => ({
    kinds: [{ x402Version: 2, scheme: "exact", network: "nano:mainnet" }], extensions: [], signers: {},
  }),
  verify: async () => refused,
  settle: async () => ({ success: false, transaction: "", network: "nano:mainnet", errorReason: "invalid_signature" }),
};
const payTo = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
const server = new x402ResourceServer(facilitator).register(
  "nano:mainnet",
  new ExactNanoScheme({ challengeSecret: "ab".repeat(32) }),
);
let handlerRuns = 0;
const app = express();
app.use(paymentMiddleware({ "GET /weather": { accepts: nanoAccepts({ payTo, price: "0.001 XNO" }) } }, server));
app.get("/weather", (_request, response) => { handlerRuns += 1; response.json({ sunny: true }); });
app.get("/free", (_request, response) => { response.json({ free: true }); });

const listener = app.listen(0, "127.0.0.1", async () => {
  const base = "http://127.0.0.1:" + listener.address().port;
  const priced = await fetch(base + "/weather");
  const challenge = JSON.parse(Buffer.from(priced.headers.get("payment-required"), "base64").toString());
  const free = await fetch(base + "/free");
  console.log(JSON.stringify({ status: priced.status, free: free.status, handlerRuns, accepts: challenge.accepts }));
  listener.closeAllConnections();
  listener.close();
});
`;

it("x402-nano/server beside stock @x402/express needs nothing else", async () => {
  const result = Object(await runScript(project, "server.mjs", SERVER));
  expect(result).toMatchObject({ status: 402, free: 200, handlerRuns: 0 });
  expect(result.accepts).toMatchObject([
    {
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      amount: "1000000000000000000000000001",
      extra: { assetTransferMethod: "nanoTxn" },
    },
    {
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      amount: "1000000000000000000000000000",
      extra: { assetTransferMethod: "nanoSignature", nonce: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
  ]);
});

it("shares one copy of @x402/core with the host: instanceof fails across two", async () => {
  const copies = (await run(project, "npm", "ls", "@x402/core", "--all", "--parseable")).trim().split("\n");
  expect(new Set(copies).size).toBe(1);
});

it("x402-nano/facilitator keeps redemptions in SQLite, whose binary came with the package", async () => {
  const script = `
    import { sqliteStore } from "x402-nano/facilitator";
    const key = { account: "ac".repeat(32), hash: "a1".repeat(32) };
    const claim = { ...key, purpose: "settle", paymentId: "payment", leaseMs: 1000 };
    const first = await sqliteStore("redemptions.db");
    const { token } = await first.claim(claim);
    const steps = [await first.advance(token, { to: "redeemed", result: "done" })];
    await first.close();
    const second = await sqliteStore("redemptions.db");
    steps.push(await second.claim(claim));
    await second.close();
    console.log(JSON.stringify(steps.map(({ outcome }) => outcome)));`;
  expect(await runScript(project, "sqlite.mjs", script)).toEqual(["advanced", "redeemed"]);
});
