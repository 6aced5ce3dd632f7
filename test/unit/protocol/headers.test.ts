import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { hasCode, type NanoError } from "../../../src/errors/index.js";
import { decodeHeader, encodeHeader, MAX_HEADER_LENGTH } from "../../../src/protocol/index.js";

/** Its base64 holds `+`, `/` and two `=`: every form differs from every other. */
const VALUE = { text: "Ӿ~~~ÿÿÿ>>>???🥦", n: [1, null, { deep: true }], x: "y" };
const STANDARD = Buffer.from(JSON.stringify(VALUE)).toString("base64");

function base64(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function refusalOf(header: string, maxLength?: number): NanoError {
  try {
    decodeHeader(header, maxLength);
  } catch (error) {
    if (hasCode(error, "invalid_header")) return error;
    throw error;
  }
  return expect.unreachable();
}

describe("encodeHeader", () => {
  test("standard base64, padded, of UTF-8 JSON", () => {
    expect(STANDARD).toMatch(/\+.*==$/);
    expect(STANDARD).toContain("/");
    expect(encodeHeader(VALUE)).toBe(STANDARD);
  });

  test("half a surrogate pair stays what it is", () => {
    expect(decodeHeader(encodeHeader({ text: "\ud800" }))).toEqual({ text: "\ud800" });
  });
});

describe("decodeHeader", () => {
  const urlSafe = STANDARD.replaceAll("+", "-").replaceAll("/", "_");

  test.each([
    ["standard, padded", STANDARD],
    ["standard, not padded", STANDARD.replace(/=+$/, "")],
    ["URL-safe, padded", urlSafe],
    ["URL-safe, not padded", urlSafe.replace(/=+$/, "")],
    ["standard, half padded", STANDARD.replace(/=$/, "")],
  ])("%s", (_form, header) => {
    expect(decodeHeader(header)).toEqual(VALUE);
  });

  test("whitespace around the JSON, inside the base64, is JSON's own", () => {
    expect(decodeHeader(base64(' {"a": 1}\r\n'))).toEqual({ a: 1 });
  });

  test.each([
    ["whitespace", `${STANDARD} `],
    ["a line end", `${STANDARD}\n`],
    ["a space in the middle", `${STANDARD.slice(0, 8)} ${STANDARD.slice(8)}`],
    ["three equals signs", `${STANDARD}=`],
    ["padding in the middle", `${STANDARD.slice(0, 8)}==${STANDARD.slice(8)}`],
    ["JSON itself", JSON.stringify({ a: 1 })],
    ["a percent sign", "%7B%7D"],
    ["a letter beyond ASCII", "ÿÿÿÿ"],
    ["two headers joined by a comma", `${STANDARD},${STANDARD}`],
  ])("refuses %s: not base64", (_why, header) => {
    expect(refusalOf(header).facts["why"]).toBe("not base64");
  });

  test.each([
    ["nothing", ""],
    ["only padding", "=="],
    ["a number of digits that no base64 has", "A"],
    ["not JSON", base64("{a: 1}")],
    ["half of JSON", base64('{"a": 1')],
    ["two values", base64("{}{}")],
    ["a single quote", base64("{'a': 1}")],
    ["invalid UTF-8", base64(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))],
    ["an overlong encoding", base64(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22))],
    ["half a surrogate pair in UTF-8", base64(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))],
    ["UTF-16", base64(Buffer.from('{"a":1}', "utf16le"))],
  ])("refuses %s: not base64 of UTF-8 JSON", (_why, header) => {
    expect(refusalOf(header).facts["why"]).toBe("not base64 of UTF-8 JSON");
  });

  test.each(["[]", "[{}]", "null", "true", "0", '"{}"', "1e999"])("refuses %s: not an object", (json) => {
    expect(refusalOf(base64(json)).facts["why"]).toBe("not a JSON object");
  });

  test("__proto__ and constructor are ordinary keys, and nobody's prototype changes", () => {
    const decoded = decodeHeader(
      base64('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    );
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
    expect(Object.hasOwn(decoded, "__proto__")).toBe(true);
    expect({}).not.toHaveProperty("polluted");
  });

  test("of a key that comes twice the last one counts, as everywhere in JavaScript", () => {
    expect(decodeHeader(base64('{"a":1,"a":2}'))).toEqual({ a: 2 });
  });

  test("a repeated error says nothing of the header", () => {
    const secret = "d2VyIGRhcyBsaWVzdA";
    const printed = inspect(refusalOf(`${secret}%`), { depth: 10, showHidden: true });
    expect(printed).not.toContain(secret);
    expect(inspect(refusalOf(secret), { depth: 10, showHidden: true })).not.toContain("wer das liest");
  });
});

describe("the size of a header", () => {
  const ofLength = (length: number): string => base64(JSON.stringify({ a: "x".repeat((length / 4) * 3 - 8) }));

  test("16 KiB are read, one letter more is not", () => {
    expect(ofLength(MAX_HEADER_LENGTH)).toHaveLength(16_384);
    expect(decodeHeader(ofLength(MAX_HEADER_LENGTH))).toHaveProperty("a");
    expect(refusalOf(ofLength(MAX_HEADER_LENGTH + 4)).facts).toEqual({ why: "too long", maxLength: 16_384 });
    expect(refusalOf("A".repeat(MAX_HEADER_LENGTH + 1)).facts["why"]).toBe("too long");
  });

  test("a host may set its own limit", () => {
    expect(refusalOf(ofLength(1024), 1023).facts).toEqual({ why: "too long", maxLength: 1023 });
    expect(decodeHeader(ofLength(1024), 1024)).toHaveProperty("a");
  });

  test("ten million letters are refused by their number alone", () => {
    expect(refusalOf("!".repeat(10_000_000)).facts["why"]).toBe("too long");
  });

  test("five thousand levels of nesting within the limit are read", () => {
    const json = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    expect(decodeHeader(base64(json))).toHaveProperty("a");
  });
});
