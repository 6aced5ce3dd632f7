/**
 * What users of Faremeter type, as types: compiled against the sources by `npm run typecheck` and against the packed
 * declarations, beside `@faremeter/*` 0.22 as installed, by the package test. No cast stands here, and it is never run.
 */
import { wrap } from "@faremeter/fetch";
import { type CommonMiddlewareArgs, createRemoteX402Handlers } from "@faremeter/middleware/common";
import { createMiddleware as createExpressMiddleware } from "@faremeter/middleware/express";
import { createMiddleware as createHonoMiddleware } from "@faremeter/middleware/hono";
import type { PaymentExecer, PaymentHandler } from "@faremeter/types/client";
import type { FacilitatorHandler, GetRequirementsArgs } from "@faremeter/types/facilitator";
import type { HandlerCapabilities, ResourcePricing } from "@faremeter/types/pricing";
import type {
  x402PaymentPayload,
  x402PaymentRequirements,
  x402SettleResponse,
  x402SupportedKind,
  x402VerifyResponse,
} from "@faremeter/types/x402v2";
import { createPurse, type Purse, type Track } from "x402-nano/client";
import { memoryStore } from "x402-nano/facilitator";
import {
  createFacilitatorHandler,
  createPaymentHandler,
  type FaremeterClientOptions,
  type FaremeterFacilitatorOptions,
  type NanoExactEntry,
  type NanoFacilitatorHandler,
  type NanoPaymentHandler,
  nanoExact,
  nanoPricing,
} from "x402-nano/faremeter";
import { createLedger } from "x402-nano/rpc";

export async function sellInProcess(payTo: string, rpcUrls: string[], challengeSecret: string): Promise<unknown[]> {
  const ledger = createLedger({ rpcUrls });
  const handler = createFacilitatorHandler({ ledger, store: memoryStore(), challengeSecret });
  const args = {
    x402Handlers: [handler],
    pricing: [nanoPricing({ payTo, amount: "0.001 XNO", description: "the weather" })],
    supportedVersions: { x402v2: true },
  };
  return [
    await createExpressMiddleware(args),
    await createHonoMiddleware(args),
    await createHonoMiddleware({ ...args, authorizeBeforeCapture: true }),
  ];
}

export async function sellRemotely(payTo: string, facilitatorURL: string): Promise<unknown[]> {
  const args = {
    facilitatorURL,
    accepts: [nanoExact({ payTo, amount: 1000n, maxTimeoutSeconds: 60 }), [nanoExact({ payTo, amount: "1000 raw" })]],
    supportedVersions: { x402v1: true, x402v2: true },
    cacheConfig: { disable: true },
  };
  const handlers: FacilitatorHandler[] = createRemoteX402Handlers(args);
  return [await createExpressMiddleware(args), await createHonoMiddleware(args), handlers];
}

export async function buy(seed: string, rpcUrls: string[], prefer: Track): Promise<Response> {
  const purse: Purse = await createPurse({ seed, rpcUrls, maxPerPayment: "0.01 XNO", maxPerDay: "1 XNO" });
  const handler = createPaymentHandler(purse, { prefer });
  const pay: typeof fetch = wrap(fetch, { handlers: [handler] });
  await pay("https://shop.example/weather");
  return wrap(handler.watch(fetch), { handlers: [handler, createPaymentHandler(purse)], retryCount: 1 })(
    "https://shop.example/",
  );
}

/** The whole, with no more members than it has, and each member alone: an error then names the one that moved. */
export const asFacilitatorHandler = (handler: NanoFacilitatorHandler): FacilitatorHandler => handler;
export const asPaymentHandler = (handler: NanoPaymentHandler): PaymentHandler => handler;
export const members = (handler: NanoFacilitatorHandler): Required<FacilitatorHandler> => ({
  capabilities: handler.capabilities,
  schemes: handler.schemes,
  getSupported: handler.getSupported,
  getRequirements: handler.getRequirements,
  handleVerify: handler.handleVerify,
  handleSettle: handler.handleSettle,
  getSigners: handler.getSigners,
});
export const asPricing = (pricing: ReturnType<typeof nanoPricing>): ResourcePricing => pricing;
export const asAccepts = (entry: NanoExactEntry): NonNullable<CommonMiddlewareArgs["accepts"]>[number] => entry;

type Equal<Left, Right> =
  (<Value>() => Value extends Left ? 1 : 2) extends <Value>() => Value extends Right ? 1 : 2 ? true : false;
type Expect<Truth extends true> = Truth;
type Settles = (
  requirements: x402PaymentRequirements,
  payment: x402PaymentPayload,
) => Promise<x402SettleResponse | null>;
type Verifies = (
  requirements: x402PaymentRequirements,
  payment: x402PaymentPayload,
) => Promise<x402VerifyResponse | null>;

/** Faremeter's own shapes as they were met: whatever an upgrade adds, drops or renames is an error here. */
export type Pinned = [
  Expect<
    Equal<
      keyof FacilitatorHandler,
      "capabilities" | "schemes" | "getSupported" | "getRequirements" | "handleVerify" | "handleSettle" | "getSigners"
    >
  >,
  Expect<Equal<HandlerCapabilities, { networks: string[]; assets: string[] }>>,
  Expect<Equal<FacilitatorHandler["schemes"], string[] | undefined>>,
  Expect<Equal<FacilitatorHandler["handleSettle"], Settles>>,
  Expect<Equal<NonNullable<FacilitatorHandler["handleVerify"]>, Verifies>>,
  Expect<Equal<keyof GetRequirementsArgs, "accepts" | "resource">>,
  Expect<
    Equal<
      keyof x402PaymentRequirements,
      "scheme" | "network" | "amount" | "asset" | "payTo" | "maxTimeoutSeconds" | "extra"
    >
  >,
  Expect<Equal<keyof x402PaymentPayload, "x402Version" | "resource" | "accepted" | "payload" | "extensions">>,
  Expect<
    Equal<keyof x402SettleResponse, "success" | "errorReason" | "payer" | "transaction" | "network" | "extensions">
  >,
  Expect<Equal<keyof x402VerifyResponse, "isValid" | "invalidReason" | "payer">>,
  Expect<Equal<keyof ResourcePricing, "amount" | "asset" | "recipient" | "network" | "description">>,
  Expect<Equal<keyof PaymentExecer, "requirements" | "exec">>,
  Expect<
    Equal<
      keyof CommonMiddlewareArgs,
      | "x402Handlers"
      | "mppMethodHandlers"
      | "pricing"
      | "facilitatorURL"
      | "accepts"
      | "cacheConfig"
      | "supportedVersions"
    >
  >,
];

/** Ours, member by member: what Faremeter leaves optional is there, and answers are Faremeter's own types. */
export type Ours = [
  Expect<Equal<ReturnType<NanoFacilitatorHandler["handleSettle"]>, Promise<x402SettleResponse | null>>>,
  Expect<Equal<ReturnType<NanoFacilitatorHandler["handleVerify"]>, Promise<x402VerifyResponse | null>>>,
  Expect<Equal<ReturnType<NanoFacilitatorHandler["getRequirements"]>, Promise<x402PaymentRequirements[]>>>,
  Expect<Equal<ReturnType<NanoFacilitatorHandler["getSupported"]>, Promise<x402SupportedKind>[]>>,
  Expect<Equal<Parameters<NanoFacilitatorHandler["handleSettle"]>, [x402PaymentRequirements, x402PaymentPayload]>>,
  Expect<Equal<Parameters<NanoFacilitatorHandler["handleVerify"]>, [x402PaymentRequirements, x402PaymentPayload]>>,
  Expect<Equal<Parameters<NanoPaymentHandler>, Parameters<PaymentHandler>>>,
  Expect<Equal<ReturnType<NanoPaymentHandler>, Promise<PaymentExecer[]>>>,
  Expect<Equal<NanoPaymentHandler["watch"], (fetch: typeof globalThis.fetch) => typeof globalThis.fetch>>,
  Expect<Equal<Parameters<typeof createFacilitatorHandler>, [options: FaremeterFacilitatorOptions]>>,
  Expect<Equal<Parameters<typeof createPaymentHandler>, [purse: Purse, options?: FaremeterClientOptions]>>,
];

export function mistakes(handler: NanoFacilitatorHandler, purse: Purse): unknown[] {
  // @ts-expect-error: a store is named, there is none by default
  const withoutStore = createFacilitatorHandler({ ledger: createLedger({ rpcUrls: "http://127.0.0.1:7076" }) });
  // @ts-expect-error: remote entries are no prices
  const crossed: ResourcePricing = nanoExact({ payTo: "nano_…", amount: 10n });
  // @ts-expect-error: there are two tracks
  const prefers = createPaymentHandler(purse, { prefer: "nanoCheque" });
  // @ts-expect-error: a seller's handler is no buyer's
  const pays = wrap(fetch, { handlers: [handler] });
  return [withoutStore, crossed, prefers, pays];
}
