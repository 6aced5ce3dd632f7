import { createServer, type RequestListener, type Server } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect } from "node:net";
import { getRequestListener, serve } from "@hono/node-server";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import express5 from "express";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorRouter, type FacilitatorRouter } from "x402-nano/facilitator";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { type Request as Payment, withLease } from "../support/offers.js";

/** The routes over HTTP, as operators mount them, in front of the stock client of `@x402/core`. */

const express4 = createRequire(import.meta.url)("express4") as typeof express5;

let world: EngineWorld;
let router: FacilitatorRouter;
let errors: unknown[];

beforeEach(async () => {
  world = await startEngineWorld();
  errors = [];
  router = await createFacilitatorRouter(world.engine, { onError: (error) => errors.push(error) });
});
afterEach(async () => {
  await world.close();
  expect(errors).toEqual([]);
});

function urlOf(server: Server, path = ""): string {
  world.onClose(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`;
}

const fetchThrough = (fetch: (request: Request) => Promise<Response> | Response): Promise<Server> =>
  new Promise((resolve) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(server as Server));
  });
const listen = (listener: RequestListener): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer(listener).listen(0, "127.0.0.1", () => resolve(server));
  });
function mountOnExpress(express: typeof express5): RequestListener {
  const app = express();
  app.use("/nano/facilitator", getRequestListener(router.fetch));
  app.use(express.json());
  return app;
}

const MOUNTS: Record<string, () => Promise<string>> = {
  "serve of @hono/node-server": async () => urlOf(await fetchThrough(router.fetch)),
  "Hono's mount": async () => {
    const app = new Hono().mount("/nano/facilitator", router.fetch);
    return urlOf(await fetchThrough(app.fetch), "/nano/facilitator");
  },
  "Express 5": async () => urlOf(await listen(mountOnExpress(express5)), "/nano/facilitator"),
  "Express 4": async () => urlOf(await listen(mountOnExpress(express4)), "/nano/facilitator"),
};

/** The stock types are the stock server's; the payments of the tests are what arrives on the wire. */
function speakTo(url: string) {
  const client = new HTTPFacilitatorClient({ url });
  const parts = ({ paymentPayload, paymentRequirements }: Payment) =>
    [paymentPayload as unknown as PaymentPayload, paymentRequirements as unknown as PaymentRequirements] as const;
  return {
    client,
    verify: (payment: Payment) => client.verify(...parts(payment)),
    settle: (payment: Payment) => client.settle(...parts(payment)),
  };
}

async function post(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

const pay = async (track: Track): Promise<Payment> =>
  (track === "nanoTxn" ? await world.payTrackA() : await world.payTrackB()).request;

describe.each(Object.entries(MOUNTS))("%s", (_name, mount) => {
  test.each(TRACKS)("a stock client verifies, hands the lease back and settles %s, once", async (track) => {
    const { verify, settle } = speakTo(await mount());
    const payment = await pay(track);
    const verified = await verify(payment);
    expect(verified).toMatchObject({ isValid: true, payer: world.alice.address });
    expect(await verify(payment)).toMatchObject({ isValid: false, invalidReason: "payment_in_progress" });
    const lease = verified.extra?.["lease"];
    const settled = await settle(withLease(payment, lease));
    expect(settled).toMatchObject({ success: true, network: "nano:mainnet", payer: world.alice.address });
    expect(settled.transaction).toMatch(/^[0-9A-F]{64}$/);
    expect(JSON.stringify(settled)).not.toContain(String(lease));
    expect(await settle(payment)).toMatchObject({ success: false, errorReason: "duplicate_block_hash" });
  });

  test("a stock client reads what is supported, and HEAD works", async () => {
    const url = await mount();
    expect(await speakTo(url).client.getSupported()).toEqual(world.engine.supported());
    const head = await fetch(`${url}/supported`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("a released lease can be taken again at once, by nobody but its holder", async () => {
    const url = await mount();
    const { verify } = speakTo(url);
    const payment = await pay("nanoSignature");
    const lease = (await verify(payment)).extra?.["lease"];
    expect(await post(`${url}/release`, { lease: `${String(lease).slice(0, -1)}x` })).toEqual({
      status: 200,
      body: { released: false },
    });
    expect(await post(`${url}/release`, { lease })).toEqual({ status: 200, body: { released: true } });
    expect(await verify(payment)).toMatchObject({ isValid: true });
  });

  test("what is offered on /accepts can be paid, over HTTP alone", async () => {
    const url = await mount();
    const { verify } = speakTo(url);
    const entry = { network: "nano:mainnet", amount: "1000", payTo: world.alice.address, maxTimeoutSeconds: 60 };
    const { body } = await post(`${url}/accepts`, { x402Version: 2, accepts: [entry], resource: { url } });
    const { accepts } = body as { accepts: Payment["paymentRequirements"][] };
    const [first, second] = accepts;
    if (first === undefined || second === undefined) throw new TypeError("both tracks are missing");
    const bob = await world.payer();
    const signed = await bob.proveNanoTxn(first);
    expect(await verify({ paymentPayload: signed, paymentRequirements: first })).toMatchObject({ isValid: true });
    const { hash: _hash, ...proof } = await (await world.payer()).payNanoSignature(second);
    // Faremeter hands its first entry over for both tracks (UPSTREAM 3.2).
    expect(await verify({ paymentPayload: proof, paymentRequirements: first })).toMatchObject({ isValid: true });
  });

  test("junk is a refusal for the stock client, and what is no request an error of its", async () => {
    const url = await mount();
    const { verify, settle } = speakTo(url);
    const payment = await pay("nanoTxn");
    const junk = { ...payment, paymentPayload: { ...payment.paymentPayload, payload: { block: {} } } };
    expect(await verify(junk)).toMatchObject({ isValid: false, invalidReason: "malformed_payload" });
    expect(await settle(junk)).toMatchObject({ success: false, errorReason: "malformed_payload", transaction: "" });
    expect(await post(`${url}/verify`, {})).toMatchObject({ status: 400 });
    expect(await post(`${url}/supported`, {})).toMatchObject({ status: 405, body: { error: "method_not_allowed" } });
    expect(await post(`${url}/%zz`, {})).toMatchObject({ status: 404 });
    expect(await speakTo(url).client.getSupported()).toBeDefined();
  });

  test("bodies that are too large are refused and the server goes on, however they come", async () => {
    const url = await mount();
    const text = JSON.stringify({ paymentPayload: "x".repeat(200_000), paymentRequirements: {} });
    const headers = { "Content-Type": "application/json" };
    const whole = await fetch(`${url}/verify`, { method: "POST", headers, body: text });
    expect([whole.status, await whole.json()]).toEqual([413, { error: "body_too_large", maxBytes: 65_536 }]);
    const body = new Blob([text]).stream();
    const streamed = await fetch(`${url}/verify`, { method: "POST", headers, body, duplex: "half" } as RequestInit);
    expect([streamed.status, await streamed.json()]).toEqual([413, { error: "body_too_large", maxBytes: 65_536 }]);
    expect(await speakTo(url).client.getSupported()).toBeDefined();
  });

  test.each(["Content-Length: 100\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\n"])(
    "a sender that hangs up within its body (%j) is no fault of anybody here",
    async (rest) => {
      const { fetch: answer } = router;
      const answers: Promise<Response>[] = [];
      const arrived = new Promise<void>((resolve) => {
        router = {
          fetch(request) {
            const answering = answer(request);
            answers.push(answering);
            resolve();
            return answering;
          },
        };
      });
      const url = new URL(await mount());
      const socket = connect(Number(url.port), url.hostname);
      const path = `${url.pathname.replace(/\/$/, "")}/verify`;
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}{"a":`);
      await arrived;
      socket.destroy();
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([400]);
    },
  );
});
