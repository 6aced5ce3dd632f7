import { describe, expect, test } from "vitest";
import { parseRetryAfter } from "../../../../src/ledger/pool/retry-after.js";

const NOW_MS = Date.parse("2027-01-15T08:00:00Z");

describe("Retry-After", () => {
  test.each([
    ["0", 0],
    ["3", 3_000],
    [" 12 ", 12_000],
    ["007", 7_000],
    ["Fri, 15 Jan 2027 08:00:30 GMT", 30_000],
    ["Fri, 15 Jan 2027 07:59:00 GMT", 0],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ])("%j is a delay", (header, delayMs) => {
    expect(parseRetryAfter(header, NOW_MS)).toBe(delayMs);
  });

  test.each(["601", "86400", "999999999999999", "9".repeat(16), "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"])(
    "%j is cut to ten minutes",
    (header) => {
      expect(parseRetryAfter(header, NOW_MS)).toBe(600_000);
    },
  );

  test.each([
    undefined,
    "",
    "  ",
    "-1",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "soon",
    "3 seconds",
    "Infinity",
    "NaN",
    "2027-01-15",
    "2027-01-15T08:00:30Z",
    "Fri, 15 Jan 2027 08:00:30",
    "Fri, 15 Jan 2027 08:00:30 +0100",
    "Friday, 15-Jan-27 08:00:30 GMT",
    "Fri Jan 15 08:00:30 2027",
    "Fri, 99 Foo 2027 08:00:30 GMT",
    "Fri, 15 Jan 2027 99:99:99 GMT",
    "3, 4",
    "\u0663",
  ])("%j says nothing", (header) => {
    expect(parseRetryAfter(header, NOW_MS)).toBeUndefined();
  });
});
