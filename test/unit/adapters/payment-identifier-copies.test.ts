import { describe, expect, it, test } from "vitest";
import type { ResponseStore } from "x402-nano/server";
import { ask, held, isReplayed, openShop, paid, payment } from "./payment-identifier-shop.js";

const WARNING = "lost responses are not replayed";

describe("copies at the same time", () => {
  test("wait for the first, and get what it gets", async () => {
    const shop = openShop();
    const first = held();
    shop.serve = () => first.response;
    const asking = Array.from({ length: 100 }, () => shop.ask());
    await shop.time.settle();
    expect(shop.runs()).toBe(1);
    first.come(paid("once"));
    const all = await Promise.all(asking);
    expect(new Set(await Promise.all(all.map((response) => response.text())))).toEqual(new Set(["once"]));
    expect(all.filter(isReplayed)).toHaveLength(99);
    expect(shop.runs()).toBe(1);
  });

  test("go on one after the other where the first gets none for all", async () => {
    const shop = openShop();
    let fails = 3;
    let running = 0;
    shop.serve = async () => {
      running += 1;
      expect(running).toBe(1);
      await shop.time.settle();
      running -= 1;
      fails -= 1;
      return fails >= 0 ? new Response("broken", { status: 500 }) : paid("late");
    };
    const all = await Promise.all(Array.from({ length: 10 }, () => shop.ask()));
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 500, 500, 500]);
    expect(shop.runs()).toBe(4);
  });

  test("go on where the first throws", async () => {
    const shop = openShop();
    const first = held();
    shop.serve = () => first.response;
    const asking = shop.ask();
    const copy = shop.ask();
    await shop.time.settle();
    shop.serve = async () => paid("second");
    first.fail(new TypeError("the handler broke"));
    await expect(asking).rejects.toThrow("the handler broke");
    expect(await (await copy).text()).toBe("second");
  });

  test("wait no longer than they should, are told to come again, and then find the response", async () => {
    const shop = openShop({ waitSeconds: 20 });
    const first = held();
    shop.serve = () => first.response;
    const asking = shop.ask();
    const copy = shop.ask();
    await shop.time.advance(19_999);
    let isAnswered = false;
    void copy.then(() => {
      isAnswered = true;
    });
    await shop.time.settle();
    expect(isAnswered).toBe(false);
    await shop.time.advance(1);
    const refused = await copy;
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
    expect(await refused.json()).toMatchObject({ error: "payment_identifier_in_progress" });
    first.come();
    await asking;
    expect(isReplayed(await shop.ask())).toBe(true);
    expect(shop.runs()).toBe(1);
  });

  test("let go of the timer that they waited with", async () => {
    const signals: AbortSignal[] = [];
    const shop = openShop({
      sleep: (_ms, signal) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
    });
    await Promise.all([shop.ask(), shop.ask()]);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("of what is a conflict are all conflicts, at once and later", async () => {
    const shop = openShop();
    await shop.ask();
    await shop.time.settle();
    const other = () => shop.ask(ask(payment("other")));
    const all = await Promise.all([other(), other(), other()]);
    expect([...all, await other()].map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    expect(shop.runs()).toBe(1);
  });

  test("wait not at all where they shall not", async () => {
    const shop = openShop({ waitSeconds: 0 });
    const first = held();
    shop.serve = () => first.response;
    const asking = shop.ask();
    await shop.time.settle();
    expect((await shop.ask()).status).toBe(503);
    first.come();
    await asking;
  });

  test("wait for one store: what is on its way there is not asked for in between", async () => {
    const kept = new Map<string, string>();
    const writing = held();
    const store: ResponseStore = {
      get: async (key) => kept.get(key),
      put: async (key, value) => {
        await writing.response;
        kept.set(key, value);
      },
    };
    const shop = openShop({ store });
    await shop.ask();
    const copy = shop.ask();
    await shop.time.settle();
    expect(shop.runs()).toBe(1);
    writing.come();
    expect(isReplayed(await copy)).toBe(true);
    expect(shop.runs()).toBe(1);
  });

  test("that differ in anything do not wait for each other", async () => {
    const shop = openShop();
    const first = held();
    shop.serve = () => first.response;
    const asking = shop.ask();
    await shop.time.settle();
    shop.serve = async () => paid("mine");
    expect(await await shop.ask(ask(payment("other"))).then((response) => response.text())).toBe("mine");
    first.come();
    expect((await asking).status).toBe(200);
    expect(shop.runs()).toBe(2);
  });

  test("that differ find the name taken from the moment the first was paid for, and free again if it is not kept", async () => {
    const shop = openShop({ maxBodyBytes: 5 });
    let push: (text: string) => void = () => undefined;
    const stream = new ReadableStream({
      start(controller) {
        push = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
    });
    shop.serve = async () => paid(stream);
    await shop.ask();
    expect((await shop.ask(ask(payment("other")))).status).toBe(409);
    push("too long");
    await shop.time.settle();
    shop.serve = async () => paid("mine");
    expect((await shop.ask(ask(payment("other")))).status).toBe(200);
    expect(shop.runs()).toBe(2);
  });

  test("one that never ends is given up, and does not undo what came after it", async () => {
    const shop = openShop({ abandonSeconds: 60, waitSeconds: 1 });
    const stuck = held();
    shop.serve = () => stuck.response;
    const asking = shop.ask();
    await shop.time.advance(59_999);
    const refused = shop.ask();
    await shop.time.settle();
    await shop.time.advance(1);
    const second = held();
    shop.serve = () => second.response;
    const copy = shop.ask();
    await shop.time.settle();
    expect(shop.runs()).toBe(2);
    stuck.come(new Response("too late", { status: 500 }));
    expect((await asking).status).toBe(500);
    const third = shop.ask();
    await shop.time.settle();
    expect(shop.runs()).toBe(2);
    second.come(paid("second"));
    expect([await (await copy).text(), await (await third).text()]).toEqual(["second", "second"]);
    expect((await refused).status).toBe(200);
  });
});

describe("a store that fails costs replays, never a payment", () => {
  const broken = async (): Promise<never> => Promise.reject(new TypeError("redis://user:secret@host is down"));
  const thrown = (): never => {
    throw new TypeError("at once");
  };
  it.each<[string, ResponseStore]>([
    ["reading", { get: broken, put: async () => undefined }],
    ["writing", { get: async () => undefined, put: broken }],
    ["reading at once", { get: thrown, put: async () => undefined }],
    ["writing at once", { get: async () => undefined, put: thrown }],
  ])("%s", async (_what, store) => {
    const shop = openShop({ store });
    for (let count = 1; count <= 3; count += 1) {
      expect((await shop.ask()).status).toBe(200);
      await shop.time.settle();
      expect(shop.runs()).toBe(count);
    }
    expect(shop.warnings).toEqual([expect.stringContaining(WARNING)]);
    expect(shop.warnings.join()).not.toContain("secret");
  });

  it("by what somebody else put there", async () => {
    const shop = openShop({ store: { get: async () => "{}", put: async () => undefined } });
    expect((await shop.ask()).status).toBe(200);
    expect(shop.runs()).toBe(1);
  });

  it("by keeping what is over: the record says so itself", async () => {
    const kept = new Map<string, string>();
    const store: ResponseStore = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, value),
    };
    const shop = openShop({ store, keepSeconds: 60 });
    await shop.ask();
    await shop.time.advance(59_999);
    expect(isReplayed(await shop.ask())).toBe(true);
    await shop.time.advance(1);
    expect(isReplayed(await shop.ask())).toBe(false);
  });

  it("and replicas that share one replay each other's responses", async () => {
    const kept = new Map<string, string>();
    const store: ResponseStore = {
      get: async (key) => kept.get(key),
      put: async (key, value) => void kept.set(key, value),
    };
    const [one, two] = [openShop({ store }), openShop({ store })];
    expect(await (await one.ask()).text()).toBe("response 1");
    await one.time.settle();
    expect(await (await two.ask()).text()).toBe("response 1");
    expect((await two.ask(ask(payment("b")))).status).toBe(409);
    expect(two.runs()).toBe(0);
  });
});
