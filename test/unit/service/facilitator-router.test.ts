import { x402PaymentRequiredResponse } from "@faremeter/types/x402v2";
import { describe, expect, test } from "vitest";
import { createFacilitatorRouter, type FacilitatorEngine, type FacilitatorOptions } from "x402-nano/facilitator";
import { NanoError } from "../../../src/errors/index.js";
import { refuse, settleFailure, verifyFailure } from "../../../src/protocol/index.js";
import { CHALLENGE_SECRET, PAY_TO } from "../../support/world.js";
import { openWithoutIo } from "../facilitator/no-io.js";

/** The routes of SPEC 7, and what they say to requests that are none (SPEC 6). */

const ENTRY = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "1000", payTo: PAY_TO };
const PAYMENT = { paymentPayload: { x402Version: 2 }, paymentRequirements: { scheme: "exact" } };
const POSTS = ["/verify", "/settle", "/accepts", "/release"] as const;
const MARKER = "do-not-repeat-this";

interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

interface Room {
  ask(method: string, path: string, body?: string | Uint8Array, headers?: Record<string, string>): Promise<Asked>;
  post(path: string, body: unknown): Promise<Asked>;
  /** What the operator was told. */
  readonly errors: unknown[];
  /** What the engine was asked, in order. */
  readonly calls: unknown[][];
}

async function open(
  engine: Partial<FacilitatorEngine> = {},
  options: Partial<FacilitatorOptions> = { challengeSecret: CHALLENGE_SECRET },
): Promise<Room> {
  const errors: unknown[] = [];
  const calls: unknown[][] = [];
  const real = openWithoutIo(options).engine;
  const router = await createFacilitatorRouter(
    {
      ...real,
      verify: async (request) => {
        calls.push(["verify", request]);
        return engine.verify?.(request) ?? verifyFailure(refuse("block_not_found"));
      },
      settle: async (request) => {
        calls.push(["settle", request]);
        return engine.settle?.(request) ?? settleFailure(refuse("block_not_found"));
      },
      release: async (lease) => {
        calls.push(["release", lease]);
        return engine.release?.(lease) ?? false;
      },
      accepts: engine.accepts ?? real.accepts,
      supported: engine.supported ?? real.supported,
    },
    { onError: (error) => errors.push(error) },
  );
  const ask: Room["ask"] = async (method, path, body, headers = { "Content-Type": "application/json" }) => {
    const init = body === undefined ? { method } : { method, body: Buffer.from(body), headers };
    const response = await router.fetch(new Request(`http://facilitator${path}`, init));
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text === "" ? {} : JSON.parse(text) };
  };
  return { ask, errors, calls, post: (path, body) => ask("POST", path, JSON.stringify(body)) };
}

describe("the happy path", () => {
  test("GET /supported", async () => {
    const { ask } = await open();
    const { status, body, headers } = await ask("GET", "/supported");
    expect([status, headers.get("Content-Type")]).toEqual([200, "application/json"]);
    const extra = { assetTransferMethods: ["nanoTxn", "nanoSignature"] };
    expect(body).toEqual({
      kinds: [{ x402Version: 2, scheme: "exact", network: "nano:mainnet", extra }],
      extensions: [],
      signers: { "nano:*": [] },
    });
  });

  test("HEAD /supported is the same without a body", async () => {
    const { status, text, headers } = await (await open()).ask("HEAD", "/supported");
    expect([status, text, headers.get("Content-Type")]).toEqual([200, "", "application/json"]);
  });

  test.each(["/verify", "/settle"] as const)("POST %s hands the envelope on, its version included", async (path) => {
    const { post, calls } = await open();
    await post(path, { x402Version: 2, ...PAYMENT, more: 1 });
    await post(path, PAYMENT);
    const name = path.slice(1);
    expect(calls).toEqual([
      [name, { x402Version: 2, ...PAYMENT }],
      [name, { x402Version: undefined, ...PAYMENT }],
    ]);
  });

  test("POST /verify answers what the engine does, the lease included", async () => {
    const answer = { isValid: true, payer: PAY_TO, extra: { lease: "a.b.c" } };
    const { status, body } = await (await open({ verify: async () => answer })).post("/verify", PAYMENT);
    expect([status, body]).toEqual([200, answer]);
  });

  test("POST /settle answers what the engine does", async () => {
    const answer = { success: true, transaction: "AB", network: "nano:mainnet", payer: PAY_TO } as const;
    const { status, body } = await (await open({ settle: async () => answer })).post("/settle", PAYMENT);
    expect([status, body]).toEqual([200, answer]);
  });

  test("a refusal is no failure of HTTP", async () => {
    const { post } = await open();
    const verified = await post("/verify", PAYMENT);
    expect([verified.status, verified.body["invalidReason"]]).toEqual([200, "block_not_found"]);
    const settled = await post("/settle", PAYMENT);
    expect([settled.status, settled.body["errorReason"], settled.body["transaction"]]).toEqual([
      200,
      "block_not_found",
      "",
    ]);
  });

  test.each([true, false])("POST /release: %s", async (released) => {
    const { post, calls } = await open({ release: async () => released });
    const { status, body } = await post("/release", { lease: "a.b.c" });
    expect([status, body, calls]).toEqual([200, { released }, [["release", "a.b.c"]]]);
  });
});

describe("POST /accepts", () => {
  test("answers both tracks, which Faremeter's own validator takes", async () => {
    const { status, body } = await (await open()).post("/accepts", { x402Version: 2, accepts: [ENTRY] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      x402Version: 2,
      resource: { url: "" },
      accepts: [{ amount: "1001" }, { amount: "1000" }],
    });
    expect(x402PaymentRequiredResponse(body)).toEqual(body);
  });

  test.each([{ url: "http://shop/weather", description: "d", mimeType: "text/plain", more: [1] }, { url: "" }])(
    "echoes the resource %j",
    async (resource) => {
      const { body } = await (await open()).post("/accepts", { accepts: [ENTRY], resource });
      expect(body["resource"]).toEqual(resource);
      expect(x402PaymentRequiredResponse(body)).toEqual(body);
    },
  );

  test.each([undefined, null])(
    "names an empty resource for %j, without which the middleware throws",
    async (resource) => {
      const { body } = await (await open()).post("/accepts", { accepts: [], resource });
      expect(body).toEqual({ x402Version: 2, resource: { url: "" }, accepts: [] });
      expect(x402PaymentRequiredResponse(body)).toEqual(body);
    },
  );

  test("leaves out what is for others, and refuses what of ours nobody could pay, by its field", async () => {
    const { post } = await open();
    const foreign = { ...ENTRY, network: "eip155:8453", amount: "-5" };
    expect((await post("/accepts", { accepts: [foreign, ENTRY] })).body["accepts"]).toHaveLength(2);
    const { status, body } = await post("/accepts", { accepts: [ENTRY, { ...ENTRY, extra: { nonce: MARKER } }] });
    expect([status, body["error"]]).toEqual([400, "invalid_requirements"]);
    expect(body["message"]).toContain("extra.nonce");
    expect(JSON.stringify(body)).not.toContain(MARKER);
  });

  test("refuses a price that Track B cannot ask, and a receiver that is not served", async () => {
    const { post, errors } = await open({}, { payTo: PAY_TO });
    const price = await post("/accepts", { accepts: [{ ...ENTRY, amount: "1001" }] });
    expect([price.status, price.body["error"]]).toEqual([400, "invalid_price"]);
    const other = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
    const receiver = await post("/accepts", { accepts: [{ ...ENTRY, payTo: other }] });
    expect([receiver.status, receiver.body["error"]]).toEqual([400, "invalid_requirements"]);
    expect(receiver.text).not.toContain(other);
    expect(errors).toEqual([]);
  });
});

describe("400: what is no request", () => {
  test.each(POSTS)("POST %s without a JSON object", async (path) => {
    const { ask, calls, errors } = await open();
    for (const text of [
      "",
      " ",
      MARKER,
      "{",
      `{"a":${MARKER}}`,
      "null",
      "[]",
      '"{}"',
      "7",
      "true",
      "{}{}",
      "\u0000",
      "NaN",
    ]) {
      const { status, body, text: said } = await ask("POST", path, text);
      expect([status, body["error"]]).toEqual([400, "invalid_request"]);
      expect(body["message"]).toMatch(/not (JSON|a JSON object)\)$/);
      expect(said).not.toContain(MARKER);
    }
    expect([calls, errors]).toEqual([[], []]);
  });

  test.each([
    ["/verify", "paymentPayload"],
    ["/verify", "paymentRequirements"],
    ["/settle", "paymentPayload"],
    ["/settle", "paymentRequirements"],
  ] as const)("POST %s without %s", async (path, field) => {
    const { post, calls } = await open();
    for (const value of [undefined, null]) {
      const { status, body } = await post(path, { ...PAYMENT, [field]: value });
      expect([status, body["error"]]).toEqual([400, "invalid_request"]);
      expect(body["message"]).toContain(`field: ${field})`);
    }
    expect(calls).toEqual([]);
  });

  test.each(["x", 7, false, [], {}])("but a payment that is %j is the engine's to refuse", async (value) => {
    const { post, calls } = await open();
    await post("/verify", { ...PAYMENT, paymentPayload: value });
    await post("/settle", { ...PAYMENT, paymentRequirements: value });
    expect(calls).toHaveLength(2);
  });

  test("POST /accepts without a list", async () => {
    const { post } = await open();
    for (const accepts of [undefined, null, {}, { length: 1 }, "x", 7]) {
      const { status, body } = await post("/accepts", { accepts });
      expect([status, body["message"]]).toEqual([400, expect.stringContaining("field: accepts)")]);
    }
  });

  test("POST /release without a lease", async () => {
    const { post, calls } = await open();
    for (const lease of [undefined, null, 7, {}, [MARKER]]) {
      const { status, body, text } = await post("/release", { lease });
      expect([status, body["message"]]).toEqual([400, expect.stringContaining("field: lease)")]);
      expect(text).not.toContain(MARKER);
    }
    expect(calls).toEqual([]);
  });
});

describe("404 and 405", () => {
  test.each([
    ...["/", "", "/verif", "/verify/", "//verify", "/VERIFY", "/verify/x", "/supported/", "/healthz", "/.."],
    ...["/%", "/%zz", "/%E0%A4%A", "/verify%00", "/%2e%2e/verify%", "/verify%2F", "/constructor", "/__proto__"],
  ])("%j is not found, by any method", async (path) => {
    const { ask, errors } = await open();
    for (const method of ["GET", "POST", "DELETE"]) {
      const { status, body } = await ask(method, path, method === "POST" ? "{}" : undefined);
      expect([status, body]).toEqual([404, { error: "not_found" }]);
    }
    expect(errors).toEqual([]);
  });

  test("a query is no part of a path, however it is spelt", async () => {
    const { ask, post } = await open();
    expect((await ask("GET", "/supported?x=%&%zz#y")).status).toBe(200);
    expect((await post("/verify?x=%", PAYMENT)).status).toBe(200);
  });

  test.each(POSTS)("%s takes POST alone", async (path) => {
    const { ask, calls } = await open();
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "PROPFIND"]) {
      const { status, headers, body } = await ask(method, path);
      expect([status, headers.get("Allow")]).toEqual([405, "POST"]);
      expect(body).toEqual(method === "HEAD" ? {} : { error: "method_not_allowed" });
    }
    expect(calls).toEqual([]);
  });

  test("/supported takes GET and HEAD", async () => {
    const { ask } = await open();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
      const { status, headers } = await ask(method, "/supported", method === "POST" ? "{}" : undefined);
      expect([status, headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
    }
  });
});

describe("500 and 503", () => {
  const bug = new TypeError(`no ${MARKER}`);

  test.each([bug, new NanoError("invalid_hex", { seen: MARKER }), MARKER, undefined, { code: "store_unavailable" }])(
    "a bug is a bare 500, and the operator is told: %s",
    async (thrown) => {
      const fail = (): never => {
        throw thrown;
      };
      const later = async (): Promise<never> => fail();
      const engine = { verify: later, settle: later, release: later, accepts: fail, supported: fail };
      const { ask, post, errors } = await open(engine);
      const body = { ...PAYMENT, accepts: [], lease: "x" };
      for (const answer of [
        ...(await Promise.all(POSTS.map((path) => post(path, body)))),
        await ask("GET", "/supported"),
      ]) {
        expect([answer.status, answer.body]).toEqual([500, { error: "internal_error" }]);
        expect(answer.headers.get("Content-Type")).toBe("application/json");
      }
      expect(errors).toEqual(Array.from({ length: 5 }, () => thrown));
    },
  );

  test("nobody has to be told", async () => {
    const router = await createFacilitatorRouter({
      ...openWithoutIo().engine,
      supported: () => {
        throw bug;
      },
    });
    expect((await router.fetch(new Request("http://facilitator/supported"))).status).toBe(500);
  });

  test("a store that cannot be asked to release is a 503 without its facts, and no fault of ours", async () => {
    const release = async (): Promise<never> => {
      throw new NanoError("store_unavailable", { why: MARKER });
    };
    const { post, errors } = await open({ release });
    const { status, body } = await post("/release", { lease: "a.b.c" });
    expect([status, body["error"], errors]).toEqual([503, "store_unavailable", []]);
    expect(body["message"]).toBe("The store could not be reached.");
  });
});
