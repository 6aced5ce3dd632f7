import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { HTTPFacilitatorClient, x402ResourceServer } from "@x402/core/server";
import { paymentMiddleware as expressMiddleware } from "@x402/express";
import { paymentMiddleware as honoMiddleware } from "@x402/hono";
import express from "express";
import { Hono } from "hono";
import { ExactNanoScheme, nanoAccepts } from "x402-nano/server";

export interface ShopOptions {
  readonly facilitatorUrl: string;
  readonly challengeSecret: string;
  readonly payTo: string;
  /** A verify whose answer was lost holds its lease for so long. */
  readonly maxTimeoutSeconds: number;
  /** What the handler answers, and where its runs are counted. */
  readonly handle: (sale: string, attempt: string) => Promise<number>;
}

export interface Shop {
  /** Waits where it is away. */
  url(): Promise<string>;
  close(): Promise<void>;
}

export type ShopHost = "express" | "hono";

/** A stock resource server around our server scheme, which sells `/goods?sale=…&attempt=…`. */
export async function openShop(host: ShopHost, options: ShopOptions): Promise<Shop> {
  const { facilitatorUrl, challengeSecret, payTo, maxTimeoutSeconds, handle } = options;
  const resources = new x402ResourceServer(new HTTPFacilitatorClient({ url: facilitatorUrl })).register(
    "nano:mainnet",
    new ExactNanoScheme({ challengeSecret, facilitatorUrl }),
  );
  const accepts = nanoAccepts({ payTo, price: "0.001 XNO", maxTimeoutSeconds });
  const routes = { "GET /goods": { accepts, description: "goods" } };
  const sell = async (sale = "", attempt = "") => ({ status: await handle(sale, attempt), goods: { sold: sale } });

  if (host === "express") {
    const app = express();
    app.use(expressMiddleware(routes as never, resources));
    app.get("/goods", async ({ query }, response) => {
      const { status, goods } = await sell(String(query["sale"]), String(query["attempt"]));
      response.status(status).json(goods);
    });
    return new Promise((resolve) => {
      const server = app.listen(0, "127.0.0.1", () => resolve(shopOf(server)));
    });
  }
  const app = new Hono();
  app.use(honoMiddleware(routes as never, resources));
  app.get("/goods", async (context) => {
    const { status, goods } = await sell(context.req.query("sale"), context.req.query("attempt"));
    return context.json(goods, status as 200);
  });
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => resolve(shopOf(server)));
  });
}

interface Listening {
  keepAliveTimeout?: number;
  address(): AddressInfo | string | null;
  close(done: () => void): unknown;
  closeAllConnections?(): void;
}

function shopOf(server: Listening): Shop {
  // It never closes a connection by itself: what breaks off here was killed.
  server.keepAliveTimeout = 0;
  return {
    url: async () => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/goods`,
    async close() {
      server.closeAllConnections?.();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
