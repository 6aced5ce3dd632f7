import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { x402Facilitator } from "@x402/core/facilitator";
import { type FacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { paymentMiddleware as expressMiddleware } from "@x402/express";
import { generatePaymentId } from "@x402/extensions/payment-identifier";
import { paymentMiddleware as honoMiddleware } from "@x402/hono";
import express from "express";
import { Hono } from "hono";
import { ExactNanoScheme as FacilitatorScheme, inProcessFacilitatorClient } from "x402-nano/facilitator";
import {
  createResponseReplay,
  declarePaymentIdentifier,
  nanoAccepts,
  type ResponseReplayOptions,
  ExactNanoScheme as ServerScheme,
} from "x402-nano/server";
import { decodeHeader, encodeHeader } from "../../src/protocol/index.js";
import { type Envelope, type HandPayer, type Offer, payOn } from "../support/hand-payer.js";
import { CHALLENGE_SECRET, PAY_TO, type World } from "../support/world.js";

export const HOSTS = ["express", "hono"] as const;
export type Host = (typeof HOSTS)[number];

export interface Shop {
  readonly url: string;
  /** One line for each time the paid handler, verify and settle ran. */
  readonly log: string[];
  readonly count: (what: "handler" | "verify" | "settle") => number;
  readonly onHandler: (hook: (run: number) => Promise<Answer | undefined>) => void;
}

export interface Answer {
  readonly status?: number;
  readonly body: string;
}

interface ShopOptions extends ResponseReplayOptions {
  readonly declared?: { readonly required?: boolean };
  readonly paymentFlow?: "upfront";
}

/** A stock server with the replay in front of the stock middleware; every response of the handler is another one. */
export async function openShop(world: World, host: Host, options: ShopOptions = {}): Promise<Shop> {
  const { declared, paymentFlow, ...replayOptions } = options;
  const log: string[] = [];
  let hook: (run: number) => Promise<Answer | undefined> = async () => undefined;
  const scheme = new FacilitatorScheme(world.facilitatorOptions);
  const inner = inProcessFacilitatorClient(new x402Facilitator().register("nano:mainnet", scheme));
  const client: FacilitatorClient = {
    getSupported: () => inner.getSupported(),
    verify: (payload, requirements) => {
      log.push("verify");
      return inner.verify(payload, requirements);
    },
    settle: (payload, requirements) => {
      log.push("settle");
      return inner.settle(payload, requirements);
    },
  };
  const server = new x402ResourceServer(client).register(
    "nano:mainnet",
    new ServerScheme({ challengeSecret: CHALLENGE_SECRET, clock: world.clock, facilitator: scheme }),
  );
  const accepts = nanoAccepts({ payTo: PAY_TO, price: "0.001 XNO", ...(paymentFlow ? { paymentFlow } : {}) });
  const route = { accepts, extensions: declarePaymentIdentifier(declared) };
  const routes = { "GET /weather": route, "POST /order": route, "GET /free": route };
  const replay = createResponseReplay({ clock: world.clock, ...replayOptions });
  const handle = async (asked: string): Promise<Answer> => {
    log.push("handler");
    const run = count("handler");
    return (await hook(run)) ?? { body: JSON.stringify({ run, asked, text: "ünïcode ✓" }) };
  };
  const count: Shop["count"] = (what) => log.filter((line) => line === what).length;
  const url = host === "express" ? await listenExpress() : await listenHono();
  return { url, log, count, onHandler: (next) => (hook = next) };

  async function listenExpress(): Promise<string> {
    const app = express();
    app.use(express.json());
    app.use(replay.express);
    app.use(expressMiddleware(routes, server));
    const answer: express.RequestHandler = async (request, response) => {
      const { status = 200, body } = await handle(`${request.originalUrl} ${JSON.stringify(request.body ?? null)}`);
      response.cookie("a", "1").cookie("b", "2").status(status).type("json").send(body);
    };
    app.get("/weather", answer).post("/order", answer);
    const listening = await new Promise<Server>((resolve) => {
      const started = app.listen(0, "127.0.0.1", () => resolve(started));
    });
    world.onClose(() => closeServer(listening));
    return `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}`;
  }

  async function listenHono(): Promise<string> {
    const app = new Hono();
    app.use(replay.hono);
    app.use(honoMiddleware(routes, server));
    app.on(["GET", "POST"], ["/weather", "/order"], async (context) => {
      const sent = context.req.method === "POST" ? await context.req.json() : null;
      const { pathname, search } = new URL(context.req.url);
      const { status = 200, body } = await handle(`${pathname}${search} ${JSON.stringify(sent)}`);
      context.header("Set-Cookie", "a=1; Path=/");
      context.header("Set-Cookie", "b=2; Path=/", { append: true });
      return context.body(body, status as 200, { "Content-Type": "application/json; charset=utf-8" });
    });
    return new Promise((resolve) => {
      const listening = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
        resolve(`http://127.0.0.1:${String(port)}`);
      });
      world.onClose(() => closeServer(listening as Server));
    });
  }
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

export async function offersOf(shop: Shop): Promise<{ nanoTxn: Offer; nanoSignature: Offer; extensions: unknown }> {
  const response = await fetch(`${shop.url}/weather`);
  const { accepts, extensions } = decodeHeader(response.headers.get("PAYMENT-REQUIRED") ?? "");
  const [nanoTxn, nanoSignature] = accepts as [Offer, Offer];
  return { nanoTxn, nanoSignature, extensions };
}

export function name(envelope: Envelope, id: string): Envelope {
  return { ...envelope, extensions: { "payment-identifier": { info: { required: false, id } } } };
}

/** A payment of its own, under a name of its own where none is given. */
export async function pay(shop: Shop, payer: HandPayer, track: "nanoTxn" | "nanoSignature", id = generatePaymentId()) {
  return name(await payOn(payer, track, await offersOf(shop)), id);
}

export interface Got {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string>;
  readonly cookies: string[];
}

export async function present(shop: Shop, envelope: unknown, path = "/weather", init: RequestInit = {}): Promise<Got> {
  const header = typeof envelope === "string" ? envelope : encodeHeader(envelope);
  const headers = { ...(init.headers as Record<string, string>), "PAYMENT-SIGNATURE": header };
  const response = await fetch(`${shop.url}${path}`, { ...init, headers });
  return {
    status: response.status,
    body: await response.text(),
    headers: Object.fromEntries(response.headers),
    cookies: response.headers.getSetCookie(),
  };
}

export const errorOf = ({ headers, body }: Got): unknown => {
  const required = headers["payment-required"];
  return required === undefined ? JSON.parse(body).error : decodeHeader(required)["error"];
};
