import { createMiddleware } from "@faremeter/middleware/express";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Track } from "x402-nano/client";
import { createFacilitatorHandler, type NanoFacilitatorHandler, nanoPricing } from "x402-nano/faremeter";
import { decodeHeader, encodeHeader } from "../../src/protocol/index.js";
import { envelopeFor, VERSIONS, type Version } from "../support/faremeter-buyers.js";
import { PRICE } from "../support/faremeter-sellers.js";
import { type Offer, payOn } from "../support/hand-payer.js";
import { PAY_TO, startWorld, type World } from "../support/world.js";
import {
  deepestHeader,
  junkPayloads,
  tamperedAccepted,
  tamperedEnvelope,
  UNPARSEABLE,
} from "./faremeter-matrix-attacks.js";

/**
 * Express 4 calls a middleware and drops its promise: a rejection is nobody's, and ends the process. Here the promise is
 * kept, so that what it comes to is said and not guessed from a server that still answers.
 */

let world: World;
let handler: NanoFacilitatorHandler;
beforeEach(async () => {
  world = await startWorld();
  handler = createFacilitatorHandler(world.facilitatorOptions);
});
afterEach(async () => {
  handler.close();
  await world.close();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the request went on to what is sold. */
  readonly wentOn: boolean;
}

type Call = (headers?: Readonly<Record<string, string>>) => Promise<Answer>;

/** The middleware of Faremeter, called as Express 4 calls it, and awaited. */
async function mount(x402Handler: NanoFacilitatorHandler): Promise<Call> {
  const middleware = await createMiddleware({
    x402Handlers: [x402Handler],
    pricing: [nanoPricing({ payTo: PAY_TO, amount: PRICE })],
    supportedVersions: { x402v1: true, x402v2: true },
  });
  return async (sent = {}) => {
    let status: number | undefined;
    let wentOn = false;
    const headers: Record<string, string> = {};
    const request = {
      protocol: "http",
      path: "/weather",
      headers: { host: "127.0.0.1" },
      header: (name: string) => sent[name],
    };
    const response = {
      status: (code: number) => {
        status = code;
      },
      setHeader: (name: string, value: string) => {
        headers[name] = value;
      },
      json: () => undefined,
      end: () => undefined,
    };
    await middleware(request as never, response as never, () => {
      wentOn = true;
    });
    return { status, headers, wentOn };
  };
}

async function offersOf(call: Call): Promise<Record<Track, Offer>> {
  const { headers } = await call();
  const [nanoTxn, nanoSignature] = decodeHeader(headers["PAYMENT-REQUIRED"] ?? "")["accepts"] as [Offer, Offer];
  return { nanoTxn, nanoSignature };
}

const headerOf = (version: Version, envelope: Record<string, unknown> | string): Record<string, string> => ({
  [version === 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE"]: typeof envelope === "string" ? envelope : encodeHeader(envelope),
});

const CASES = VERSIONS.flatMap((version) =>
  (["nanoTxn", "nanoSignature"] as const).map((track) => ({ version, track })),
);

test.each(CASES)(
  "v$version $track: the promise resolves to a refusal, whatever arrives",
  async ({ version, track }) => {
    const call = await mount(handler);
    const offers = await offersOf(call);
    const proof = envelopeFor(version, await payOn(await world.payer(), track, offers));
    const other = offers[track === "nanoTxn" ? "nanoSignature" : "nanoTxn"];
    const attacks = [
      ...junkPayloads(track, proof),
      ...(version === 2 ? tamperedAccepted(proof, offers[track], other) : tamperedEnvelope(proof)),
      ...Object.entries(UNPARSEABLE).map(([name, envelope]) => ({ name, envelope })),
      { name: "as deep as a header can be", envelope: deepestHeader(proof) },
    ];
    for (const { name, envelope } of attacks) {
      await expect(call(headerOf(version, envelope)), name).resolves.toMatchObject({ status: 402, wentOn: false });
    }
    await expect(call(headerOf(version, proof))).resolves.toMatchObject({ wentOn: true });
    await expect(call(headerOf(version, proof))).resolves.toMatchObject({ status: 402, wentOn: false });
  },
);

test.each(VERSIONS)("v%i: a store and a ledger that are gone are refusals too", async (version) => {
  const call = await mount(handler);
  const offers = await offersOf(call);
  const proof = envelopeFor(version, await payOn(await world.payer(), "nanoTxn", offers));
  await world.store.close();
  await world.dev.close();
  await expect(call()).resolves.toMatchObject({ status: 402, wentOn: false });
  await expect(call(headerOf(version, proof))).resolves.toMatchObject({ status: 402, wentOn: false });
});

test.each(CASES)("v$version $track: a fault of ours is a refusal too", async ({ version, track }) => {
  const faulty = createFacilitatorHandler({
    ...world.facilitatorOptions,
    store: { ...world.store, get: () => Promise.reject(new TypeError("a fault")) },
  });
  const call = await mount(faulty);
  const proof = envelopeFor(version, await payOn(await world.payer(), track, await offersOf(call)));
  await expect(call(headerOf(version, proof))).resolves.toMatchObject({ status: 402, wentOn: false });
  faulty.close();
});

test("a handler that throws, or answers nothing, rejects the promise: what the tests above would see", async () => {
  const offers = await offersOf(await mount(handler));
  const proof = envelopeFor(2, await payOn(await world.payer(), "nanoTxn", offers));
  const throwing = await mount({ ...handler, handleSettle: () => Promise.reject(new TypeError("a fault")) });
  await expect(throwing(headerOf(2, proof))).rejects.toThrow("a fault");
  const silent = await mount({ ...handler, handleSettle: async () => null });
  await expect(silent(headerOf(2, proof))).rejects.toThrow("no handler accepted the settlement");
});
