import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createLedger } from "../../../src/ledger/index.js";
import { hangUp, json, type Reply, silence, text } from "./fake-node.js";
import { createStage, deadUrl, errorOf, SEND, SEND_HASH } from "./support.js";

const stage = createStage();
const KEY = "k3y5ecret";
const BASIC = Buffer.from(`user:${KEY}`).toString("base64");

/** Where providers put their keys. */
const PLACES: readonly (readonly [string, (url: string) => { url: string; headers?: Record<string, string> }])[] = [
  ["the query", (url) => ({ url: `${url}/?key=${KEY}` })],
  ["the name of a query parameter", (url) => ({ url: `${url}/?${KEY}` })],
  ["the path", (url) => ({ url: `${url}/v2/${KEY}/rpc` })],
  ["the user part", (url) => ({ url: url.replace("//", `//user:${KEY}@`) })],
  ["a header", (url) => ({ url, headers: { Authorization: `Bearer ${KEY}` } })],
  ["an escaped path", (url) => ({ url: `${url}/${KEY.replace("k", "%6b")}` })],
];

/** A provider that quotes all it was given. */
const echo: Reply = (response, { url, headers }) => {
  json({ error: `denied: ${url} ${decodeURIComponent(url)} ${JSON.stringify(headers)} ${KEY}` })(response, {
    body: {},
    url,
    headers,
    connection: 0,
  });
};

const REPLIES: readonly (readonly [string, Reply])[] = [
  ["quotes it", echo],
  ["answers 403", json({ error: KEY }, 403)],
  ["answers HTML", text(`<a href="/?key=${KEY}">log in</a>`)],
  ["answers with wrong types", json({ [KEY]: KEY, contents: KEY, confirmed: KEY })],
  ["hangs up", hangUp],
  ["says nothing", silence],
];

describe.each(PLACES)("a key in %s", (_place, place) => {
  test.each(REPLIES)("is told to nobody when the provider %s", async (_what, reply) => {
    const node = await stage.node(reply);
    const { url, headers } = place(node.url);
    const ledger = stage.ledger(url, { headers, timeoutMs: 50, workTimeoutMs: 50 });
    const calls = [ledger.blockInfo(SEND_HASH), ledger.process(SEND, "send"), ledger.generateWork(SEND_HASH, 1n)];
    for (const error of await Promise.all(calls.map(errorOf))) expectNoSecret(error);
  });

  test("is told to nobody when nobody listens", async () => {
    const { url, headers } = place(await deadUrl());
    expectNoSecret(await errorOf(stage.ledger(url, { headers }).blockInfo(SEND_HASH)));
  });

  test("reaches the provider", async () => {
    const node = await stage.node(json({ error: "Block not found" }));
    const { url, headers } = place(node.url);
    await stage.ledger(url, { headers }).blockInfo(SEND_HASH);
    await stage
      .ledger(url, { headers })
      .process(SEND, "send")
      .catch(() => undefined);
    for (const heard of node.heard) {
      const given = `${decodeURIComponent(heard.url)} ${heard.headers.authorization ?? ""}`;
      expect(given.includes(KEY) || given.includes(BASIC)).toBe(true);
    }
    expect(node.heard).toHaveLength(2);
  });
});

test.each([`ftp://${KEY}@example.com`, `no url ${KEY}`, `https://${KEY}:x@`, ""])(
  "a URL that cannot be used is refused without being told: %s",
  (url) => {
    const make = (): unknown => createLedger({ rpcUrls: ["http://127.0.0.1", url] });
    expect(make).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
    try {
      make();
    } catch (error) {
      expectNoSecret(error);
    }
  },
);

/** Everything that a logger might print. */
function expectNoSecret(error: unknown): void {
  const shown = inspect(error, { depth: 20, showHidden: true });
  expect(shown).not.toContain(KEY);
  expect(shown).not.toContain(BASIC);
  expect(shown).toContain("NanoError");
}
