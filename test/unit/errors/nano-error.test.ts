import { inspect } from "node:util";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  type AnyNanoError,
  ERROR_SENTENCES,
  type ErrorCode,
  hasCode,
  isNanoError,
  NanoError,
} from "../../../src/errors/index.js";

const KEY = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6";
const URL_WITH_KEY = `https://user:hunter2@rpc.example/v1/${KEY}?apikey=${KEY}`;
/** Everything a logger could print. */
const printed = (error: unknown): string => inspect(error, { depth: 20, showHidden: true });

describe("NanoError", () => {
  test("code, sentence, facts and cause", () => {
    const cause = new TypeError("why");
    const error = new NanoError("invalid_amount", { seen: "1e3", length: 3, isZero: false }, cause);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe("NanoError");
    expect(error.code).toBe("invalid_amount");
    expect(error.message).toBe("This is not an amount of Nano. (seen: 1e3, length: 3, isZero: false)");
    expect(error.facts).toEqual({ seen: "1e3", length: 3, isZero: false });
    expect(error.cause).toBe(cause);
  });

  test("without facts the message is the sentence, without a cause there is no cause", () => {
    const error = new NanoError("purse_closed");
    expect(error.message).toBe("The purse is closed.");
    expect(error.facts).toEqual({});
    expect("cause" in error).toBe(false);
  });

  test("a fact with a URL loses its keys, in the message too", () => {
    const error = new NanoError("ledger_unavailable", { url: URL_WITH_KEY, note: `tried ${URL_WITH_KEY} twice` });
    expect(error.facts["url"]).toBe("https://redacted@rpc.example/v1/redacted?redacted");
    expect(printed(error)).not.toMatch(/hunter2|a1b2c3d4/);
    expect(error.message).toContain("rpc.example");
  });

  test("a stranger's text cannot forge a line of the log, nor fill it", () => {
    const forged = "Fork\r\n\u001b[2Kpaid: true\u2028x\u202e\ud800";
    const error = new NanoError("ledger_refused", { nodeError: forged, long: "y".repeat(100_000) });
    expect(error.facts["nodeError"]).toBe("Fork\ufffd\ufffd\ufffd[2Kpaid: true\ufffdx\ufffd\ufffd");
    expect(error.facts["long"]).toBe(`${"y".repeat(400)}…`);
    expect(error.message.split("\n")).toHaveLength(1);
    expect(error.message.length).toBeLessThan(1000);
  });

  test("a URL is redacted before a long text is cut", () => {
    const error = new NanoError("ledger_unavailable", { note: `${"z".repeat(380)} ${URL_WITH_KEY}` });
    expect(error.message).not.toMatch(/hunter2|a1b2/);
  });
});

describe("causes", () => {
  test("what the platform keeps of a wrong URL is not shown", () => {
    const error = catchFrom(() => new URL(`https://user:hunter2@[bad/${KEY}`));
    expect(printed(error)).toMatch(/hunter2/);
    const wrapped = new NanoError("invalid_configuration", {}, error);
    expect(printed(wrapped)).not.toMatch(/hunter2|a1b2c3d4/);
    expect(wrapped.cause).toMatchObject({ name: "TypeError", message: "Invalid URL", code: "ERR_INVALID_URL" });
    expect(wrapped.cause).toBeInstanceOf(Error);
  });

  test("down the chain, in messages, stacks and texts", () => {
    const root = Object.assign(new Error(`connect ${URL_WITH_KEY}`), { address: URL_WITH_KEY });
    const middle = new Error("fetch failed", { cause: root });
    const wrapped = new NanoError("ledger_unavailable", {}, middle);
    expect(printed(wrapped)).not.toMatch(/hunter2|a1b2c3d4/);
    expect(printed(wrapped)).toContain("fetch failed");
    expect(printed(wrapped)).toContain("connect https://redacted@rpc.example");
  });

  test("an AggregateError whose parts name a key, a text, and a chain without end", () => {
    const aggregate = new AggregateError([new Error(URL_WITH_KEY)], "all failed");
    expect(printed(new NanoError("ledger_unavailable", {}, aggregate))).not.toMatch(/hunter2|a1b2c3d4/);
    expect(printed(new NanoError("ledger_unavailable", {}, URL_WITH_KEY))).not.toMatch(/hunter2|a1b2c3d4/);
    const endless = new Error(URL_WITH_KEY);
    endless.cause = endless;
    expect(printed(new NanoError("ledger_unavailable", {}, endless))).not.toMatch(/hunter2|a1b2c3d4/);
    const deep = Array.from({ length: 12 }).reduce<Error>(
      (cause) => new Error("x", { cause }),
      new Error(URL_WITH_KEY),
    );
    expect(printed(new NanoError("ledger_unavailable", {}, deep))).not.toMatch(/hunter2|a1b2c3d4/);
  });

  test("an error without secrets stays the object it was", () => {
    const aggregate = new AggregateError([new Error("connect ECONNREFUSED 127.0.0.1:7076")], "all failed");
    const plain = Object.assign(new Error("asked http://127.0.0.1:7076", { cause: aggregate }), {
      code: "ECONNREFUSED",
    });
    const own = new NanoError("ledger_unavailable", { url: URL_WITH_KEY });
    const values = [aggregate, plain, own, 7, { status: 500 }, "text"];
    for (const cause of values) expect(new NanoError("ledger_unavailable", {}, cause).cause).toBe(cause);
  });
});

describe("codes", () => {
  test("each has a sentence of its own", () => {
    const sentences = Object.values(ERROR_SENTENCES);
    expect(new Set(sentences).size).toBe(sentences.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].{10,90}[.]$/);
  });

  test("are snake_case and in order", () => {
    const codes = Object.keys(ERROR_SENTENCES);
    for (const code of codes) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(codes).toEqual([...codes].sort());
  });
});

describe("narrowing", () => {
  const errors: readonly unknown[] = [new NanoError("purse_closed"), new Error("x"), null, undefined, "purse_closed"];

  test("isNanoError and hasCode", () => {
    expect(errors.map(isNanoError)).toEqual([true, false, false, false, false]);
    expect(errors.map((error) => hasCode(error, "purse_closed"))).toEqual([true, false, false, false, false]);
    expect(hasCode(new NanoError("purse_closed"), "invalid_hex")).toBe(false);
    expect(isNanoError({ name: "NanoError", code: "purse_closed" })).toBe(false);
  });

  test("a switch on the code narrows the union, and ends", () => {
    const nameOf = (error: NanoError<"purse_closed"> | NanoError<"invalid_hex">): string => {
      switch (error.code) {
        case "purse_closed":
          expectTypeOf(error).toEqualTypeOf<NanoError<"purse_closed">>();
          return "closed";
        case "invalid_hex":
          expectTypeOf(error).toEqualTypeOf<NanoError<"invalid_hex">>();
          return "hex";
      }
    };
    expect(nameOf(new NanoError("invalid_hex"))).toBe("hex");
    expectTypeOf<AnyNanoError["code"]>().toEqualTypeOf<ErrorCode>();
    expectTypeOf<Extract<AnyNanoError, { code: "purse_closed" }>>().toEqualTypeOf<NanoError<"purse_closed">>();
    const caught: unknown = new NanoError("invalid_hex");
    if (isNanoError(caught)) expectTypeOf(caught).toEqualTypeOf<AnyNanoError>();
    if (hasCode(caught, "invalid_hex")) expectTypeOf(caught.code).toEqualTypeOf<"invalid_hex">();
    expectTypeOf<ConstructorParameters<typeof NanoError>[0]>().toEqualTypeOf<ErrorCode>();
  });
});

function catchFrom(fail: () => unknown): unknown {
  try {
    fail();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
