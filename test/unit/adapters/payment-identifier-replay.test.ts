import { type Handler, Hono } from "hono";
import { describe, expect, it } from "vitest";
import { createResponseReplay } from "x402-nano/server";
import { encodeHeader } from "../../../src/protocol/index.js";
import { ask, held, ID, isReplayed, openShop, paid, payment, SETTLED } from "./payment-identifier-shop.js";

describe("the same request", () => {
  it("gets the same response", async () => {
    const shop = openShop();
    shop.serve = async () =>
      paid(new Uint8Array([0, 255, 128]), { status: 201, headers: [["X-A", "1"] as [string, string]] as never });
    const first = await shop.ask();
    const again = await shop.ask();
    expect([isReplayed(first), isReplayed(again)]).toEqual([false, true]);
    expect(again.status).toBe(201);
    expect(new Uint8Array(await again.arrayBuffer())).toEqual(new Uint8Array(await first.arrayBuffer()));
    expect(again.headers.get("PAYMENT-RESPONSE")).toBe(SETTLED);
    expect(shop.runs()).toBe(1);
  });

  it.each([
    ["no content", 204, null],
    ["an empty body", 200, ""],
    ["a redirect", 303, null],
  ])("with %s", async (_what, status, body) => {
    const shop = openShop();
    shop.serve = async () => paid(body, { status, headers: { Location: "/x" } });
    await shop.ask();
    await shop.time.settle();
    const again = await shop.ask();
    expect([again.status, await again.text(), isReplayed(again)]).toEqual([status, "", true]);
  });

  it.each([
    ["another proof", ask(payment("b"))],
    ["another path", ask(payment(), { url: "https://shop.example/b?b=1" })],
    ["another query", ask(payment(), { url: "https://shop.example/a?b=2" })],
    ["another method", ask(payment(), { method: "PUT" })],
    ["a user", ask(payment(), { headers: { Authorization: "Bearer a" } })],
  ])("but with %s is a conflict", async (_what, request) => {
    const shop = openShop();
    await shop.ask();
    const refused = await shop.ask(request);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toEqual({
      error: "payment_identifier_conflict",
      message: "This payment identifier belongs to another payment or request. Present the payment under a new one.",
    });
    expect(shop.runs()).toBe(1);
  });

  it("under another name, or at another host, is another one", async () => {
    const shop = openShop();
    await shop.ask();
    expect(isReplayed(await shop.ask(ask(payment("a", `${ID}0`))))).toBe(false);
    expect(isReplayed(await shop.ask(ask(payment(), { url: "https://other.example/a?b=1" })))).toBe(false);
    expect(shop.runs()).toBe(3);
  });

  it("is the same through any host name where the scope says so", async () => {
    const shop = openShop({ scope: "weather" });
    await shop.ask();
    expect(isReplayed(await shop.ask(ask(payment(), { url: "http://10.0.0.7:3000/a?b=1" })))).toBe(true);
    const tenants = openShop({ scope: ({ header }) => header("x-tenant") ?? "" });
    await tenants.ask(ask(payment(), { headers: { "X-Tenant": "a" } }));
    expect(isReplayed(await tenants.ask(ask(payment(), { headers: { "X-Tenant": "b" } })))).toBe(false);
    expect(isReplayed(await tenants.ask(ask(payment(), { headers: { "X-Tenant": "a" } })))).toBe(true);
  });

  it("is bound to the headers that are named", async () => {
    const shop = openShop({ boundHeaders: ["X-User", "Accept-Language"] });
    await shop.ask(ask(payment(), { headers: { "X-User": "a", Authorization: "b" } }));
    expect((await shop.ask(ask(payment(), { headers: { "X-User": "b" } }))).status).toBe(409);
    expect((await shop.ask(ask(payment(), { headers: { "Accept-Language": "a" } }))).status).toBe(409);
    expect((await shop.ask(ask(payment(), { headers: { "X-User": "a" } }))).status).toBe(200);
  });
});

describe("request bodies", () => {
  const order = (body: BodyInit, headers: Record<string, string> = {}) =>
    ask(payment(), { method: "POST", body, headers });

  it("are compared, and reach the handler whole", async () => {
    const shop = openShop();
    shop.serve = async (request) => paid(`got ${await request.text()}`);
    expect(await (await shop.ask(order("hat"))).text()).toBe("got hat");
    expect(await (await shop.ask(order("hat"))).text()).toBe("got hat");
    expect((await shop.ask(order("car"))).status).toBe(409);
    expect((await shop.ask(order(""))).status).toBe(409);
    expect(shop.runs()).toBe(1);
  });

  it("are not kept in mind beyond the bound, whether they say their length or not: one warning", async () => {
    const shop = openShop({ maxRequestBytes: 4 });
    shop.serve = async (request) => paid(`got ${await request.text()}`);
    const stream = () =>
      new ReadableStream({
        start(controller) {
          for (const part of ["four", "!", "five"]) controller.enqueue(new TextEncoder().encode(part));
          controller.close();
        },
      });
    const streamed = () =>
      ask(payment(), { method: "POST", body: stream(), duplex: "half" } as RequestInit & { duplex: string });
    for (const request of [order("five!"), order("x", { "Content-Length": "5" }), streamed(), streamed()]) {
      expect(isReplayed(await shop.ask(request))).toBe(false);
    }
    expect(await (await shop.ask(streamed())).text()).toBe("got four!five");
    expect(shop.warnings).toEqual([expect.stringContaining("body")]);
    await shop.ask(order("four"));
    expect(isReplayed(await shop.ask(order("four")))).toBe(true);
  });

  it("that somebody has read already are not compared", async () => {
    const shop = openShop();
    const read = order("hat");
    await read.text();
    await shop.ask(read);
    expect(isReplayed(await shop.ask(order("hat")))).toBe(false);
    expect(shop.warnings).toHaveLength(1);
  });
});

describe("in Hono", () => {
  function openApp(...before: Handler[]) {
    const replay = createResponseReplay({ onWarning: () => undefined });
    const app = new Hono();
    let runs = 0;
    if (before.length > 0) app.use(...(before as [Handler]));
    app.use(replay.hono);
    app.post("/a", async (context) => {
      runs += 1;
      if (context.req.query("broken") !== undefined) throw new TypeError("the handler broke");
      context.header("PAYMENT-RESPONSE", SETTLED);
      return context.text(`got ${JSON.stringify(await context.req.json())}`, 201);
    });
    const post = (body: unknown, path = "/a") =>
      app.request(path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "PAYMENT-SIGNATURE": payment(), "Content-Type": "application/json" },
      });
    return { post, runs: () => runs };
  }

  it.each<[string, Handler[]]>([
    ["that nobody has read", []],
    [
      "that somebody has read through the context",
      [async (context, next) => void [await context.req.json(), await next()]],
    ],
  ])("a body %s is compared", async (_what, before) => {
    const app = openApp(...before);
    const first = await app.post({ item: "hat" });
    const again = await app.post({ item: "hat" });
    expect([again.status, await again.text(), isReplayed(again)]).toEqual([201, await first.text(), true]);
    expect((await app.post({ item: "car" })).status).toBe(409);
    expect(app.runs()).toBe(1);
  });

  it("a handler that throws is Hono's to answer, and can be tried again", async () => {
    const app = openApp();
    expect((await app.post({}, "/a?broken")).status).toBe(500);
    expect((await app.post({}, "/a?broken")).status).toBe(500);
    expect(app.runs()).toBe(2);
  });
});

describe("what is kept", () => {
  it.each([
    ["no settlement", () => new Response("free")],
    [
      "a settlement that failed",
      () => paid("x", { headers: { "PAYMENT-RESPONSE": encodeHeader({ success: false }) } }),
    ],
    ["an error after a settlement", () => paid("x", { status: 500 })],
    ["a refusal", () => new Response("{}", { status: 402 })],
    ["a body beyond the bound", () => paid("123456")],
    ["a body that is longer than it says", () => paid("123456", { headers: { "Content-Length": "1" } })],
    ["a body that says it is longer", () => paid("1", { headers: { "Content-Length": "6" } })],
    ["a body that breaks off", () => paid(brokenStream())],
  ])("not: %s", async (_what, serve) => {
    const shop = openShop({ maxBodyBytes: 5 });
    shop.serve = async () => serve();
    await (await shop.ask()).text().catch(() => undefined);
    await shop.time.settle();
    expect(isReplayed(await shop.ask())).toBe(false);
    expect(shop.runs()).toBe(2);
  });

  it("a body at the bound", async () => {
    const shop = openShop({ maxBodyBytes: 5 });
    shop.serve = async () => paid("12345");
    expect(await (await shop.ask()).text()).toBe("12345");
    expect(isReplayed(await shop.ask())).toBe(true);
  });

  it("nothing of a request without a name, or without a payment", async () => {
    const gets: string[] = [];
    const shop = openShop({
      store: {
        get: async (key) => {
          gets.push(key);
          return undefined;
        },
        put: async () => undefined,
      },
    });
    await shop.ask(ask(null));
    await shop.ask(ask(""));
    await shop.ask(ask(encodeHeader({ x402Version: 2, accepted: {}, payload: {} })));
    await shop.ask(ask("%%%"));
    expect([shop.runs(), gets]).toEqual([4, []]);
  });

  it("a stream goes to the buyer as it comes", async () => {
    const shop = openShop();
    let push: (text: string) => void = () => undefined;
    let close: () => void = () => undefined;
    const stream = new ReadableStream({
      start(controller) {
        push = (text) => controller.enqueue(new TextEncoder().encode(text));
        close = () => controller.close();
      },
    });
    shop.serve = async () => paid(stream);
    const reader = (await shop.ask()).body?.getReader();
    push("one ");
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("one ");
    push("two");
    close();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("two");
    expect(await (await shop.ask()).text()).toBe("one two");
  });

  it("for an hour by default", async () => {
    const shop = openShop();
    await shop.ask();
    await shop.time.advance(3_599_999);
    expect(isReplayed(await shop.ask())).toBe(true);
    await shop.time.advance(1);
    expect(isReplayed(await shop.ask())).toBe(false);
  });

  it("tells hosts that stop after the response what is still to be done", async () => {
    const work: Promise<void>[] = [];
    const kept: [string, string, number][] = [];
    const shop = openShop({
      keepSeconds: 60,
      waitUntil: (more) => work.push(more),
      store: { get: async () => undefined, put: async (...args) => void kept.push(args) },
    });
    await shop.ask();
    await shop.time.settle();
    await Promise.all(work);
    expect([work.length, kept.length]).toEqual([1, 1]);
    const [[key, , ttlMs] = ["", "", 0]] = kept;
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(ttlMs).toBe(60_000);
    expect(JSON.stringify(kept)).not.toContain(ID);
  });

  it("or not, where that fails: the response is the buyer's all the same", async () => {
    const shop = openShop({
      waitUntil: () => {
        throw new TypeError("no such thing here");
      },
    });
    expect((await shop.ask()).status).toBe(200);
    await shop.time.settle();
    expect(shop.warnings).toEqual([expect.stringContaining("waitUntil")]);
  });
});

describe("settings", () => {
  it("required: by the route", async () => {
    const bare = encodeHeader({ x402Version: 2, accepted: {}, payload: {} });
    const always = openShop({ required: true });
    expect((await always.ask(ask(bare))).status).toBe(400);
    expect((await always.ask(ask(null))).status).toBe(200);
    const some = openShop({
      required: ({ method, path, query, host }) => [method, host, path, query].join() === "GET,shop.example,/a,?b=1",
    });
    expect((await some.ask(ask(bare))).status).toBe(400);
    expect((await some.ask(ask(bare, { url: "https://shop.example/b" }))).status).toBe(200);
  });

  it("a function of the user's that throws keeps nobody from buying", async () => {
    const shop = openShop({
      scope: () => {
        throw new TypeError("no tenant");
      },
    });
    expect((await shop.ask()).status).toBe(200);
    expect(shop.warnings).toHaveLength(1);
  });

  it.each(["keepSeconds", "maxBodyBytes", "maxRequestBytes", "waitSeconds", "abandonSeconds"])("%s", (setting) => {
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => createResponseReplay({ [setting]: value })).toThrow(new RegExp(setting));
    }
  });

  it("works with what a process has: its clock, its timers, its memory", async () => {
    const replay = createResponseReplay({ waitSeconds: 0.001 });
    const first = held();
    const asking = replay.fetch(ask(), () => first.response);
    const refused = await replay.fetch(ask(), () => paid("never"));
    expect(refused.status).toBe(503);
    first.come();
    await asking;
    const all = await Promise.all([1, 2].map(() => replay.fetch(ask(), () => paid("never"))));
    expect(await Promise.all(all.map((response) => response.text()))).toEqual(["paid", "paid"]);
  });
});

function brokenStream(): ReadableStream {
  let pulls = 0;
  return new ReadableStream({
    pull(controller) {
      pulls += 1;
      if (pulls === 1) controller.enqueue(new TextEncoder().encode("ab"));
      else controller.error(new TypeError("broke off"));
    },
  });
}
