import { request } from "node:http";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { mutationsOf } from "../support/json-mutations.js";
import { fetchOffers, present, type SellerHost, startSeller } from "../support/sellers.js";
import { startWorld, type World } from "../support/world.js";

let world: World;
afterEach(() => world.close());

const base64 = (text: string) => Buffer.from(text).toString("base64");
const HOSTILE: Record<string, string> = {
  "not base64": "%%%%",
  "base64 of nothing": "=",
  "not JSON": base64("{"),
  "a JSON null": base64("null"),
  "a JSON array": base64("[]"),
  "a JSON number": base64("1e999"),
  "an empty object": base64("{}"),
  "a payload that is a string": base64('{"x402Version":2,"accepted":{},"payload":"block"}'),
  "an accepted that is null": base64('{"x402Version":2,"accepted":null,"payload":{}}'),
  "a version that is a string": base64('{"x402Version":"2","accepted":{},"payload":{}}'),
  "a version that nobody knows": base64('{"x402Version":3,"accepted":{},"payload":{}}'),
  "prototype pollution": base64('{"__proto__":{"x402Version":2},"constructor":{"prototype":{}},"x402Version":2}'),
  "ten thousand levels": base64(`${"[".repeat(4_000)}${"]".repeat(4_000)}`),
  "bytes that are no UTF-8": Buffer.from([0xff, 0xfe, 0x7b, 0x7d]).toString("base64"),
};

describe.each<SellerHost>(["express", "hono"])("stock %s server", (host) => {
  test("a hostile header is refused, nothing is served, and an honest payment is served after it", async () => {
    world = await startWorld();
    const seller = await startSeller(world, { host });
    const payer = await world.payer();
    for (const [name, header] of Object.entries(HOSTILE)) {
      const { status } = await present(seller, header);
      expect([400, 402], name).toContain(status);
    }
    expect(seller.handlerRuns()).toBe(0);
    const { nanoTxn } = await fetchOffers(seller);
    expect(await present(seller, await payer.proveNanoTxn(nanoTxn))).toMatchObject({ status: 200 });
  });

  test("a header beyond what the server reads is cut off, and the server lives", async () => {
    world = await startWorld();
    const seller = await startSeller(world, { host });
    const status = await new Promise<number>((resolve, reject) => {
      const oversized = request(seller.url, { headers: { "PAYMENT-SIGNATURE": "A".repeat(40_000) } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      oversized.on("error", reject);
      oversized.end();
    });
    expect(status).toBe(431);
    expect((await fetch(seller.url)).status).toBe(402);
    expect(seller.handlerRuns()).toBe(0);
  });

  test("an honest payment with one thing changed is refused, or is the honest payment", async () => {
    world = await startWorld();
    const seller = await startSeller(world, { host, facilitator: "in-process" });
    const payer = await world.payer();
    const { nanoTxn, nanoSignature } = await fetchOffers(seller);
    const { hash: _hash, ...proofB } = await payer.payNanoSignature(nanoSignature);
    const proofA = await payer.proveNanoTxn(nanoTxn);
    const served = { nanoTxn: 0, nanoSignature: 0 };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("nanoTxn" as const, "nanoSignature" as const), fc.gen(), async (track, gen) => {
        const changed = gen(() => mutationsOf(track === "nanoTxn" ? proofA : proofB));
        const { status } = await present(seller, changed);
        expect([200, 400, 402]).toContain(status);
        if (status === 200) served[track] += 1;
      }),
      { numRuns: 300, seed: 402 },
    );
    expect(served.nanoTxn).toBeLessThanOrEqual(1);
    expect(served.nanoSignature).toBeLessThanOrEqual(1);
    expect(seller.handlerRuns()).toBe(served.nanoTxn + served.nanoSignature);
    expect((await fetch(seller.url)).status).toBe(402);
  });
});
