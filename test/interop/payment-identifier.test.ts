import type { PaymentPayload } from "@x402/core/types";
import {
  appendPaymentIdentifierToExtensions,
  extractPaymentIdentifier,
  generatePaymentId,
} from "@x402/extensions/payment-identifier";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterEach, describe, expect, test } from "vitest";
import { createPurse, type Purse, paymentIdentifierClientExtension, registerExactNanoScheme } from "x402-nano/client";
import { xno } from "x402-nano/testing";
import { decodeHeader, TRACKS } from "../../src/protocol/index.js";
import type { Offer } from "../support/hand-payer.js";
import { startWorld, type World } from "../support/world.js";
import { errorOf, HOSTS, name, openShop, pay, present } from "./payment-identifier-shop.js";

let world: World;
afterEach(() => world.close());

const MIX = HOSTS.flatMap((host) => TRACKS.map((track) => ({ host, track })));

async function openPurse(): Promise<Purse> {
  const purse = await createPurse({
    seed: "f0".repeat(32),
    ledger: world.ledger,
    workThresholds: world.dev.workThresholds,
    clock: world.clock,
  });
  world.onClose(() => purse.close());
  await world.dev.fund(purse.address, xno("1"));
  return purse;
}

/** What a stock client sends as payment, kept as a buyer would keep it who fears for the response. */
function watchPayments(): { sent: string[]; watching: typeof fetch } {
  const sent: string[] = [];
  const watching: typeof fetch = async (input, init) => {
    const header = new Request(input, init).headers.get("PAYMENT-SIGNATURE");
    if (header !== null) sent.push(header);
    return fetch(input, init);
  };
  return { sent, watching };
}

describe.each(MIX)("stock $host server, $track", ({ host, track }) => {
  test("a lost response is given again, byte for byte, and nothing runs a second time", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    const first = await present(shop, payment);
    expect(first.status).toBe(200);
    expect(first.headers["idempotent-replayed"]).toBeUndefined();
    const again = await present(shop, payment);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const { date: _date, "idempotent-replayed": _mark, ...headers } = again.headers;
    const { date: _firstDate, ...firstHeaders } = first.headers;
    const ofTheConnection = ["connection", "keep-alive", "transfer-encoding", "content-length"];
    for (const key of ofTheConnection) {
      delete headers[key];
      delete firstHeaders[key];
    }
    expect(headers).toEqual(firstHeaders);
    expect(again.cookies).toEqual(first.cookies);
    expect(again.cookies).toHaveLength(2);
    expect({ status: again.status, body: again.body }).toEqual({ status: 200, body: first.body });
    expect(decodePaymentResponseHeader(headers["payment-response"] ?? "")).toMatchObject({ success: true });
    expect(shop.log).toEqual(["verify", "handler", "settle"]);
  });

  test("another payment under the same identifier is a conflict: nothing is verified, and it buys under another name", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payer = await world.payer();
    const id = generatePaymentId();
    expect((await present(shop, await pay(shop, payer, track, id))).status).toBe(200);
    const second = await pay(shop, payer, track, id);
    const refused = await present(shop, second);
    expect(refused.status).toBe(409);
    expect(errorOf(refused)).toBe("payment_identifier_conflict");
    expect(refused.headers["cache-control"]).toBe("no-store");
    expect(refused.headers["payment-response"]).toBeUndefined();
    expect(shop.log).toEqual(["verify", "handler", "settle"]);
    expect((await present(shop, name(second, generatePaymentId()))).status).toBe(200);
  });

  test("one payment under two identifiers buys one response", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    expect((await present(shop, payment)).status).toBe(200);
    const again = await present(shop, name(payment, generatePaymentId()));
    expect(again.status).toBe(402);
    expect(errorOf(again)).toBe("duplicate_block_hash");
    expect(shop.count("handler")).toBe(1);
  });

  test("a hundred copies at once: the handler runs once, and all get its response", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    const all = await Promise.all(Array.from({ length: 100 }, () => present(shop, payment)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(all.filter(({ headers }) => headers["idempotent-replayed"] === undefined)).toHaveLength(1);
    expect(shop.log).toEqual(["verify", "handler", "settle"]);
  });

  test("a handler that fails is not kept, and the same payment is served at the next try", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    shop.onHandler(async (run) => (run === 1 ? { status: 500, body: '{"error":"broken"}' } : undefined));
    expect((await present(shop, payment)).status).toBe(500);
    const second = await present(shop, payment);
    expect([second.status, second.headers["idempotent-replayed"]]).toEqual([200, undefined]);
    expect((await present(shop, payment)).body).toBe(second.body);
    expect(shop.count("handler")).toBe(2);
  });

  test("a refusal is not kept: what is wrong with it may pass", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    const overpriced = { ...payment, accepted: { ...(payment.accepted as Offer), amount: "7" } };
    expect((await present(shop, overpriced)).status).toBe(402);
    expect((await present(shop, overpriced)).status).toBe(402);
    expect(shop.count("handler")).toBe(0);
    expect((await present(shop, payment)).status).toBe(200);
  });

  test("a client that hung up while the handler ran finds its response when it asks again", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), track);
    const gone = new AbortController();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    shop.onHandler(async () => {
      gone.abort();
      await held;
      return undefined;
    });
    await expect(present(shop, payment, "/weather", { signal: gone.signal })).rejects.toThrow("aborted");
    const asking = present(shop, payment);
    release();
    const again = await asking;
    expect([again.status, again.headers["idempotent-replayed"]]).toEqual([200, "true"]);
    expect(shop.log).toEqual(["verify", "handler", "settle"]);
  });
});

describe("stock client", () => {
  test.each(TRACKS)(
    "%s: our extension names each payment, theirs reads the name, and the response can be had again",
    async (track) => {
      world = await startWorld();
      const shop = await openShop(world, "express", { declared: { required: true } });
      const purse = await createPurse({
        seed: "f0".repeat(32),
        ledger: world.ledger,
        workThresholds: world.dev.workThresholds,
        clock: world.clock,
      });
      world.onClose(() => purse.close());
      await world.dev.fund(purse.address, xno("1"));
      const client = registerExactNanoScheme(new x402Client(), { purse, prefer: track });
      client.registerExtension(paymentIdentifierClientExtension());
      const { sent, watching } = watchPayments();
      const buy = wrapFetchWithPayment(watching, client);
      const first = await buy(`${shop.url}/weather`);
      expect(first.status).toBe(200);
      const body = await first.text();
      expect((await buy(`${shop.url}/weather`)).status).toBe(200);
      const ids = sent.map((header) => extractPaymentIdentifier(decodeHeader(header) as unknown as PaymentPayload));
      expect(ids).toEqual([expect.stringMatching(/^pay_[0-9a-f]{32}$/), expect.stringMatching(/^pay_[0-9a-f]{32}$/)]);
      expect(new Set(ids).size).toBe(2);
      const again = await present(shop, sent[0]);
      expect([again.status, again.body, again.headers["idempotent-replayed"]]).toEqual([200, body, "true"]);
      expect(shop.count("handler")).toBe(2);
    },
  );

  test("upstream's helper works with our server, and its name stays where our extension is registered too", async () => {
    world = await startWorld();
    const shop = await openShop(world, "hono");
    const purse = await openPurse();
    const id = "order_2027-0000000001";
    const { sent, watching } = watchPayments();
    const client = registerExactNanoScheme(new x402Client(), { purse });
    client.registerExtension(paymentIdentifierClientExtension());
    client.onBeforePaymentCreation(async ({ paymentRequired }) => {
      appendPaymentIdentifierToExtensions(paymentRequired.extensions ?? {}, id);
    });
    const first = await wrapFetchWithPayment(watching, client)(`${shop.url}/weather`);
    expect(first.status).toBe(200);
    expect(extractPaymentIdentifier(decodeHeader(sent[0] ?? "") as unknown as PaymentPayload)).toBe(id);
    expect((await present(shop, sent[0])).body).toBe(await first.text());
  });
});
