import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { CommonMiddlewareArgs } from "@faremeter/middleware/common";
import { createMiddleware as createExpressMiddleware } from "@faremeter/middleware/express";
import { createMiddleware as createHonoMiddleware } from "@faremeter/middleware/hono";
import { type HttpBindings, serve } from "@hono/node-server";
import express5 from "express";
import { Hono } from "hono";
import { createFacilitatorRouter } from "x402-nano/facilitator";
import { createFacilitatorHandler, nanoExact, nanoPricing } from "x402-nano/faremeter";
import { PAY_TO, type World } from "./world.js";

/** Where a Faremeter seller runs and who settles for it: the rows of the matrix. */
export const FAREMETER_PLACES = [
  "express 4",
  "express 5",
  "hono",
  "hono authorize-first",
  "remote cached",
  "remote uncached",
] as const;
export type FaremeterPlace = (typeof FAREMETER_PLACES)[number];

export interface FaremeterSeller {
  readonly url: string;
  readonly handlerRuns: () => number;
  /** The next handler runs answer this status; 200 again after `times`. */
  failNext(status: number, times?: number): void;
  /** Called at the start of each handler run. */
  onHandler(hook: () => Promise<void>): void;
}

export interface FaremeterSellerOptions {
  readonly place?: FaremeterPlace;
  /** In place of the handler, prices, or remote entries that the place would have. */
  readonly args?: Partial<CommonMiddlewareArgs>;
  /** A facilitator that runs already, for the remote places. */
  readonly facilitatorUrl?: string;
  /** Where the remote place's server verifies before its handler runs, and settles after it. */
  readonly authorizeBeforeCapture?: boolean;
}

export const PRICE = "0.001 XNO";
const express4 = createRequire(import.meta.url)("express4") as typeof express5;

/** A stock Faremeter server that sells the weather. Both protocol versions are on. */
export async function startFaremeterSeller(
  world: World,
  options: FaremeterSellerOptions = {},
): Promise<FaremeterSeller> {
  const { place = "hono" } = options;
  const args: CommonMiddlewareArgs = {
    ...(place.startsWith("remote") ? await remoteArgs(world, options) : inProcessArgs(world)),
    supportedVersions: { x402v1: true, x402v2: true },
    ...options.args,
  };
  let runs = 0;
  let failures = { status: 200, left: 0 };
  let hook: (() => Promise<void>) | undefined;
  const handle = async (): Promise<{ status: number; body: object }> => {
    runs += 1;
    await hook?.();
    if (failures.left === 0) return { status: 200, body: { weather: "sunny" } };
    failures.left -= 1;
    return { status: failures.status, body: { error: "the handler failed" } };
  };
  const base = place.startsWith("express")
    ? await startExpress(world, place === "express 4" ? express4 : express5, args, handle)
    : await startHono(world, { ...args, authorizeBeforeCapture: verifiesFirst(options) }, handle);
  return {
    url: `${base}/weather`,
    handlerRuns: () => runs,
    failNext: (status, times = 1) => {
      failures = { status, left: times };
    },
    onHandler: (next) => {
      hook = next;
    },
  };
}

/** What stands in front of our routes: it may answer in their place, or `drop` the connection. */
export type AroundRouter = (
  request: Request,
  answer: () => Promise<Response>,
  drop: () => Response,
) => Promise<Response>;

/** Our routes, as an operator mounts them, on a port of their own. */
export async function startFacilitatorRouter(
  world: World,
  around: AroundRouter = (_request, answer) => answer(),
): Promise<string> {
  const router = await createFacilitatorRouter(world.engine);
  return listen(world, (request, { incoming }) =>
    around(
      request,
      () => router.fetch(request),
      () => {
        incoming.socket.destroy();
        return new Response();
      },
    ),
  );
}

function verifiesFirst({ place, authorizeBeforeCapture }: FaremeterSellerOptions): boolean {
  return authorizeBeforeCapture ?? place === "hono authorize-first";
}

function inProcessArgs(world: World): CommonMiddlewareArgs {
  const handler = createFacilitatorHandler(world.facilitatorOptions);
  world.onClose(() => handler.close());
  return { x402Handlers: [handler], pricing: [nanoPricing({ payTo: PAY_TO, amount: PRICE })] };
}

async function remoteArgs(
  world: World,
  { place, facilitatorUrl }: FaremeterSellerOptions,
): Promise<CommonMiddlewareArgs> {
  return {
    facilitatorURL: facilitatorUrl ?? (await startFacilitatorRouter(world)),
    accepts: [nanoExact({ payTo: PAY_TO, amount: PRICE, maxTimeoutSeconds: 60 })],
    cacheConfig: place === "remote cached" ? { now: world.clock } : { disable: true },
  };
}

type Handle = () => Promise<{ status: number; body: object }>;

async function startExpress(
  world: World,
  express: typeof express5,
  args: CommonMiddlewareArgs,
  handle: Handle,
): Promise<string> {
  const app = express();
  app.use(await createExpressMiddleware(args));
  app.get("/weather", async (_request, response) => {
    const { status, body } = await handle();
    response.status(status).json(body);
  });
  const server = await new Promise<Server>((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  return opened(world, server);
}

async function startHono(
  world: World,
  args: CommonMiddlewareArgs & { authorizeBeforeCapture: boolean },
  handle: Handle,
): Promise<string> {
  const app = new Hono();
  app.use(await createHonoMiddleware(args));
  app.get("/weather", async (context) => {
    const { status, body } = await handle();
    return context.json(body, status as 200);
  });
  return listen(world, app.fetch);
}

async function listen(
  world: World,
  answer: (request: Request, bindings: HttpBindings) => Promise<Response> | Response,
): Promise<string> {
  const server = await new Promise<Server>((resolve) => {
    const listening = serve(
      { fetch: (request, bindings) => answer(request, bindings as HttpBindings), port: 0, hostname: "127.0.0.1" },
      () => resolve(listening as Server),
    );
  });
  return opened(world, server);
}

function opened(world: World, server: Server): string {
  world.onClose(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}
