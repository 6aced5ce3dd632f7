import { describe, expect, test } from "vitest";
import { NanoError } from "../../../src/errors/index.js";
import { formatXno, MAX_RAW, parseAmount, parseRaw, XNO_DECIMALS, xno } from "../../../src/nano/index.js";

const SUPPLY = "340282366920938463463374607431768211455";

function codeOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    if (error instanceof NanoError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("parseAmount", () => {
  test.each([
    ["0.001 XNO", 10n ** 27n],
    ["1 XNO", 10n ** 30n],
    ["1XNO", 10n ** 30n],
    ["1.0 XNO", 10n ** 30n],
    ["0 XNO", 0n],
    ["0.000000000000000000000000000001 XNO", 1n],
    ["0.100000000000000000000000000000 XNO", 10n ** 29n],
    ["340282366.920938463463374607431768211455 XNO", MAX_RAW],
    ["1000 raw", 1000n],
    ["1000raw", 1000n],
    ["0 raw", 0n],
    [`${SUPPLY} raw`, MAX_RAW],
  ])("%s", (text, raw) => {
    expect(parseAmount(text)).toBe(raw);
  });

  test.each(["0.001", "1", "0", "123456789", "1.000000000000000000000000000000"])("%j has no unit", (text) => {
    expect(codeOf(() => parseAmount(text))).toBe("ambiguous_amount");
  });

  test.each([
    ["exponent", "1e3 XNO"],
    ["exponent without unit", "1e3"],
    ["31 decimals", `0.${"1".repeat(31)} XNO`],
    ["31 decimals, all zero at the end", `0.1${"0".repeat(30)} XNO`],
    ["negative", "-1 XNO"],
    ["negative raw", "-1 raw"],
    ["plus sign", "+1 XNO"],
    ["thousands separator", "1,000 XNO"],
    ["decimal comma", "0,5 XNO"],
    ["underscore", "1_000 XNO"],
    ["no whole part", ".5 XNO"],
    ["no fraction", "1. XNO"],
    ["leading zero", "00.1 XNO"],
    ["leading zero of an integer", "01 XNO"],
    ["leading zero of raw", "01 raw"],
    ["two points", "1.2.3 XNO"],
    ["raw with a fraction", "1.5 raw"],
    ["raw with a zero fraction", "1.0 raw"],
    ["not a number", "NaN"],
    ["not a number, with unit", "NaN XNO"],
    ["infinity", "Infinity XNO"],
    ["hexadecimal", "0x10 raw"],
    ["empty", ""],
    ["a unit alone", "XNO"],
    ["a unit and a space", " XNO"],
    ["another unit", "1 NANO"],
    ["the unit's old name", "1 Nano"],
    ["the unit in lower case", "1 xno"],
    ["raw in upper case", "1 RAW"],
    ["two units", "1 XNO raw"],
    ["dollars", "$0.01"],
    ["two spaces", "1  XNO"],
    ["tab", "1\tXNO"],
    ["no-break space", "1\u00a0XNO"],
    ["space before", " 1 XNO"],
    ["space after", "1 XNO "],
    ["line feed after", "1 XNO\n"],
    ["full-width digits", "１ XNO"],
    ["Arabic digits", "١ XNO"],
    ["superscript", "1² XNO"],
    ["one raw above the supply", "340282366920938463463374607431768211456 raw"],
    ["above the supply by its last decimal", "340282366.920938463463374607431768211456 XNO"],
    ["far above the supply", "340282367 XNO"],
    ["39 digits of XNO", `${"9".repeat(39)} XNO`],
    ["a million digits", `${"9".repeat(1_000_000)} XNO`],
    ["a million decimals", `0.${"9".repeat(1_000_000)} XNO`],
    ["a million spaces", `1${" ".repeat(1_000_000)}XNO`],
  ])("refuses %s", (_why, text) => {
    expect(codeOf(() => parseAmount(text))).toBe("invalid_amount");
  });

  test("the error quotes no more than the beginning of a long text", () => {
    try {
      parseAmount("7".repeat(5000));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "invalid_amount", facts: { seen: `${"7".repeat(48)}…` } });
    }
  });
});

describe("xno", () => {
  test("reads the number alone", () => {
    expect(xno("0.001")).toBe(10n ** 27n);
    expect(xno("340282366.920938463463374607431768211455")).toBe(MAX_RAW);
  });

  test.each(["", "1 XNO", "-1", "1e3", ".5", "1.", "340282367"])("refuses %j", (text) => {
    expect(codeOf(() => xno(text))).toBe("invalid_amount");
  });
});

describe("parseRaw", () => {
  test("0 to 2^128 - 1", () => {
    expect([parseRaw("0"), parseRaw("7"), parseRaw(SUPPLY)]).toEqual([0n, 7n, 2n ** 128n - 1n]);
  });

  test.each([
    "",
    "-1",
    "+1",
    "00",
    "01",
    "1.0",
    "1e3",
    "0x1",
    " 1",
    "1 ",
    "1\n",
    "１",
    "340282366920938463463374607431768211456",
  ])("refuses %j", (text) => {
    expect(codeOf(() => parseRaw(text))).toBe("invalid_amount");
  });
});

describe("formatXno", () => {
  test.each([
    [0n, "0 XNO"],
    [1n, "0.000000000000000000000000000001 XNO"],
    [10n ** 27n, "0.001 XNO"],
    [10n ** 27n + 1n, "0.001000000000000000000000000001 XNO"],
    [10n ** 30n, "1 XNO"],
    [12n * 10n ** 30n, "12 XNO"],
    [MAX_RAW, "340282366.920938463463374607431768211455 XNO"],
  ])("%s raw", (raw, text) => {
    expect(formatXno(raw)).toBe(text);
  });

  test("writes differences of any size and sign, for messages", () => {
    expect(formatXno(-1n)).toBe("-0.000000000000000000000000000001 XNO");
    expect(formatXno(-15n * 10n ** 29n)).toBe("-1.5 XNO");
    expect(formatXno(MAX_RAW + 1n)).toBe("340282366.920938463463374607431768211456 XNO");
  });
});

test("1 XNO has 30 decimals", () => {
  expect(XNO_DECIMALS).toBe(30);
});
