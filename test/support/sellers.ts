import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { x402Facilitator } from "@x402/core/facilitator";
import { type FacilitatorClient, HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import type { SettleResponse } from "@x402/core/types";
import { paymentMiddleware as expressMiddleware } from "@x402/express";
import { paymentMiddleware as honoMiddleware } from "@x402/hono";
import express, { type Express } from "express";
import { Hono } from "hono";
import { ExactNanoScheme as FacilitatorScheme, inProcessFacilitatorClient } from "x402-nano/facilitator";
import { type NanoPaymentOption, nanoAccepts, ExactNanoScheme as ServerScheme } from "x402-nano/server";
import { decodeHeader } from "../../src/protocol/index.js";
import type { Offer } from "./hand-payer.js";
import { CHALLENGE_SECRET, PAY_TO, type World } from "./world.js";

/** What the handler answers, and how often it ran: the number that must not move when nobody paid. */
export interface Seller {
  readonly url: string;
  readonly handlerRuns: () => number;
  /** The next handler runs answer this status; 200 again after `times`. */
  failNext(status: number, times?: number): void;
  /** The next answers to settle never arrive: lost after the facilitator settled, or before it was even asked. */
  loseSettleAnswers(...when: ("before" | "after")[]): void;
  /** Called at the start of each handler run. */
  onHandler(hook: () => Promise<void>): void;
}

export type SellerHost = "express" | "hono";
export type FacilitatorPlace = "http" | "in-process";

export interface SellerOptions {
  readonly host?: SellerHost;
  readonly facilitator?: FacilitatorPlace;
  readonly accepts?: readonly NanoPaymentOption[];
  /** Entries of other networks, with their own schemes registered by `configure`. */
  readonly otherAccepts?: readonly Record<string, unknown>[];
  readonly otherFacilitators?: readonly Pick<FacilitatorClient, "getSupported">[];
  readonly configure?: (server: x402ResourceServer) => void;
}

export const PRICE = "0.001 XNO";

/** A stock resource server around our server scheme, in front of a stock facilitator around our facilitator scheme. */
export async function startSeller(world: World, options: SellerOptions = {}): Promise<Seller> {
  const { host = "express", facilitator: place = "http" } = options;
  const scheme = new FacilitatorScheme(world.facilitatorOptions);
  const stock = new x402Facilitator().register("nano:mainnet", scheme);
  const losing: ("before" | "after")[] = [];
  const settling: Settling = async (settle) => {
    const lost = losing.shift();
    const answer = lost === "before" ? undefined : await settle();
    return lost === undefined ? answer : undefined;
  };
  const facilitatorUrl = place === "http" ? await startFacilitator(world, stock, scheme, settling) : undefined;
  const client: FacilitatorClient =
    facilitatorUrl === undefined
      ? losingClient(inProcessFacilitatorClient(stock), settling)
      : new HTTPFacilitatorClient({ url: facilitatorUrl });
  const others = (options.otherFacilitators ?? []).map(unusedFacilitator);
  const server = new x402ResourceServer([...others, client]).register(
    "nano:mainnet",
    new ServerScheme({
      challengeSecret: CHALLENGE_SECRET,
      clock: world.clock,
      ...(facilitatorUrl === undefined ? { facilitator: losingLink(scheme, settling) } : { facilitatorUrl }),
    }),
  );
  options.configure?.(server);
  const accepts = [
    ...(options.otherAccepts ?? []),
    ...(options.accepts ?? nanoAccepts({ payTo: PAY_TO, price: PRICE })),
  ];
  const routes = { "GET /weather": { accepts, description: "the weather" } };

  let runs = 0;
  let failures = { status: 200, left: 0 };
  let hook: (() => Promise<void>) | undefined;
  const handle = async (): Promise<{ status: number; body: unknown }> => {
    runs += 1;
    await hook?.();
    if (failures.left === 0) return { status: 200, body: { weather: "sunny" } };
    failures.left -= 1;
    return { status: failures.status, body: { error: "the handler failed" } };
  };
  const url = host === "express" ? await listenExpress(world, expressApp()) : await listenHono(world, honoApp());
  return {
    url: `${url}/weather`,
    handlerRuns: () => runs,
    failNext: (status, times = 1) => {
      failures = { status, left: times };
    },
    loseSettleAnswers: (...when) => {
      losing.push(...when);
    },
    onHandler: (next) => {
      hook = next;
    },
  };

  function expressApp(): Express {
    const app = express();
    app.use(expressMiddleware(routes as never, server));
    app.get("/weather", async (_request, response) => {
      const { status, body } = await handle();
      response.status(status).json(body);
    });
    return app;
  }

  function honoApp(): Hono {
    const app = new Hono();
    app.use(honoMiddleware(routes as never, server));
    app.get("/weather", async (context) => {
      const { status, body } = await handle();
      return context.json(body as object, status as 200);
    });
    return app;
  }
}

/** It says what it supports; whoever asks it to judge a payment gets an error. */
function unusedFacilitator({ getSupported }: Pick<FacilitatorClient, "getSupported">): FacilitatorClient {
  const refuse = async () => {
    throw new TypeError("this facilitator must not be asked");
  };
  return { getSupported, verify: refuse, settle: refuse };
}

/** What became of one settle on its way: undefined where the answer is lost. */
type Settling = (settle: () => Promise<SettleResponse>) => Promise<SettleResponse | undefined>;

function losingLink(scheme: FacilitatorScheme, settling: Settling) {
  return {
    release: (lease: string) => scheme.release(lease),
    async settle(payload: unknown, requirements: unknown) {
      const answer = await settling(() => scheme.settle(payload, requirements));
      if (answer === undefined) throw new TypeError("the connection was lost");
      return answer;
    },
  };
}

function losingClient(client: FacilitatorClient, settling: Settling): FacilitatorClient {
  return {
    verify: (payload, requirements) => client.verify(payload, requirements),
    getSupported: () => client.getSupported(),
    async settle(payload, requirements) {
      const answer = await settling(() => client.settle(payload, requirements));
      if (answer === undefined) throw new TypeError("the connection was lost");
      return answer;
    },
  };
}

/** A facilitator over HTTP, as a developer would write it around the stock class, plus our `/release`. */
async function startFacilitator(
  world: World,
  stock: x402Facilitator,
  scheme: FacilitatorScheme,
  settling: Settling,
): Promise<string> {
  const app = express();
  app.use(express.json({ limit: "64kb" }));
  app.get("/supported", (_request, response) => response.json(stock.getSupported()));
  app.post("/verify", async ({ body }, response) => {
    response.json(await stock.verify(body.paymentPayload, body.paymentRequirements));
  });
  app.post("/settle", async ({ body }, response) => {
    const answer = await settling(() => stock.settle(body.paymentPayload, body.paymentRequirements));
    if (answer === undefined) response.socket?.destroy();
    else response.json(answer);
  });
  app.post("/release", async ({ body }, response) => {
    response.json({ released: await scheme.release(body.lease) });
  });
  return listenExpress(world, app);
}

async function listenExpress(world: World, app: Express): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  world.onClose(() => closeServer(server));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function listenHono(world: World, app: Hono): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, (info) => {
      resolve(`http://127.0.0.1:${String(info.port)}`);
    });
    world.onClose(() => closeServer(server as Server));
  });
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The offers of a 402, read from its header as a client reads them. */
export async function fetchOffers(seller: Seller): Promise<{ nanoTxn: Offer; nanoSignature: Offer; all: Offer[] }> {
  const response = await fetch(seller.url);
  const required = decodeHeader(response.headers.get("PAYMENT-REQUIRED") ?? "");
  const all = required["accepts"] as Offer[];
  const find = (track: string): Offer => {
    const offer = all.find((entry) => entry.extra["assetTransferMethod"] === track);
    if (offer === undefined) throw new TypeError(`the 402 offers no ${track}`);
    return offer;
  };
  return { nanoTxn: find("nanoTxn"), nanoSignature: find("nanoSignature"), all };
}

export interface Outcome {
  readonly status: number;
  readonly settlement: Record<string, unknown> | undefined;
  /** The reason of a refusal, from the 402 or from the settlement. */
  readonly reason: string | undefined;
}

export async function present(seller: Seller, envelope: unknown): Promise<Outcome> {
  const header = typeof envelope === "string" ? envelope : Buffer.from(JSON.stringify(envelope)).toString("base64");
  const response = await fetch(seller.url, { headers: { "PAYMENT-SIGNATURE": header } });
  await response.arrayBuffer();
  const settled = response.headers.get("PAYMENT-RESPONSE");
  const required = response.headers.get("PAYMENT-REQUIRED");
  const settlement = settled === null ? undefined : { ...decodeHeader(settled) };
  const refused = required === null ? undefined : decodeHeader(required)["error"];
  const reason = settlement?.["errorReason"] ?? refused;
  return { status: response.status, settlement, reason: typeof reason === "string" ? reason : undefined };
}
