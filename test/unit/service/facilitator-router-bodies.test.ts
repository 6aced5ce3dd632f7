import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createFacilitatorRouter, type FacilitatorRouter } from "x402-nano/facilitator";
import { refuse, verifyFailure } from "../../../src/protocol/index.js";
import { hostileValue } from "../../support/json-mutations.js";
import { PAY_TO } from "../../support/world.js";
import { openWithoutIo } from "../facilitator/no-io.js";

/** What a facilitator reads, how much of it, and what it does about the rest (SPEC 6, 7). */

const LIMIT = 64 * 1024;
const JSON_TYPE = { "Content-Type": "application/json" };
const ENTRY = { network: "nano:mainnet", amount: "1000", payTo: PAY_TO };

let router: FacilitatorRouter;
let errors: unknown[];
let payments: unknown[];

beforeEach(async () => {
  errors = [];
  payments = [];
  const verify = async ({ paymentPayload }: { paymentPayload: unknown }) => {
    payments.push(paymentPayload);
    return verifyFailure(refuse("block_not_found"));
  };
  router = await createFacilitatorRouter(
    { ...openWithoutIo().engine, verify },
    { onError: (error) => errors.push(error) },
  );
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(path: string, body: BodyInit | null, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
  const init = { method: "POST", body, headers, duplex: "half" };
  const response = await router.fetch(new Request(`http://facilitator${path}`, init));
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** A verify of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const envelope = (filling: string): string => JSON.stringify({ paymentPayload: filling, paymentRequirements: {} });
  return envelope("x".repeat(bytes - envelope("").length));
}

/** As a chunked body comes: in pieces, and nobody says how many. */
function chunked(...pieces: (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => Uint8Array.from(Buffer.from(piece)));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
  });
}

const TOO_LARGE = { status: 413, body: { error: "body_too_large", maxBytes: LIMIT } };

describe("64 KiB", () => {
  const declared = (text: string): Record<string, string> => ({ ...JSON_TYPE, "Content-Length": String(text.length) });

  test("are read, and a byte more is not, with a declared length", async () => {
    expect(await send("/verify", bodyOf(LIMIT), declared(bodyOf(LIMIT)))).toMatchObject({ status: 200 });
    expect(await send("/verify", bodyOf(LIMIT + 1), declared(bodyOf(LIMIT + 1)))).toEqual(TOO_LARGE);
  });

  test("are read, and a byte more is not, in chunks that nobody counted", async () => {
    for (const cut of [1, 1000, LIMIT - 1]) {
      const fits = bodyOf(LIMIT);
      expect(await send("/verify", chunked(fits.slice(0, cut), fits.slice(cut)))).toMatchObject({ status: 200 });
      expect(await send("/verify", chunked(fits.slice(0, cut), fits.slice(cut), "}"))).toEqual(TOO_LARGE);
    }
    expect(await send("/verify", chunked(bodyOf(LIMIT + 1)))).toEqual(TOO_LARGE);
  });

  test("are counted as bytes, not as letters", async () => {
    const text = bodyOf(LIMIT).replaceAll("xx", "é");
    expect(Buffer.byteLength(text)).toBe(LIMIT);
    expect(await send("/verify", text, { ...JSON_TYPE, "Content-Length": String(LIMIT) })).toMatchObject({
      status: 200,
    });
    const larger = text.replace("é", "éé");
    expect(await send("/verify", larger, { ...JSON_TYPE, "Content-Length": "10" })).toEqual(TOO_LARGE);
    expect(await send("/verify", chunked(larger))).toEqual(TOO_LARGE);
  });

  test.each(["5", "0", "", "x", "-1", "1, 1"])(
    "hold where the declared length is %j, as a host may pass it on",
    async (length) => {
      const headers = { ...JSON_TYPE, "Content-Length": length };
      expect(await send("/verify", bodyOf(LIMIT + 1), headers)).toEqual(TOO_LARGE);
      expect(await send("/verify", bodyOf(LIMIT), headers)).toMatchObject({ status: 200 });
    },
  );

  test("declared and too many are refused before anything is read", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull() {
          pulled += 1;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await send("/verify", endless, { ...JSON_TYPE, "Content-Length": String(LIMIT + 1) })).toEqual(TOO_LARGE);
    expect(pulled).toBe(0);
  });

  test("end the reading of a body without end", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x20));
      },
    });
    expect(await send("/verify", endless)).toEqual(TOO_LARGE);
    expect(sent).toBeLessThan(2 * LIMIT);
    expect([payments.length, errors]).toEqual([expect.any(Number), []]);
  });
});

describe("415", () => {
  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonp",
    "json",
    "*/*",
    "",
  ])("%j is not what is read here", async (type) => {
    const text = JSON.stringify({ paymentPayload: 1, paymentRequirements: 1 });
    const refused = { status: 415, body: { error: "unsupported_media_type", accepted: "application/json" } };
    expect(await send("/verify", text, { "Content-Type": type })).toEqual(refused);
    expect(payments).toEqual([]);
  });

  test.each(["/verify", "/settle", "/accepts", "/release"])("%s without any type", async (path) => {
    expect(await send(path, Buffer.from("{}"), {})).toMatchObject({ status: 415 });
    expect(await send(path, null, {})).toMatchObject({ status: 415 });
  });

  test.each([
    ...[
      "application/json; charset=utf-8",
      "application/json;charset=UTF-8",
      "APPLICATION/JSON",
      "application/json ;x=y",
    ],
    ...["application/x402+json", "application/vnd.x402.v2+json; charset=utf-8"],
  ])("but %j is", async (type) => {
    expect(await send("/accepts", '{"accepts":[]}', { "Content-Type": type })).toMatchObject({ status: 200 });
  });
});

describe("a body that is JSON", () => {
  test("may begin with a byte order mark, and be cut inside a letter", async () => {
    const text = Buffer.from('\u{feff}{"accepts":[],"resource":{"url":"é"}}');
    const at = text.indexOf(0xc3) + 1;
    const expected = { status: 200, body: { resource: { url: "é" } } };
    expect(await send("/accepts", text, { ...JSON_TYPE, "Content-Length": "39" })).toMatchObject(expected);
    expect(await send("/accepts", chunked(text.subarray(0, at), text.subarray(at)))).toMatchObject(expected);
  });

  test("that is no UTF-8 is read as far as it goes, and breaks nothing", async () => {
    const text = Buffer.concat([Buffer.from('{"accepts":[],"resource":"'), Buffer.of(0xff, 0xc3), Buffer.from('"}')]);
    expect(await send("/accepts", text)).toMatchObject({ status: 200, body: { resource: "\u{fffd}\u{fffd}" } });
  });

  test("with a key twice has the last one, as everywhere", async () => {
    const text = '{"paymentPayload":1,"paymentRequirements":1,"paymentPayload":2}';
    expect(await send("/verify", text)).toMatchObject({ status: 200 });
    expect(payments).toEqual([2]);
    expect(await send("/verify", text.replace(":2}", ":null}"))).toMatchObject({ status: 400 });
  });

  test("with a __proto__ has no fields from it", async () => {
    const text = '{"__proto__":{"paymentPayload":1,"paymentRequirements":1,"accepts":[]}}';
    for (const path of ["/verify", "/accepts"]) expect(await send(path, text)).toMatchObject({ status: 400 });
    expect(payments).toEqual([]);
  });

  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

  test.each([64, 1_000, 10_000, 30_000])(
    "nested %i levels deep is refused where it would be repeated, and is no fault of ours",
    async (levels) => {
      const deep = nested(levels);
      const bodies = [
        ["/accepts", `{"accepts":[],"resource":${deep}}`],
        [
          "/accepts",
          `{"accepts":[{"network":"nano:mainnet","amount":"10","payTo":"${PAY_TO}","extra":{"a":${deep}}}]}`,
        ],
      ] as const;
      for (const [path, body] of bodies) {
        if (body.length > LIMIT) continue;
        expect(await send(path, body)).toMatchObject({
          status: 400,
          body: { error: "invalid_request", message: expect.stringContaining("nested too deeply") },
        });
      }
      expect([errors, payments]).toEqual([[], []]);
    },
  );

  /** The buyer chooses the depth: a 400 would make Faremeter's middleware throw, which ends an Express 4 server. */
  test.each([64, 2_000])("nested %i levels deep is for the engine to judge in a payment", async (levels) => {
    const body = `{"paymentPayload":${nested(levels)},"paymentRequirements":{}}`;
    for (const path of ["/verify", "/settle"]) expect((await send(path, body)).status).toBe(200);
    expect(errors).toEqual([]);
  });

  test("nested as deep as extensions are is read", async () => {
    const { status, body } = await send("/accepts", `{"accepts":[],"resource":${nested(60)}}`);
    expect([status, JSON.stringify(body["resource"])]).toEqual([200, nested(60)]);
  });

  test("whatever it says is answered, and is never a fault of ours", async () => {
    const field = fc.constantFrom(
      "accepts",
      "resource",
      "lease",
      "paymentPayload",
      "paymentRequirements",
      "x402Version",
    );
    const body = fc.dictionary(field, fc.oneof(hostileValue, fc.constant([ENTRY]), fc.constant("a.b.c")));
    const path = fc.constantFrom("/accepts", "/verify");
    await fc.assert(
      fc.asyncProperty(path, body, async (where, value) => {
        const { status } = await send(where, stringify(value));
        expect([200, 400]).toContain(status);
      }),
      { seed: 4, numRuns: 1_000 },
    );
    expect(errors).toEqual([]);
  });
});

/** JSON has no bigint, and no more have strangers. */
function stringify(value: unknown): string {
  return (
    JSON.stringify(value, (_key, member: unknown) => (typeof member === "bigint" ? String(member) : member)) ?? "{}"
  );
}

test.each([{}, { "Content-Length": "100" }])("a body that breaks off is no fault of ours, with %j", async (length) => {
  let sent = 0;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      sent += 1;
      if (sent > 1) throw new TypeError("aborted");
      controller.enqueue(Uint8Array.from(Buffer.from('{"a":')));
    },
  });
  expect(await send("/verify", broken, { ...JSON_TYPE, ...length })).toMatchObject({
    status: 400,
    body: { error: "invalid_request", message: expect.stringContaining("broke off") },
  });
  expect(errors).toEqual([]);
});
