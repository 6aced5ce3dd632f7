import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPurse } from "x402-nano/client";
import { createLedger } from "x402-nano/rpc";
import { type DevLedger, startDevLedger, xno } from "x402-nano/testing";
import { type Child, runExample } from "../support/child.js";
import { PAY_TO } from "../support/world.js";

const SEED = "e1".repeat(32);
const JSON_BODY = { "Content-Type": "application/json" };
const EVM_PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

let dev: DevLedger;
let directory: string;
let evmFacilitator: Server;
const children: Child[] = [];
let resourceUrl: string;
let facilitatorUrl: string;

const env = () => ({
  NANO_RPC_URL: dev.rpcUrl,
  NANO_WEBSOCKET_URL: dev.websocketUrl,
  CHALLENGE_SECRET: "5e".repeat(32),
  SEND_WORK_THRESHOLD: dev.workThresholds.send.toString(16),
  PORT: "0",
});

beforeAll(async () => {
  dev = await startDevLedger();
  directory = await mkdtemp(join(tmpdir(), "x402-nano-examples-"));
  evmFacilitator = await listen(
    createServer((_request, response) => {
      response.setHeader("Content-Type", "application/json");
      const kinds = [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }];
      response.end(JSON.stringify({ kinds, extensions: [], signers: {} }));
    }),
  );
  const facilitator = start("facilitator", { ...env(), STORE: join(directory, "redemptions.db") });
  facilitatorUrl = (await facilitator.printed(/facilitator on (\S+)/))[1] ?? "";
  const seller = start("seller", {
    ...env(),
    EVM_FACILITATOR_URL: `http://127.0.0.1:${(evmFacilitator.address() as AddressInfo).port}`,
    EVM_PAY_TO,
    NANO_FACILITATOR_URL: facilitatorUrl,
    PAY_TO,
  });
  resourceUrl = (await seller.printed(/seller on (\S+)/))[1] ?? "";
}, 60_000);

afterAll(async () => {
  for (const child of children) await child.stop();
  evmFacilitator.closeAllConnections();
  await new Promise((resolve) => evmFacilitator.close(resolve));
  await dev.close();
  await rm(directory, { recursive: true });
});

function start(name: string, childEnv: Record<string, string>): Child {
  const child = runExample(name, childEnv);
  children.push(child);
  return child;
}

test("the seller offers what it offered before, untouched, and Nano on both tracks beside it", async () => {
  const response = await fetch(resourceUrl);
  expect(response.status).toBe(402);
  const header = response.headers.get("PAYMENT-REQUIRED") ?? "";
  const { accepts } = JSON.parse(Buffer.from(header, "base64").toString());
  expect(accepts).toHaveLength(3);
  expect(accepts[0]).toEqual({
    scheme: "exact",
    network: "eip155:84532",
    amount: "1000",
    asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    payTo: EVM_PAY_TO,
    maxTimeoutSeconds: 300,
    extra: { name: "USDC", version: "2" },
  });
  const methods = accepts.slice(1).map((entry: { extra: object }) => entry.extra);
  expect(methods).toMatchObject([{ assetTransferMethod: "nanoTxn" }, { assetTransferMethod: "nanoSignature" }]);
});

test("the buyer pays once, and the ledger shows one send to the seller", async () => {
  await fund(SEED);
  const buyer = start("buyer", { ...env(), RESOURCE_URL: resourceUrl, NANO_SEED: SEED });
  const { code, output } = await buyer.ended();
  expect(output).toContain('200 { weather: "sunny" }'.replaceAll('"', "'"));
  expect(output).toContain("success: true");
  expect(output).not.toContain(SEED);
  expect(code).toBe(0);
  expect(await received()).toEqual(["1000000000000000000000000001"]);
}, 60_000);

test("the facilitator answers strangers' junk with 400, and goes on serving", async () => {
  for (const [path, body] of [
    ["/verify", "{"],
    ["/verify", "{}"],
    ["/settle", "[]"],
    ["/accepts", JSON.stringify({ accepts: [{ network: "nano:mainnet", amount: "-5", payTo: PAY_TO }] })],
    ["/verify", `"${"x".repeat(70_000)}"`],
  ] as const) {
    const { status } = await fetch(`${facilitatorUrl}${path}`, { method: "POST", headers: JSON_BODY, body });
    expect([400, 413], `${path} ${body.slice(0, 40)}`).toContain(status);
  }
  const body = JSON.stringify({ paymentPayload: { x402Version: 3 }, paymentRequirements: {} });
  const refused = await fetch(`${facilitatorUrl}/settle`, { method: "POST", headers: JSON_BODY, body });
  expect(refused.status).toBe(200);
  expect(await refused.json()).toMatchObject({ success: false, errorReason: "malformed_payload", transaction: "" });
  expect((await fetch(`${facilitatorUrl}/supported`)).status).toBe(200);
});

describe("Faremeter's server and client", () => {
  const start402 = async (extra: Record<string, string>): Promise<string> => {
    const server = start("faremeter-server", { ...env(), PAY_TO, ...extra });
    return (await server.printed(/seller on (\S+)/))[1] ?? "";
  };
  const inProcess = () => start402({ STORE: join(directory, "faremeter.db") });
  const remote = () => start402({ FACILITATOR_URL: facilitatorUrl });

  test.each([
    ["in one process", inProcess, "f1"],
    ["with the facilitator that serves stock servers too", remote, "f2"],
  ])(
    "%s: one purchase, one send, and no junk ends the server",
    async (_name, open, byte) => {
      const url = await open();
      for (const header of ["", "{", "e30=", Buffer.from('{"x402Version":2,"payload":{}}').toString("base64")]) {
        const headers = { "PAYMENT-SIGNATURE": header, "X-PAYMENT": header };
        expect((await fetch(url, { headers })).status).toBe(402);
      }
      const seed = byte.repeat(32);
      await fund(seed);
      const before = await received();
      const { code, output } = await start("faremeter-client", {
        ...env(),
        RESOURCE_URL: url,
        NANO_SEED: seed,
      }).ended();
      expect(output).toContain("200 { weather: 'sunny' }");
      expect(output).not.toContain(seed);
      expect(code).toBe(0);
      expect(await received()).toHaveLength(before.length + 1);
    },
    60_000,
  );
});

async function fund(seed: string): Promise<void> {
  const ledger = createLedger({ rpcUrls: dev.rpcUrl });
  const purse = await createPurse({ seed, ledger, workThresholds: dev.workThresholds });
  await dev.fund(purse.address, xno("1"));
  await purse.close();
  await ledger.close();
}

/** The amounts that the ledger shows as sent to the sellers, in raw. */
async function received(): Promise<string[]> {
  const body = JSON.stringify({ action: "receivable", account: PAY_TO, source: "true" });
  const answer = await fetch(dev.rpcUrl, { method: "POST", body });
  const { blocks } = (await answer.json()) as { blocks: Record<string, { amount: string }> | "" };
  return Object.values(blocks === "" ? {} : blocks).map(({ amount }) => amount);
}

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

test("npm run demo shows both tracks paid and both replays refused", async () => {
  const { code, output } = await start("demo", {}).ended();
  expect(output).toContain("Both tracks paid once, and the replays bought nothing.");
  expect(output.match(/replay refused +402 duplicate_block_hash/g)).toHaveLength(2);
  expect(code).toBe(0);
}, 60_000);

test("a lost response is given again, something else under its identifier is refused, and the handler ran once", async () => {
  const { code, output } = await start("replayed-responses", {}).ended();
  expect(output).toContain('the response that is lost 200 {"order":1,"of":"tea"}');
  expect(output).toContain('the same, sent again      200 {"order":1,"of":"tea"}');
  expect(output).toContain('something else with it    409 {"error":"payment_identifier_conflict"');
  expect(output).toContain("the handler ran 1 time");
  expect(code).toBe(0);
}, 60_000);
