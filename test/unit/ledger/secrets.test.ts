import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createLedger, type Ledger } from "../../../src/ledger/index.js";
import type { RpcEndpoint } from "../../../src/ledger/options.js";
import { askAccountInfo, askBlockInfo, askProcess, askReceivable, askWork } from "../../../src/ledger/rpc/questions.js";
import { hangUp, json, type Reply, silence, text } from "./fake-node.js";
import { CONFIRMED_SEND, createStage, deadUrl, errorOf, SEND, SEND_HASH } from "./support.js";

const stage = createStage();
const KEY = "k3y5ecret";
const BASICS = [`user:${KEY}`, `${KEY}:`].map((credentials) => Buffer.from(credentials).toString("base64"));

/** Where providers put their keys. */
const PLACES: readonly (readonly [string, (url: string) => RpcEndpoint])[] = [
  ["the query", (url) => ({ url: `${url}/?key=${KEY}` })],
  ["the name of a query parameter", (url) => ({ url: `${url}/?${KEY}` })],
  ["the path", (url) => ({ url: `${url}/v2/${KEY}/rpc` })],
  ["the user part", (url) => ({ url: url.replace("//", `//user:${KEY}@`) })],
  ["the user's name", (url) => ({ url: url.replace("//", `//${KEY}@`) })],
  ["a header", (url) => ({ url, headers: { Authorization: `Bearer ${KEY}` } })],
  ["a header of several parts", (url) => ({ url, headers: { Authorization: `Token user=me;key=${KEY}` } })],
  ["the body", (url) => ({ url, body: { api_key: KEY } })],
  ["the body, beside another field", (url) => ({ url, body: { user: "me", key: `id:${KEY}` } })],
  ["an escaped path", (url) => ({ url: `${url}/${KEY.replace("k", "%6b")}` })],
];

/** A provider that quotes all it was given. */
const echo: Reply = (response, heard) => {
  const { url, headers, body } = heard;
  const given = [url, decodeURIComponent(url), ...Object.values(headers), ...Object.values(body), KEY];
  json({ error: `denied: ${given.filter((part) => String(part).includes(KEY)).join(" ")}` })(response, heard);
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
  const warnings: unknown[] = [];
  const open = (endpoint: RpcEndpoint, others: readonly RpcEndpoint[] = [], timeoutMs = 600_000): Ledger =>
    stage.ledger([endpoint, ...others], {
      timeoutMs,
      workTimeoutMs: timeoutMs,
      onWarning: (message) => warnings.push(message),
    });

  test.each(REPLIES)("is told to nobody when the provider %s", async (_what, reply) => {
    const node = await stage.node(reply);
    const ledger = open(place(node.url), [], reply === silence ? 50 : undefined);
    const calls = [
      ledger.blockInfo(SEND_HASH),
      ledger.accountInfo(SEND.account),
      ledger.receivable(SEND.account),
      ledger.process(SEND, "send"),
      ledger.generateWork(SEND_HASH, 1n),
    ];
    for (const error of await Promise.all(calls.map(errorOf))) expectNoSecret(error);
    if (reply !== silence) await ledger.waitForConfirmation(SEND_HASH, { account: SEND.account, timeoutMs: 1 });
    for (const shown of [ledger, warnings]) expect(inspect(shown, SHOW_ALL)).not.toContain(KEY);
  });

  test("is told to nobody when nobody listens, whichever endpoint speaks for all", async () => {
    const [first, second] = [place(await deadUrl()), place(await deadUrl())];
    const ledger = open(first, [second]);
    expectNoSecret(await errorOf(ledger.blockInfo(SEND_HASH)));
    expectNoSecret(await errorOf(ledger.process(SEND, "send")));
    expectNoSecret(await errorOf(ledger.blockInfo(SEND_HASH, { at: "0" })));
  });

  test("is told to nobody when endpoints do not agree, ask for time, or are closed", async () => {
    const nodes = [await stage.node(json(CONFIRMED_SEND)), await stage.node(json({ ...CONFIRMED_SEND, amount: "1" }))];
    const agreeing = stage.ledger(nodes.map(({ url }) => place(url)) as [RpcEndpoint, RpcEndpoint], { agreement: 2 });
    expectNoSecret(await errorOf(agreeing.blockInfo(SEND_HASH)));
    const busy = await stage.node((response) => response.writeHead(429, { "retry-after": "600" }).end(KEY));
    const ledger = open(place(busy.url), [], 60_000);
    expectNoSecret(await errorOf(ledger.blockInfo(SEND_HASH)));
    const waiting = await errorOf(ledger.blockInfo(SEND_HASH));
    expect(waiting.facts["why"]).toBe("rate limited");
    expectNoSecret(waiting);
    await ledger.close();
    expectNoSecret(await errorOf(ledger.blockInfo(SEND_HASH)));
  });

  test("reaches the provider", async () => {
    const node = await stage.node(json({ error: "Block not found" }));
    const ledger = stage.ledger(place(node.url));
    await ledger.blockInfo(SEND_HASH);
    await ledger.process(SEND, "send").catch(() => undefined);
    await ledger.generateWork(SEND_HASH, 1n).catch(() => undefined);
    for (const { url, headers, body } of node.heard) {
      const given = `${decodeURIComponent(url)} ${headers.authorization ?? ""} ${JSON.stringify(body)}`;
      expect(given.includes(KEY) || BASICS.some((basic) => given.includes(basic))).toBe(true);
    }
    expect(node.heard.map(({ body }) => body["action"])).toEqual(["block_info", "process", "work_generate"]);
    expect(node.heard[0]?.body).toMatchObject({ action: "block_info", hash: SEND_HASH, json_block: "true" });
    expect(node.heard[1]?.body).toMatchObject({ action: "process", subtype: "send", json_block: "true" });
  });
});

describe("a key that a provider quotes", () => {
  const ODD = 'kä/y+"1"=\\%2F 9';
  const quoted = async (endpoint: (url: string) => RpcEndpoint, quote: string): Promise<string> => {
    const node = await stage.node(json({ error: quote }));
    const error = await errorOf(stage.ledger(endpoint(node.url)).blockInfo(SEND_HASH));
    return String(error.facts["nodeError"]);
  };

  test.each([
    ["as it is", ODD],
    ["in an address", encodeURIComponent(ODD)],
    ["in JSON", JSON.stringify(ODD).slice(1, -1)],
  ])("%s is not told", async (_how, quote) => {
    const inBody = await quoted((url) => ({ url, body: { key: ODD } }), `bad key <${quote}>`);
    const inQuery = await quoted((url) => ({ url: `${url}/?k=${encodeURIComponent(ODD)}` }), `bad key <${quote}>`);
    expect([inBody, inQuery]).toEqual(["bad key <redacted>", "bad key <redacted>"]);
  });

  test("over and over is not told where the text is cut", async () => {
    const long = "s3cret".repeat(50);
    for (let shift = 0; shift < 40; shift += 7) {
      const told = await quoted(
        (url) => ({ url, body: { key: long } }),
        `${"x".repeat(shift)} ${`${long} `.repeat(40)}`,
      );
      expect(told).not.toContain("s3cret");
    }
  });
});

describe("fields of the body", () => {
  const SENT = new Set(
    [
      ...[askAccountInfo(SEND.account), askBlockInfo(SEND_HASH), askReceivable(SEND.account), askProcess(SEND, "send")],
      askWork(SEND_HASH, 1n),
    ].flatMap(({ body }) => Object.keys(JSON.parse(body))),
  );

  test.each([...SENT])("%s is ours: nobody's key may take its place", (name) => {
    const make = (): Ledger => createLedger({ rpcUrls: { url: "http://127.0.0.1", body: { [name]: KEY } } });
    expect(make).toThrowError(expect.objectContaining({ code: "invalid_configuration" }));
    expect(make).toThrowError(
      expect.objectContaining({ facts: { option: "rpcUrls", why: `body must not set "${name}"` } }),
    );
  });

  test("of providers keep their own names, odd ones too", async () => {
    const node = await stage.node(json({ error: "Block not found" }));
    const body = { key: KEY, 'a"b\\': "1", "": "2", api_key: "\u2028" };
    await stage.ledger({ url: node.url, body }).blockInfo(SEND_HASH);
    expect(node.heard[0]?.body).toEqual({ ...body, action: "block_info", hash: SEND_HASH, json_block: "true" });
  });

  test("none at all leave it as it is", async () => {
    const node = await stage.node(json({ error: "Block not found" }));
    await stage.ledger({ url: node.url, body: {} }).blockInfo(SEND_HASH);
    expect(node.heard[0]?.body).toEqual({ action: "block_info", hash: SEND_HASH, json_block: "true" });
  });
});

test.each<[string, Record<string, string>]>([
  ["a value that breaks a line", { "X-Key": `${KEY}\r\nx-other: 1` }],
  ["a value beyond Latin-1", { "X-Key": `${KEY}\u20ac` }],
  ["a name that is none", { "X Key": KEY }],
  ["no name", { "": KEY }],
  ...["Connection", "content-length", "EXPECT", "Keep-Alive", "transfer-encoding", "upgrade"].map(
    (name): [string, Record<string, string>] => [name, { [name]: KEY }],
  ),
])("a header that cannot be sent is refused at once, without being told: %s", (_what, headers) => {
  for (const options of [{ rpcUrls: "http://127.0.0.1", headers }, { rpcUrls: { url: "http://127.0.0.1", headers } }]) {
    const error = thrownBy(() => createLedger(options));
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expectNoSecret(error);
  }
});

test.each([`ftp://${KEY}@example.com`, `no url ${KEY}`, `https://${KEY}:x@`, ""])(
  "a URL that cannot be used is refused without being told: %s",
  (url) => {
    const error = thrownBy(() => createLedger({ rpcUrls: ["http://127.0.0.1", url] }));
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expectNoSecret(error);
  },
);

const SHOW_ALL = { depth: 20, showHidden: true } as const;

function thrownBy(make: () => unknown): unknown {
  try {
    return make();
  } catch (error) {
    return error;
  }
}

/** Everything that a logger might print. */
function expectNoSecret(error: unknown): void {
  const shown = inspect(error, SHOW_ALL);
  expect(shown).not.toContain(KEY);
  for (const basic of BASICS) expect(shown).not.toContain(basic);
  expect(shown).toContain("NanoError");
}
