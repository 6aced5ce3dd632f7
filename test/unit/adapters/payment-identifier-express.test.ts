import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { afterEach, describe, expect, it, test } from "vitest";
import {
  createResponseReplay,
  memoryResponseStore,
  type ResponseReplayOptions,
  type ResponseStore,
} from "x402-nano/server";
import { encodeHeader } from "../../../src/protocol/index.js";

const SETTLED = encodeHeader({ success: true });
const PAYMENT = encodeHeader({
  x402Version: 2,
  payload: {},
  extensions: { "payment-identifier": { info: { required: false, id: "pay_7d5d747be160e280504c099d984bcfe0" } } },
});

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/a?b=1`;
}

type Handler = (request: IncomingMessage, response: ServerResponse, run: number) => unknown;

/** A plain Node server: what comes after the replay is whatever the test says, without any framework's help. */
async function openShop(handler: Handler, options: ResponseReplayOptions & { outer?: Handler } = {}) {
  const { outer, ...replayOptions } = options;
  const warnings: string[] = [];
  const replay = createResponseReplay({ onWarning: (message) => warnings.push(message), ...replayOptions });
  let requests = 0;
  let runs = 0;
  const errors: unknown[] = [];
  const url = await listen(
    createServer((request, response) => {
      requests += 1;
      outer?.(request, response, requests);
      replay.express(request, response, (error) => {
        if (error !== undefined) {
          errors.push(error);
          response.writeHead(500).end();
          return;
        }
        runs += 1;
        handler(request, response, runs);
      });
    }),
  );
  return { url, warnings, errors, runs: () => runs, ask: (init?: RequestInit) => ask(url, init) };
}

async function ask(url: string, init: RequestInit = {}) {
  const headers = { "PAYMENT-SIGNATURE": PAYMENT, ...(init.headers as Record<string, string>) };
  const response = await fetch(url, { ...init, headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  return {
    status: response.status,
    headers: response.headers,
    text: bytes.toString(),
    bytes,
    isReplayed: response.headers.get("Idempotent-Replayed") === "true",
  };
}

const settle = (response: ServerResponse): ServerResponse => response.setHeader("PAYMENT-RESPONSE", SETTLED);

describe("a response is kept however it was written", () => {
  it.each<[string, Handler]>([
    ["end alone", (_q, response) => settle(response).end("héllo")],
    ["end with an encoding and a callback", (_q, response) => settle(response).end("héllo", "utf8", () => undefined)],
    ["write and end", (_q, response) => void [settle(response).write("hé"), response.write("llo"), response.end()]],
    [
      "bytes",
      (_q, response) => void [settle(response).write(Buffer.from("hé")), response.end(new Uint8Array([108, 108, 111]))],
    ],
    [
      "write with a callback, and an end with nothing but one",
      (_q, response) => void [settle(response).write("héllo", () => undefined), response.end(() => undefined)],
    ],
    [
      "writeHead and an object",
      (_q, response) => response.writeHead(200, { "PAYMENT-RESPONSE": SETTLED }).end("héllo"),
    ],
    [
      "writeHead, a phrase and an object",
      (_q, response) => response.writeHead(200, "Fine", { "payment-response": SETTLED }).end("héllo"),
    ],
    [
      "writeHead and a flat list",
      (_q, response) => response.writeHead(200, ["Payment-Response", SETTLED]).end("héllo"),
    ],
    ["writeHead beside setHeader", (_q, response) => settle(response).writeHead(200, { "X-A": "1" }).end("héllo")],
    ["headers sent ahead", (_q, response) => void [settle(response).flushHeaders(), response.end("héllo")]],
  ])("%s", async (_what, handler) => {
    const shop = await openShop(handler);
    const first = await shop.ask();
    const again = await shop.ask();
    expect([first.text, again.text]).toEqual(["héllo", "héllo"]);
    expect([first.isReplayed, again.isReplayed, shop.runs()]).toEqual([false, true, 1]);
    expect(again.headers.get("payment-response")).toBe(SETTLED);
    expect(again.headers.get("x-a")).toBe(first.headers.get("x-a"));
  });

  it("with its status, and each of its cookies", async () => {
    const shop = await openShop((_q, response) => {
      settle(response).setHeader("Set-Cookie", ["a=1", "b=2"]);
      response.setHeader("X-Number", 7);
      response.statusCode = 203;
      response.end();
    });
    await shop.ask();
    const again = await shop.ask();
    expect([again.status, again.headers.getSetCookie(), again.headers.get("x-number"), again.isReplayed]).toEqual([
      203,
      ["a=1", "b=2"],
      "7",
      true,
    ]);
  });

  it("as it was when it was written: a buffer that is used again afterwards changes nothing", async () => {
    const shop = await openShop((_q, response) => {
      const buffer = Buffer.from("one");
      settle(response).write(buffer, () => {
        buffer.write("two");
        response.end();
      });
    });
    await shop.ask();
    expect((await shop.ask()).text).toBe("one");
  });

  it("also where nobody waited for it to the end", async () => {
    let finish = (): void => undefined;
    let isGone = false;
    const shop = await openShop((_q, response) => {
      response.on("close", () => {
        isGone = true;
      });
      finish = () => void settle(response).end("late");
    });
    const request = openRequest(shop.url, { headers: { "PAYMENT-SIGNATURE": PAYMENT } });
    request.on("error", () => undefined).end();
    await until(() => shop.runs() === 1);
    request.destroy();
    await until(() => isGone);
    const asking = shop.ask();
    finish();
    expect(await asking).toMatchObject({ text: "late", isReplayed: true });
    expect(shop.runs()).toBe(1);
  });
});

describe("a response is not kept", () => {
  it.each<[string, Handler]>([
    ["without a settlement", (_q, response) => response.end("free")],
    [
      "with a settlement that failed",
      (_q, response) => response.setHeader("PAYMENT-RESPONSE", encodeHeader({ success: false })).end("x"),
    ],
    ["that is an error", (_q, response) => settle(response).writeHead(500).end("x")],
    [
      "that is an error, by its status code",
      (_q, response) => {
        response.statusCode = 402;
        settle(response).end("x");
      },
    ],
    ["in an encoding of its own", (_q, response) => settle(response).end("00ff", "hex")],
    ["beyond the bound", (_q, response) => void [settle(response).write("12345"), response.end("6")]],
    ["beyond the bound in one piece", (_q, response) => settle(response).end("123456")],
  ])("%s", async (_what, handler) => {
    const shop = await openShop(handler, { maxBodyBytes: 5 });
    const first = await shop.ask();
    const again = await shop.ask();
    expect([again.isReplayed, shop.runs()]).toEqual([false, 2]);
    expect(again.bytes).toEqual(first.bytes);
  });

  it("that broke off, and a copy that waited for it goes on", async () => {
    const shop = await openShop((_q, response, run) => {
      if (run > 1) return settle(response).end("whole");
      settle(response).write("half", () => response.destroy());
      return undefined;
    });
    const all = await Promise.allSettled([shop.ask(), shop.ask()]);
    expect(all.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await shop.ask()).toMatchObject({ text: "whole", isReplayed: true });
    expect(shop.runs()).toBe(2);
  });

  it("that was written on after its end", async () => {
    const { store, puts } = watchStore();
    const shop = await openShop(
      (_q, response) => {
        response.on("error", () => undefined);
        settle(response).end("whole");
        response.end("more");
      },
      { store },
    );
    await shop.ask();
    expect((await shop.ask()).text).toBe("whole");
    expect(puts).toHaveLength(1);
  });
});

describe("what sits further out", () => {
  const outer: Handler = (_request, response, run) => {
    response.setHeader("X-Request-Id", String(run));
    response.setHeader("X-Policy", "strict");
    response.setHeader("X-Gone", "here");
  };

  it("sets its headers anew for each request; what the handler changed is as the handler had it", async () => {
    const shop = await openShop((_q, response) => settle(response).setHeader("X-Policy", "loose").end("x"), { outer });
    const [first, again] = [await shop.ask(), await shop.ask()];
    const ids = [first, again].map(({ headers }) => headers.get("x-request-id"));
    expect(ids).toEqual(["1", "2"]);
    expect([first, again].map(({ headers }) => headers.get("x-policy"))).toEqual(["loose", "loose"]);
  });

  it.each<[string, Handler]>([
    ["in one piece", (_q, response) => settle(response).end("quiet")],
    ["headers first", (_q, response) => void [settle(response).flushHeaders(), response.end("quiet")]],
  ])("may compress, %s: what is kept is what came from within, and is compressed again", async (_what, handler) => {
    const { store, puts } = watchStore();
    const shout: Handler = (_request, response) => {
      const [writeHead, end] = [response.writeHead.bind(response), response.end.bind(response)];
      response.writeHead = ((...args: Parameters<typeof writeHead>) => {
        response.setHeader("X-Encoding", "loud");
        return writeHead(...args);
      }) as typeof response.writeHead;
      const flushHeaders = response.flushHeaders.bind(response);
      response.flushHeaders = () => {
        response.setHeader("X-Encoding", "loud");
        flushHeaders();
      };
      response.end = ((chunk: unknown) =>
        end(
          Buffer.from(chunk as string)
            .toString()
            .toUpperCase(),
        )) as typeof response.end;
    };
    const shop = await openShop(handler, { outer: shout, store });
    const [first, again] = [await shop.ask(), await shop.ask()];
    expect([first.text, again.text]).toEqual(["QUIET", "QUIET"]);
    expect(again.headers.get("x-encoding")).toBe("loud");
    expect(puts.join()).not.toContain("loud");
    expect(shop.runs()).toBe(1);
  });
});

describe("requests", () => {
  it("without a payment go on at once, in the same step", () => {
    const replay = createResponseReplay();
    let isCalled = false;
    const response = { statusCode: 200 } as ServerResponse;
    for (const headers of [{}, { "payment-signature": "" }]) {
      isCalled = false;
      replay.express({ headers }, response, () => {
        isCalled = true;
      });
      expect(isCalled).toBe(true);
    }
  });

  it("with the header twice are the host's to refuse", async () => {
    const shop = await openShop((_q, response) => settle(response).end("x"));
    const twice = async () =>
      new Promise<void>((resolve, reject) => {
        const request = openRequest(shop.url, { headers: { "PAYMENT-SIGNATURE": [PAYMENT, PAYMENT] } }, (response) => {
          response.resume().on("end", () => resolve());
        });
        request.on("error", reject).end();
      });
    await twice();
    await twice();
    expect(shop.runs()).toBe(2);
  });

  it("that a shared store answers with what cannot be sent get the host's error, and the process lives", async () => {
    const record = {
      version: 1,
      untilMs: Number.MAX_SAFE_INTEGER,
      status: 200,
      headers: [["bad name", "x"]],
      body: "",
    };
    let fingerprint = "";
    const shop = await openShop((_q, response) => settle(response).end("x"), {
      store: {
        get: async () => (fingerprint === "" ? undefined : JSON.stringify({ ...record, fingerprint })),
        put: async (_key, value) => {
          fingerprint = JSON.parse(value).fingerprint;
        },
      },
    });
    await shop.ask();
    expect((await shop.ask()).status).toBe(500);
    expect(shop.errors).toHaveLength(1);
  });
});

describe("bodies, in Express", () => {
  async function openApp(...parsers: express.RequestHandler[]) {
    const warnings: string[] = [];
    const replay = createResponseReplay({ maxRequestBytes: 100, onWarning: (message) => warnings.push(message) });
    const app = express();
    let runs = 0;
    if (parsers.length > 0) app.use(...parsers);
    app.use(replay.express);
    app.all("/a", async (request, response) => {
      runs += 1;
      const unread: Buffer[] = [];
      if (!request.readableEnded) for await (const chunk of request) unread.push(chunk);
      settle(response);
      response.send(`${String(runs)} ${Buffer.concat(unread).toString()}`);
    });
    const url = await listen(createServer(app));
    const post = (body: BodyInit, type: string) =>
      ask(url, { method: "POST", body, headers: { "Content-Type": type } });
    return { url, warnings, post, runs: () => runs };
  }

  it.each<[string, express.RequestHandler, string, string, string]>([
    ["JSON", express.json(), "application/json", '{"a":1,"b":2}', '{"a":1,"b":3}'],
    ["a form", express.urlencoded(), "application/x-www-form-urlencoded", "a=1&b=2", "a=1&b=3"],
    ["bytes", express.raw({ type: "*/*" }), "application/octet-stream", "one", "two"],
    ["text", express.text({ type: "*/*" }), "text/plain", "one", "two"],
  ])("%s: the same is replayed, another is a conflict", async (_what, parser, type, one, two) => {
    const app = await openApp(parser);
    expect((await app.post(one, type)).isReplayed).toBe(false);
    expect((await app.post(one, type)).isReplayed).toBe(true);
    expect((await app.post(two, type)).status).toBe(409);
    expect([app.runs(), app.warnings]).toEqual([1, []]);
  });

  it("JSON in another order of keys is the same order", async () => {
    const app = await openApp(express.json());
    await app.post('{"a":1,"b":2}', "application/json");
    expect((await app.post('{ "b": 2, "a": 1 }', "application/json")).isReplayed).toBe(true);
  });

  test.each<[string, express.RequestHandler[], string, string]>([
    ["that nobody parsed", [], "application/json", "{}"],
    ["of a type that the parser leaves alone", [express.json()], "text/plain", "hello"],
    ["of many parts", [express.raw({ type: "*/*" })], "multipart/form-data; boundary=x", "--x--"],
    ["beyond the bound", [express.text({ type: "*/*" })], "text/plain", "x".repeat(101)],
    [
      "that nests too deeply",
      [express.json({ limit: "1mb" })],
      "application/json",
      `${"[".repeat(70)}${"]".repeat(70)}`,
    ],
  ])("%s are not compared, and the handler finds them whole", async (_what, parsers, type, body) => {
    const app = await openApp(...parsers);
    const [first, again] = [await app.post(body, type), await app.post(body, type)];
    expect([first.isReplayed, again.isReplayed, app.runs()]).toEqual([false, false, 2]);
    expect(app.warnings).toHaveLength(1);
    if (first.text.length > 2) expect(first.text).toBe(`1 ${body}`);
  });

  it("for which an older parser left an empty object, unread, are not compared", async () => {
    const app = await openApp((request, _response, next) => {
      request.body = {};
      next();
    });
    expect([(await app.post("one", "text/plain")).text, (await app.post("two", "text/plain")).text]).toEqual([
      "1 one",
      "2 two",
    ]);
  });

  it("that are announced in pieces and not parsed are not taken for none", async () => {
    const app = await openApp();
    const send = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const headers = { "PAYMENT-SIGNATURE": PAYMENT, "Transfer-Encoding": "chunked" };
        const request = openRequest(app.url, { method: "POST", headers }, (response) => {
          let received = "";
          response.on("data", (chunk) => {
            received += String(chunk);
          });
          response.on("end", () => resolve(received));
        });
        request.on("error", reject).end(text);
      });
    expect([await send("one"), await send("two")]).toEqual(["1 one", "2 two"]);
  });

  it("below a mounted router the whole path counts", async () => {
    const replay = createResponseReplay();
    const app = express();
    for (const mount of ["/one", "/two"]) {
      const router = express.Router();
      router.use(replay.express);
      router.get("/a", (_request, response) => void settle(response).end(mount));
      app.use(mount, router);
    }
    const origin = new URL(await listen(createServer(app))).origin;
    expect((await ask(`${origin}/one/a`)).text).toBe("/one");
    expect((await ask(`${origin}/two/a`)).status).toBe(409);
    expect((await ask(`${origin}/one/a`)).text).toBe("/one");
  });
});

function watchStore(): { store: ResponseStore; puts: string[] } {
  const inner = memoryResponseStore();
  const puts: string[] = [];
  const put: ResponseStore["put"] = async (key, value, ttlMs) => {
    puts.push(value);
    await inner.put(key, value, ttlMs);
  };
  return { puts, store: { get: (key) => inner.get(key), put } };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
