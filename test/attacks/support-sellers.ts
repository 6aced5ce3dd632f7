import { HTTPFacilitatorClient } from "@x402/core/server";
import { type Seller, type SellerOptions, startSeller } from "../support/sellers.js";
import type { World } from "../support/world.js";

/** A stock server whose facilitator's address everybody knows, as that of a public facilitator is known. */
export interface OpenSeller extends Seller {
  /** Asks the facilitator directly, as anybody can. */
  ask(path: "verify" | "settle" | "release", body: object): Promise<Record<string, unknown>>;
}

export async function startOpenSeller(world: World, options: SellerOptions = {}): Promise<OpenSeller> {
  let facilitatorUrl = "";
  const seller = await startSeller(world, {
    ...options,
    facilitator: "http",
    configure(server) {
      const clients = [server["facilitatorClients"]].flat();
      for (const client of clients) if (client instanceof HTTPFacilitatorClient) facilitatorUrl = client.url;
      options.configure?.(server);
    },
  });
  return {
    ...seller,
    async ask(path, body) {
      const response = await fetch(`${facilitatorUrl}/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ x402Version: 2, ...body }),
      });
      return (await response.json()) as Record<string, unknown>;
    },
  };
}

/** Happens while the handler runs for the first time. Where an attack has it run again, that run does nothing. */
export function duringTheHandler(seller: Seller, happens: () => Promise<void>): void {
  seller.onHandler(async () => {
    seller.onHandler(async () => undefined);
    await happens();
  });
}
