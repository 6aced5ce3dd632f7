import { channel } from "node:diagnostics_channel";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listenToFetch as listenInBrowser } from "../../../src/adapters/faremeter/fetch-traffic.browser.js";
import type { TrafficListener } from "../../../src/adapters/faremeter/fetch-traffic.js";
import { listenToFetch } from "../../../src/adapters/faremeter/fetch-traffic.node.js";
import { watchFetch } from "../../../src/adapters/faremeter/watch-fetch.js";

const CHANNELS = ["undici:request:create", "undici:request:headers", "undici:request:error"];

type Act = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let url: string;
let acts: Act[];
let ends: (() => unknown)[];

beforeEach(async () => {
  acts = [];
  ends = [];
  server = createServer((request, response) => {
    const act = acts.shift() ?? ((_request, answer) => void answer.end("ok"));
    act(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/weather`;
});
afterEach(async () => {
  for (const end of ends) end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Writes down what is told, in order. */
function notes(): { log: unknown[]; listener: TrafficListener } {
  const log: unknown[] = [];
  return {
    log,
    listener: {
      onSent(header) {
        log.push(["sent", header]);
        return {
          onAnswer: ({ status, header: read }) => {
            log.push(["answer", header, status, read("payment-response"), read("X-Nothing")]);
          },
          onFailure: () => {
            log.push(["failure", header]);
          },
        };
      },
    },
  };
}

function listening(): unknown[] {
  const { log, listener } = notes();
  ends.push(listenToFetch(listener));
  return log;
}

const settle: Act = (_request, response) => {
  response.writeHead(200, { "PAYMENT-RESPONSE": "c2V0dGxlZA==" }).end("ok");
};
const paid = (header = "proof", name = "PAYMENT-SIGNATURE"): { headers: Record<string, string> } => ({
  headers: { Accept: "*/*", [name]: header },
});

/** The parts that these tests use of either `fetch`. */
type AnyFetch = (
  input: string,
  init?: { headers?: Record<string, string>; signal?: AbortSignal; redirect?: "manual" | "follow"; method?: string },
) => Promise<{ readonly status: number; text(): Promise<string> }>;

const FETCHES: readonly (readonly [string, () => Promise<AnyFetch>])[] = [
  ["Node's fetch", async () => globalThis.fetch],
  ["undici's fetch", async () => (await import("undici")).fetch],
];

describe.each(FETCHES)("%s, over the channels", (_name, load) => {
  test.each(["PAYMENT-SIGNATURE", "X-PAYMENT", "x-payment"])("%s: sent and answered", async (name) => {
    const fetch = await load();
    const log = listening();
    acts.push(settle);
    await (await fetch(url, paid("proof", name))).text();
    expect(log).toEqual([
      ["sent", "proof"],
      ["answer", "proof", 200, "c2V0dGxlZA==", undefined],
    ]);
  });

  test.each([402, 500, 304])("the status %i", async (status) => {
    const fetch = await load();
    const log = listening();
    acts.push((_request, response) => void response.writeHead(status).end());
    await (await fetch(url, paid())).text();
    expect(log.at(-1)).toEqual(["answer", "proof", status, undefined, undefined]);
  });

  test("a connection that is destroyed", async () => {
    const fetch = await load();
    const log = listening();
    acts.push((request) => request.socket.destroy());
    await expect(fetch(url, paid())).rejects.toThrow();
    expect(log).toEqual([
      ["sent", "proof"],
      ["failure", "proof"],
    ]);
  });

  test("a port where nobody listens", async () => {
    const fetch = await load();
    const log = listening();
    server.close();
    await once(server, "close");
    await expect(fetch(url, paid())).rejects.toThrow();
    expect(log).toEqual([
      ["sent", "proof"],
      ["failure", "proof"],
    ]);
    server.listen(0);
    await once(server, "listening");
  });

  test("a caller that gives up", async () => {
    const fetch = await load();
    const log = listening();
    const giveUp = new AbortController();
    acts.push(() => {
      giveUp.abort();
    });
    await expect(fetch(url, { ...paid(), signal: giveUp.signal })).rejects.toThrow();
    expect(log).toEqual([
      ["sent", "proof"],
      ["failure", "proof"],
    ]);
  });

  test("a redirect that is followed: two requests, and the answer is the second one's", async () => {
    const fetch = await load();
    const log = listening();
    acts.push((_request, response) => void response.writeHead(307, { Location: "/elsewhere" }).end(), settle);
    await (await fetch(url, paid())).text();
    expect(log).toEqual([
      ["sent", "proof"],
      ["sent", "proof"],
      ["answer", "proof", 200, "c2V0dGxlZA==", undefined],
    ]);
  });

  test("early hints are no answer", async () => {
    const fetch = await load();
    const log = listening();
    acts.push((request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      settle(request, response);
    });
    await (await fetch(url, paid())).text();
    expect(log).toHaveLength(2);
    expect(log.at(-1)).toEqual(["answer", "proof", 200, "c2V0dGxlZA==", undefined]);
  });

  test("two at a time are told apart, whichever is answered first", async () => {
    const fetch = await load();
    const log = listening();
    const held: ServerResponse[] = [];
    const bothHere = new Promise<void>((resolve) => {
      const hold: Act = (_request, response) => {
        if (held.push(response) === 2) resolve();
      };
      acts.push(hold, hold);
    });
    const answers = [fetch(url, paid("same")), fetch(url, paid("same"))];
    await bothHere;
    held[1]?.writeHead(402).end();
    await Promise.race(answers);
    held[0]?.writeHead(200).end();
    for (const answer of answers) await (await answer).text();
    expect(log.map((note) => (note as unknown[])[2]).filter((status) => status !== undefined)).toEqual([402, 200]);
  });

  test("requests without a payment go by unheard, and are answered as ever", async () => {
    const fetch = await load();
    const log = listening();
    expect(await (await fetch(url)).text()).toBe("ok");
    expect(await (await fetch(url, { method: "POST", headers: { "X-Other": "1" } })).text()).toBe("ok");
    acts.push((request) => request.socket.destroy());
    await expect(fetch(url)).rejects.toThrow();
    expect(log).toEqual([]);
  });

  test("a payment that is nobody's here is answered as ever", async () => {
    const fetch = await load();
    const asked: string[] = [];
    const listener: TrafficListener = {
      onSent(header) {
        asked.push(header);
        return undefined;
      },
    };
    ends.push(listenToFetch(listener));
    acts.push(settle);
    expect(await (await fetch(url, paid("foreign"))).text()).toBe("ok");
    expect(asked).toEqual(["foreign"]);
  });
});

describe("the channels", () => {
  test("have a subscriber while somebody listens, and each listener ends alone", async () => {
    const subscribed = (): boolean[] => CHANNELS.map((name) => channel(name).hasSubscribers);
    const before = subscribed();
    const first = notes();
    const second = notes();
    const endFirst = listenToFetch(first.listener);
    const endSecond = listenToFetch(second.listener);
    expect(subscribed()).toEqual([true, true, true]);
    endFirst();
    await (await fetch(url, paid())).text();
    expect([first.log.length, second.log.length]).toEqual([0, 2]);
    endSecond();
    expect(subscribed()).toEqual(before);
  });

  test("one that ends at its answer keeps no answer from the others", async () => {
    const first = notes();
    const second = notes();
    const end = listenToFetch({
      onSent: (header) => {
        first.listener.onSent(header);
        return { onAnswer: () => end(), onFailure: () => end() };
      },
    });
    ends.push(end, listenToFetch(second.listener));
    await (await fetch(url, paid())).text();
    expect(second.log).toHaveLength(2);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["text", "request"],
    ["no request", {}],
    ["a request that is text", { request: "GET /" }],
    ["a request without headers", { request: {} }],
    ["headers as one text, as undici 5 has them", { request: { headers: "payment-signature: proof\r\n" } }],
    ["a name without a value", { request: { headers: ["PAYMENT-SIGNATURE"] } }],
    ["null in place of headers", { request: { headers: null }, response: null }],
  ])("a message of another form harms nobody: %s", (_name, message) => {
    const log = listening();
    for (const name of CHANNELS) channel(name).publish(message);
    expect(log).toEqual([]);
  });

  test("an answer of another form is no answer; header values may be lists", () => {
    const log = listening();
    const request = { headers: ["Accept", "*/*", "Payment-Signature", ["proof", "second"]] };
    channel("undici:request:create").publish({ request });
    for (const response of [undefined, {}, { statusCode: "200", headers: [] }]) {
      channel("undici:request:headers").publish({ request, response });
    }
    expect(log).toEqual([["sent", "proof"]]);
    channel("undici:request:headers").publish({
      request,
      response: { statusCode: 200, headers: [Buffer.from("Payment-Response"), Buffer.from("x")] },
    });
    expect(log.at(-1)).toEqual(["answer", "proof", 200, "x", undefined]);
  });

  test("tell nothing in a browser", async () => {
    const { log, listener } = notes();
    const end = listenInBrowser(listener);
    await (await fetch(url, paid())).text();
    end();
    expect(log).toEqual([]);
  });
});

describe("watch", () => {
  const answering = (response: Response): typeof globalThis.fetch => (() => response) as never;

  test("hands everything on, and tells of requests with a payment alone", async () => {
    const { log, listener } = notes();
    const seen: unknown[][] = [];
    const watched = watchFetch(async (...args) => {
      seen.push(args);
      return new Response("ok", { headers: { "PAYMENT-RESPONSE": "x" } });
    }, listener);
    const plain = { method: "POST", body: "b" };
    const init = { ...plain, headers: { "payment-signature": "proof" } };
    expect(await (await watched(url, plain)).text()).toBe("ok");
    expect(log).toEqual([]);
    await watched(url, init);
    expect(seen).toEqual([
      [url, plain],
      [url, init],
    ]);
    expect(seen[1]?.[1]).toBe(init);
    expect(log).toEqual([
      ["sent", "proof"],
      ["answer", "proof", 200, "x", undefined],
    ]);
  });

  test.each<[string, Parameters<typeof globalThis.fetch>]>([
    ["Headers", ["http://h/", { headers: new Headers({ "X-Payment": "proof" }) }]],
    ["pairs", ["http://h/", { headers: [["x-payment", "proof"]] }]],
    ["a Request's own", [new Request("http://h/", { headers: { "PAYMENT-SIGNATURE": "proof" } })]],
    ["a Request under an init", [new Request("http://h/"), { headers: { "PAYMENT-SIGNATURE": "proof" } }]],
    ["a URL", [new URL("http://h/"), { headers: { "PAYMENT-SIGNATURE": "proof" } }]],
  ])("reads headers from %s", async (_name, args) => {
    const { log, listener } = notes();
    await watchFetch(answering(new Response()), listener)(...args);
    expect(log[0]).toEqual(["sent", "proof"]);
  });

  test("headers of an init stand in for those of the Request, as in fetch", async () => {
    const { log, listener } = notes();
    const request = new Request("http://h/", { headers: { "PAYMENT-SIGNATURE": "proof" } });
    await watchFetch(answering(new Response()), listener)(request, { headers: {} });
    expect(log).toEqual([]);
  });

  test("a failure is told and stays what it is, thrown or rejected", async () => {
    const failure = new TypeError("no network");
    const rejects = async (): Promise<never> => {
      throw failure;
    };
    const throws = (): never => {
      throw failure;
    };
    for (const broken of [rejects, throws]) {
      const { log, listener } = notes();
      await expect(watchFetch(broken, listener)(url, paid())).rejects.toBe(failure);
      expect(log).toEqual([
        ["sent", "proof"],
        ["failure", "proof"],
      ]);
    }
  });

  test("a redirect that the caller wanted to see is the answer", async () => {
    const { log, listener } = notes();
    const redirect = new Response(null, { status: 303, headers: { Location: "/elsewhere" } });
    await watchFetch(answering(redirect), listener)(url, { ...paid(), redirect: "manual" });
    expect(log.at(-1)).toEqual(["answer", "proof", 303, undefined, undefined]);
  });
});
