import { type WrapOpts, wrap } from "@faremeter/fetch";
import { createPurse, type Purse, type PurseOptions, type Track } from "x402-nano/client";
import { createPaymentHandler, type FaremeterClientOptions, type NanoPaymentHandler } from "x402-nano/faremeter";
import { parseAddress, xno } from "../../src/nano/index.js";
import { PAY_TO, type World } from "./world.js";

export interface FaremeterBuyer {
  readonly purse: Purse;
  readonly handler: NanoPaymentHandler;
  /** Stock `wrap` around the given fetch, Node's own by default. Retries follow at once. */
  buyer(fetch?: typeof globalThis.fetch, options?: Partial<WrapOpts>): ReturnType<typeof wrap>;
}

export interface FaremeterBuyerOptions extends FaremeterClientOptions {
  readonly prefer?: Track;
  readonly purse?: Partial<PurseOptions>;
  readonly seed?: string;
}

/** A funded purse behind the stock client of Faremeter. */
export async function openFaremeterBuyer(world: World, options: FaremeterBuyerOptions = {}): Promise<FaremeterBuyer> {
  const { dev, clock } = world;
  const { purse: purseOptions, seed = "3c".repeat(32), ...clientOptions } = options;
  const purse = await createPurse({
    seed,
    rpcUrls: dev.rpcUrl,
    workThresholds: dev.workThresholds,
    clock,
    ...purseOptions,
  });
  world.onClose(() => purse.close());
  await dev.fund(purse.address, xno("2"));
  const handler = createPaymentHandler(purse, { clock, ...clientOptions });
  return {
    purse,
    handler,
    buyer: (fetch = globalThis.fetch, wrapOptions) =>
      wrap(fetch, { handlers: [handler], initialRetryDelay: 0, ...wrapOptions }),
  };
}

/** How many sends to the seller the ledger shows. */
export async function paymentsReceived(world: World): Promise<number> {
  return (await world.ledger.receivable(parseAddress(PAY_TO))).length;
}
