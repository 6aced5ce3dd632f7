import { WrappedFetchError, wrap } from "@faremeter/fetch";
import type { x402PaymentRequirements } from "@faremeter/types/x402v2";
import { describe, expect, test } from "vitest";
import { createPaymentHandler, type FaremeterClientOptions } from "../../../src/adapters/faremeter/client.js";
import { isNanoError } from "../../../src/errors/index.js";
import { xno } from "../../../src/nano/index.js";
import { decodeHeader, encodeHeader, type Track } from "../../../src/protocol/index.js";
import type { PurseOptions } from "../../../src/purse/index.js";
import { blockOf, type OfferSpec, OTHER_PAY_TO, PRICE, startPurse } from "../../support/purse-world.js";

const URL_A = "https://seller.example/a";
const NINE_KEYS = [
  "type",
  "account",
  "previous",
  "representative",
  "balance",
  "link",
  "link_as_account",
  "signature",
  "work",
];

interface Sent {
  readonly url: string;
  readonly method: string;
  readonly body: string;
  readonly header: string | null;
  readonly envelope: Record<string, unknown>;
}

/** What the seller answers to a payment; undefined for the 402 alone. */
type Answer = (sent: Sent, count: number) => Response | undefined;

const payloadOf = ({ envelope }: Sent): Record<string, unknown> => envelope["payload"] as Record<string, unknown>;
const settled = (): Response =>
  new Response("sunny", { headers: { "PAYMENT-RESPONSE": encodeHeader({ success: true, network: "nano:mainnet" }) } });

/** A purse on a fake ledger behind stock `wrap`, and a seller that is a function. */
async function start(
  setup: FaremeterClientOptions & {
    readonly purse?: Partial<PurseOptions> & { readonly balanceRaw?: bigint };
    readonly offers?: () => readonly (OfferSpec | Record<string, unknown>)[];
    readonly version?: 1 | 2;
    readonly answer?: Answer;
  } = {},
) {
  const {
    purse: purseOptions,
    offers = () => [{ track: "nanoTxn" }, { track: "nanoSignature" }],
    answer = settled,
    version = 2,
    ...options
  } = setup;
  const world = await startPurse(purseOptions);
  const sent: Sent[] = [];
  let asked = 0;
  const seller = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const header = request.headers.get("PAYMENT-SIGNATURE") ?? request.headers.get("X-PAYMENT");
    if (header !== null) {
      const { url, method } = request;
      sent.push({ url, method, body: await request.text(), header, envelope: decodeHeader(header) });
      const response = answer(sent[sent.length - 1] as Sent, sent.length);
      if (response !== undefined) return response;
    }
    asked += 1;
    const accepts = offers().map((spec) => ("scheme" in spec ? spec : world.offer(spec as OfferSpec)));
    if (version === 2) {
      const required = { x402Version: 2, resource: { url: URL_A }, accepts };
      return new Response(null, { status: 402, headers: { "PAYMENT-REQUIRED": encodeHeader(required) } });
    }
    const body = accepts.map(({ amount, ...entry }) => ({
      ...entry,
      maxAmountRequired: amount,
      resource: URL_A,
      description: "",
    }));
    return Response.json({ x402Version: 1, accepts: body, error: "" }, { status: 402 });
  };
  const handler = createPaymentHandler(world.purse, {
    clock: world.time.clock,
    sleep: async () => undefined,
    ...options,
  });
  const buy = wrap(handler.watch(seller), { handlers: [handler], initialRetryDelay: 0 });
  return { ...world, handler, buy, sent, asked: () => asked };
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("it worked"),
    (error: unknown) => error,
  );
}

describe("the execers", () => {
  const look = async (entries: readonly Record<string, unknown>[], prefer?: Track) => {
    const { purse } = await startPurse();
    const handler = createPaymentHandler(purse, { prefer });
    return handler({ request: URL_A }, entries as unknown as x402PaymentRequirements[]);
  };

  test("carry the seller's very objects, in its order", async () => {
    const { offer } = await startPurse();
    const entries = [offer({ track: "nanoSignature" }), offer({ track: "nanoTxn" })];
    const execers = await look(entries);
    expect(execers.map(({ requirements }) => entries.indexOf(requirements as never))).toEqual([0, 1]);
  });

  test("one track where one is preferred", async () => {
    const { offer } = await startPurse();
    const entries = [offer({ track: "nanoTxn" }), offer({ track: "nanoSignature" })];
    expect((await look(entries, "nanoSignature")).map(({ requirements }) => requirements)).toEqual([entries[1]]);
    expect((await look(entries, "nanoTxn")).map(({ requirements }) => requirements)).toEqual([entries[0]]);
  });

  test("none for entries that are not ours, and nothing is paid by asking", async () => {
    const { offer } = await startPurse();
    const ours = offer({ track: "nanoTxn" });
    const foreign = [
      { ...ours, network: "eip155:8453" },
      { ...ours, scheme: "upto" },
      { ...ours, asset: "USDC" },
      { ...ours, amount: "-5" },
      { ...ours, amount: "1.5" },
      { ...ours, payTo: "nobody" },
    ];
    expect(await look(foreign)).toEqual([]);
    expect(await look([])).toEqual([]);
  });

  test("a Track A block that landed unserved leaves Track B, against the preference", async () => {
    const world = await start({
      prefer: "nanoTxn",
      answer(one, count) {
        if (count > 1) return settled();
        const { ledger, purse } = world;
        ledger.land(blockOf({ hash: purse.unspent()[0]?.hash, track: "nanoTxn", payload: payloadOf(one) } as never));
        return undefined;
      },
    });
    expect((await world.buy(URL_A)).status).toBe(200);
    expect(world.sent.map((one) => ("block" in payloadOf(one) ? "A" : "B"))).toEqual(["A", "B"]);
    expect(world.purse.unspent()).toEqual([]);
  });
});

describe.each([1, 2] as const)("v%i, what is sent", (version) => {
  test("Track A: the block with exactly its nine keys, and nothing beside it", async () => {
    const { buy, sent } = await start({ version, prefer: "nanoTxn" });
    expect((await buy(URL_A)).status).toBe(200);
    const payload = payloadOf(sent[0] ?? expect.fail());
    expect(Object.keys(payload)).toEqual(["block"]);
    expect(Object.keys(payload["block"] as object).sort()).toEqual([...NINE_KEYS].sort());
  });

  test("Track B: the challenge with it, in lower case, whatever the seller wrote", async () => {
    const nonce = "AB".repeat(32);
    const { buy, sent, offer } = await start({
      version,
      prefer: "nanoSignature",
      offers: () => [{ ...offer({ track: "nanoSignature" }), extra: { ...extraOf(), nonce } }],
    });
    const extraOf = (): Record<string, unknown> => offer({ track: "nanoSignature" })["extra"] as never;
    expect((await buy(URL_A)).status).toBe(200);
    const payload = payloadOf(sent[0] ?? expect.fail());
    expect(Object.keys(payload).sort()).toEqual(["account", "blockHash", "nonce", "signature", "validBefore"]);
    expect(payload).toMatchObject({ nonce: nonce.toLowerCase(), validBefore: extraOf()["validBefore"] });
    expect(payload["blockHash"]).toMatch(/^[0-9a-f]{64}$/);
    expect(payload["signature"]).toMatch(/^[0-9a-f]{128}$/);
  });

  test("version 2 echoes the entry as the seller wrote it; version 1 has no place for it", async () => {
    const entry: Record<string, unknown> = {};
    const { buy, sent, offer } = await start({ version, offers: () => [entry] });
    Object.assign(entry, offer({ track: "nanoSignature" }), { seller: "adds this" });
    Object.assign(entry["extra"] as object, { workThreshold: "fffffff800000000" });
    await buy(URL_A);
    const { accepted } = (sent[0] ?? expect.fail()).envelope;
    if (version === 2) expect(accepted).toEqual(entry);
    else expect(accepted).toBeUndefined();
  });
});

describe("what is bought is told by its URL", () => {
  const inputs: readonly (readonly [string, () => string | URL | Request])[] = [
    ["text", () => URL_A],
    ["a URL", () => new URL(URL_A)],
    ["a Request", () => new Request(URL_A)],
    ["text with a fragment", () => `${URL_A}#top`],
    ["text that is written otherwise", () => "HTTPS://Seller.Example:443/x/../a"],
  ];

  test.each(inputs)("%s: paid once, and the refused payment is found again by another", async (_name, input) => {
    const { buy, sent, purse } = await start({ answer: (_sent, count) => (count <= 3 ? undefined : settled()) });
    expect(await failureOf(buy(input()))).toBeInstanceOf(WrappedFetchError);
    expect(purse.unspent()).toMatchObject([{ resource: URL_A, presented: 3, isInFlight: false }]);
    for (const [, other] of inputs.filter(([name]) => name !== _name).slice(0, 1)) {
      expect((await buy(other())).status).toBe(200);
    }
    const proofs = new Set(sent.map((one) => JSON.stringify(payloadOf(one)["block"] ?? payloadOf(one)["blockHash"])));
    expect([sent.length, proofs.size]).toEqual([4, 1]);
    expect(purse.unspent()).toEqual([]);
  });

  test("another query is another purchase", async () => {
    const { buy, sent, purse } = await start({
      prefer: "nanoSignature",
      answer: ({ url }) => (url.endsWith("?city=a") ? undefined : settled()),
    });
    await failureOf(buy(`${URL_A}?city=a`));
    expect((await buy(`${URL_A}?city=b`)).status).toBe(200);
    expect(new Set(sent.map((one) => payloadOf(one)["blockHash"])).size).toBe(2);
    expect(purse.unspent()).toMatchObject([{ resource: `${URL_A}?city=a` }]);
  });

  test("a path alone, as browsers take it, stands as it is", async () => {
    const { purse, offer } = await startPurse();
    const handler = createPaymentHandler(purse, { sleep: async () => undefined });
    const [execer] = await handler({ request: "/weather" }, [offer({ track: "nanoSignature" })] as never);
    await execer?.exec();
    expect(purse.unspent()).toMatchObject([{ resource: "/weather" }]);
    await handler({ request: "/weather" }, []);
  });

  test("a POST by (url, init) keeps its method and body in the paid request", async () => {
    const { buy, sent } = await start();
    const response = await buy(URL_A, { method: "POST", body: "city=a", headers: { "X-Own": "1" } });
    expect([response.status, sent[0]?.method, sent[0]?.body]).toEqual([200, "POST", "city=a"]);
  });
});

describe("what the purse refuses comes out of wrap, and nothing is sent or signed", () => {
  test.each<[string, Parameters<typeof start>[0], string]>([
    ["the limit for one payment", { purse: { maxPerPayment: PRICE - 1n } }, "limit_per_payment"],
    ["the limit for a day", { purse: { maxPerDay: PRICE - 1n } }, "limit_per_day"],
    ["a purse with too little", { purse: { balanceRaw: PRICE - 1n } }, "insufficient_funds"],
    ["an empty purse", { purse: { balanceRaw: 0n } }, "insufficient_funds"],
    ["an offer that has expired", { offers: () => [expired("nanoTxn")] }, "deadline_exceeded"],
    ["an expired challenge", { offers: () => [expired("nanoSignature")] }, "deadline_exceeded"],
    [
      "a Track B offer without a challenge",
      { offers: () => [withExtra({ assetTransferMethod: "nanoSignature" })] },
      "invalid_requirements",
    ],
  ])("%s", async (_name, setup, code) => {
    const { buy, sent, asked, purse, ledger } = await start(setup);
    const error = await failureOf(buy(URL_A));
    expect(isNanoError(error)).toBe(true);
    expect(error).toMatchObject({ code });
    expect([sent, asked(), ledger.processCalls, purse.unspent(), purse.spentTodayRaw()]).toEqual([[], 1, [], [], 0n]);
  });

  test("a closed purse", async () => {
    const { buy, sent, purse } = await start();
    await purse.close();
    expect(await failureOf(buy(URL_A))).toMatchObject({ code: "purse_closed" });
    expect(sent).toEqual([]);
  });

  function withExtra(extra: Record<string, unknown>): Record<string, unknown> {
    return {
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      amount: PRICE.toString(),
      payTo: OTHER_PAY_TO,
      maxTimeoutSeconds: 60,
      extra,
    };
  }

  function expired(track: Track): Record<string, unknown> {
    const nonce = track === "nanoTxn" ? {} : { nonce: "0".repeat(64) };
    return withExtra({ assetTransferMethod: track, validBefore: 1_700_000_000, ...nonce });
  }
});

describe("a seller that refuses, and asks for something else at the client's next try", () => {
  const rising = (track: Track): (() => OfferSpec[]) => {
    let step = 0n;
    return () => {
      step += 10n;
      return [{ track, amountRaw: PRICE + step + (track === "nanoTxn" ? 1n : 0n) }];
    };
  };
  const wandering = (): (() => OfferSpec[]) => {
    let count = 0;
    return () => {
      count += 1;
      return [{ track: "nanoSignature", ...(count > 2 ? { payTo: OTHER_PAY_TO } : {}) }];
    };
  };
  const never: Answer = () => undefined;

  test.each<[string, () => readonly OfferSpec[]]>([
    ["a rising price, Track B", rising("nanoSignature")],
    ["a rising price, Track A", rising("nanoTxn")],
    ["another account", wandering()],
  ])("%s: one payment, and an error that names it", async (_name, offers) => {
    const { buy, purse, sent } = await start({ offers, answer: never });
    const error = await failureOf(buy(URL_A));
    const [kept] = purse.unspent();
    expect(purse.unspent()).toHaveLength(1);
    expect(sent).toHaveLength(1);
    expect(error).toMatchObject({ code: "payment_unresolved", facts: { hash: kept?.hash } });
  });

  test("one raw that changes which Track A amount it is", async () => {
    let asked = 0;
    const offers = (): OfferSpec[] => {
      asked += 1;
      return [{ track: "nanoTxn", amountRaw: asked > 2 ? PRICE + 1n : PRICE }];
    };
    const { buy, purse } = await start({ offers, answer: never });
    expect(await failureOf(buy(URL_A))).toMatchObject({ code: "payment_unresolved" });
    expect(purse.unspent()).toHaveLength(1);
  });

  test("the other track at its own price is the same purchase", async () => {
    let count = 0;
    const { buy, purse, ledger } = await start({
      offers() {
        count += 1;
        return [{ track: count === 1 ? "nanoSignature" : "nanoTxn" }, { track: "nanoSignature" }];
      },
      answer: (_sent, paid) => (paid === 1 ? undefined : settled()),
    });
    expect((await buy(URL_A)).status).toBe(200);
    expect(purse.unspent()).toEqual([]);
    expect(ledger.processCalls).toHaveLength(1);
  });

  test("after half a minute the buyer may pay the new price; so they may at once for another URL, or after writing it off", async () => {
    const { buy, purse, time, sent } = await start({
      offers: rising("nanoSignature"),
      answer: (_sent, count) => (count === 1 ? undefined : settled()),
    });
    await failureOf(buy(URL_A));
    expect((await buy(`${URL_A}/b`)).status).toBe(200);
    expect(await failureOf(buy(URL_A))).toMatchObject({ code: "payment_unresolved" });
    await time.advance(30_001);
    expect((await buy(URL_A)).status).toBe(200);
    expect(sent).toHaveLength(3);
    const [kept] = purse.unspent();
    expect(kept).toMatchObject({ amountRaw: PRICE + 10n, lastReason: "payment_required" });
    expect(await purse.writeOff(kept?.hash ?? "")).toBe(true);
    expect((await buy(URL_A)).status).toBe(200);
  });

  test("writing the refused payment off is enough", async () => {
    const { buy, purse } = await start({
      offers: rising("nanoSignature"),
      answer: (_sent, count) => (count === 1 ? undefined : settled()),
    });
    await failureOf(buy(URL_A));
    await purse.writeOff(purse.unspent()[0]?.hash ?? "");
    expect((await buy(URL_A)).status).toBe(200);
  });
});

describe("by default", () => {
  test("warns on the console, waits by the platform's timer, and goes by its clock", async () => {
    const { purse, offer } = await startPurse({ balanceRaw: xno("1") });
    const handler = createPaymentHandler(purse);
    const [execer] = await handler({ request: URL_A }, [offer({ track: "nanoSignature" })] as never);
    const { payload } = (await execer?.exec()) ?? expect.fail();
    const envelope = encodeHeader({ x402Version: 2, payload });
    await handler.watch(async () => settled())(URL_A, { headers: { "PAYMENT-SIGNATURE": envelope } });
    await handler({ request: URL_A }, []);
    expect(purse.unspent()).toEqual([]);
  });
});
