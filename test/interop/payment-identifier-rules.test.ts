import { generatePaymentId } from "@x402/extensions/payment-identifier";
import { afterEach, describe, expect, test } from "vitest";
import { type Offer, payOn } from "../support/hand-payer.js";
import { startWorld, type World } from "../support/world.js";
import { errorOf, HOSTS, name, offersOf, openShop, pay, present } from "./payment-identifier-shop.js";

let world: World;
afterEach(() => world.close());

describe.each(HOSTS)("stock %s server", (host) => {
  test.each([
    ["another path", "/order", {}],
    ["another query", "/weather?city=rome", {}],
    ["another method", "/weather", { method: "HEAD" }],
    ["another user", "/weather", { headers: { Authorization: "Bearer mallory" } }],
  ] as const)("the same identifier and payment at %s is a conflict", async (_what, path, init) => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), "nanoSignature");
    expect((await present(shop, payment)).status).toBe(200);
    expect((await present(shop, payment, path, init)).status).toBe(409);
    expect(shop.log).toEqual(["verify", "handler", "settle"]);
  });

  test("an order: the same body is replayed and reaches the handler whole, another is a conflict", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const payment = await pay(shop, await world.payer(), "nanoTxn");
    const order = (body: unknown): RequestInit => ({
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const first = await present(shop, payment, "/order", order({ item: "hat" }));
    expect(first.status).toBe(200);
    expect(JSON.parse(first.body).asked).toBe('/order {"item":"hat"}');
    expect((await present(shop, payment, "/order", order({ item: "hat" }))).body).toBe(first.body);
    expect((await present(shop, payment, "/order", order({ item: "car" }))).status).toBe(409);
    expect(shop.count("handler")).toBe(1);
  });

  test("where it is required, a payment without an identifier is sent back, unjudged, and buys with one", async () => {
    world = await startWorld();
    const required = ({ path }: { path: string }) => path === "/weather";
    const shop = await openShop(world, host, { declared: { required: true }, required });
    const { extensions, ...offers } = await offersOf(shop);
    const bare = await payOn(await world.payer(), "nanoTxn", offers);
    for (const envelope of [bare, { ...bare, extensions }]) {
      const refused = await present(shop, envelope);
      expect(refused.status).toBe(400);
      expect(errorOf(refused)).toBe("payment_identifier_required");
    }
    const short = { ...bare, extensions: { "payment-identifier": { info: { required: true, id: "short" } } } };
    expect(errorOf(await present(shop, short))).toBe("payment_identifier_malformed");
    expect(shop.log).toEqual([]);
    const id = generatePaymentId();
    const named = { ...bare, extensions: { "payment-identifier": { info: { required: true, id } } } };
    expect((await present(shop, named)).status).toBe(200);
  });

  test("a payer who echoes the declaration is held to it without any setting; who echoes nothing is served", async () => {
    world = await startWorld();
    const shop = await openShop(world, host, { declared: { required: true } });
    const { extensions, ...offers } = await offersOf(shop);
    const bare = await payOn(await world.payer(), "nanoTxn", offers);
    expect((await present(shop, { ...bare, extensions })).status).toBe(400);
    expect((await present(shop, bare)).status).toBe(200);
  });

  test("a payment without an identifier is what it was before: once, and no more", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const bare = await payOn(await world.payer(), "nanoSignature", await offersOf(shop));
    expect((await present(shop, bare)).status).toBe(200);
    expect(errorOf(await present(shop, bare))).toBe("duplicate_block_hash");
  });

  test("what is too long is served and not kept", async () => {
    world = await startWorld();
    const shop = await openShop(world, host, { maxBodyBytes: 1000 });
    const payer = await world.payer();
    for (const [length, isKept] of [
      [1000, true],
      [1001, false],
    ] as const) {
      shop.onHandler(async () => ({ body: "x".repeat(length) }));
      const payment = await pay(shop, payer, "nanoSignature");
      expect((await present(shop, payment)).body).toHaveLength(length);
      const again = await present(shop, payment);
      expect(again.status).toBe(isKept ? 200 : 402);
      expect(again.body.length === length).toBe(isKept);
    }
  });

  test("after its time a response is gone, and the payment buys no other", async () => {
    world = await startWorld();
    const shop = await openShop(world, host, { keepSeconds: 60 });
    const payment = await pay(shop, await world.payer(), "nanoTxn");
    expect((await present(shop, payment)).status).toBe(200);
    world.clock.advanceSeconds(59);
    expect((await present(shop, payment)).status).toBe(200);
    world.clock.advanceSeconds(1);
    expect((await present(shop, payment)).status).toBe(402);
    expect(shop.count("handler")).toBe(1);
  });

  test("settled before the handler: kept when it succeeds, not when it fails", async () => {
    world = await startWorld();
    const shop = await openShop(world, host, { paymentFlow: "upfront" });
    const payer = await world.payer();
    const good = await pay(shop, payer, "nanoTxn");
    const first = await present(shop, good);
    expect(first.status).toBe(200);
    expect((await present(shop, good)).body).toBe(first.body);
    shop.onHandler(async () => ({ status: 503, body: "{}" }));
    const bad = await pay(shop, payer, "nanoTxn");
    expect((await present(shop, bad)).status).toBe(503);
    expect((await present(shop, bad)).headers["idempotent-replayed"]).toBeUndefined();
  });

  test("a stranger with the identifier and the public block, but not the payment, gets nothing", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const id = generatePaymentId();
    const payment = await pay(shop, await world.payer(), "nanoTxn", id);
    expect((await present(shop, payment)).status).toBe(200);
    const accepted = payment.accepted as Offer;
    const later = { ...accepted.extra, validBefore: Number(accepted.extra["validBefore"]) + 1 };
    for (const guess of [
      { ...payment, accepted: { ...accepted, extra: later } },
      { ...payment, payload: {} },
      name({ x402Version: 2, accepted: null, payload: {} }, id),
    ]) {
      expect((await present(shop, guess)).status).toBe(409);
    }
    const unnamed = name(payment, generatePaymentId());
    expect(errorOf(await present(shop, unnamed))).toBe("duplicate_block_hash");
  });

  test("whoever sends junk under somebody's identifier first stands in nobody's way", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const id = generatePaymentId();
    const payment = await pay(shop, await world.payer(), "nanoTxn", id);
    const junk = name({ x402Version: 2, accepted: payment.accepted, payload: { block: {} } }, id);
    expect((await present(shop, junk)).status).toBe(402);
    const [, honest] = await Promise.all([present(shop, junk), present(shop, payment), present(shop, junk)]);
    expect(honest.status).toBe(200);
  });

  test("two payments under one identifier at once: each was paid and is served, the first to be served is kept", async () => {
    world = await startWorld();
    const shop = await openShop(world, host);
    const id = generatePaymentId();
    const [one, two] = [await world.payer(), await world.payer()];
    const payments = [await pay(shop, one, "nanoTxn", id), await pay(shop, two, "nanoTxn", id)];
    let arrived = 0;
    let release = (): void => undefined;
    const both = new Promise<void>((resolve) => {
      release = resolve;
    });
    shop.onHandler(async () => {
      arrived += 1;
      if (arrived === 2) release();
      await both;
      return undefined;
    });
    const served = await Promise.all(payments.map((payment) => present(shop, payment)));
    expect(served.map(({ status }) => status)).toEqual([200, 200]);
    const again = await Promise.all(payments.map((payment) => present(shop, payment)));
    expect(again.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(shop.count("handler")).toBe(2);
  });
});
