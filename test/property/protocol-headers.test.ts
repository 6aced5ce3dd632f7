import fc from "fast-check";
import { expect, test } from "vitest";
import { isNanoError } from "../../src/errors/index.js";
import { decodeHeader, encodeHeader } from "../../src/protocol/index.js";

const NO_LIMIT = Number.MAX_SAFE_INTEGER;
const jsonObject = fc
  .dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ stringUnit: "binary" }))
  .map((object): Record<string, unknown> => JSON.parse(JSON.stringify(object)));

test("what was encoded is decoded, from all four forms, Unicode and all", () => {
  fc.assert(
    fc.property(jsonObject, (value) => {
      const header = encodeHeader(value);
      expect(header).toBe(Buffer.from(JSON.stringify(value)).toString("base64"));
      const urlSafe = header.replaceAll("+", "-").replaceAll("/", "_");
      for (const form of [header, header.replace(/=+$/, ""), urlSafe, urlSafe.replace(/=+$/, "")]) {
        expect(decodeHeader(form, NO_LIMIT)).toEqual(value);
      }
    }),
    { seed: 7, numRuns: 3_000 },
  );
});

/** Text, base64 of bytes, base64 of nearly JSON, and a valid header with one letter changed. */
const valid = encodeHeader({ x402Version: 2, accepted: { payTo: "nano_", amount: "1" }, payload: { text: "Ӿ🥦" } });
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.base64String({ maxLength: 400 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
  fc.json().map((json) => Buffer.from(json).toString("base64")),
  fc.tuple(fc.json(), fc.nat(20)).map(([json, cut]) => Buffer.from(json.slice(0, -cut)).toString("base64")),
  fc
    .tuple(fc.nat(valid.length - 1), fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 2 }))
    .map(([at, piece]) => valid.slice(0, at) + piece + valid.slice(at + 1)),
);

test("10,000 hostile headers: an object, or invalid_header, and nothing else", () => {
  const seen = { objects: 0, refused: 0 };
  fc.assert(
    fc.property(hostile, (header) => {
      try {
        const value = decodeHeader(header);
        seen.objects += 1;
        expect(typeof value === "object" && value !== null && !Array.isArray(value)).toBe(true);
      } catch (error) {
        seen.refused += 1;
        expect(isNanoError(error) ? error.code : error).toBe("invalid_header");
      }
    }),
    { seed: 8, numRuns: 10_000 },
  );
  expect(seen.objects).toBeGreaterThan(500);
  expect(seen.refused).toBeGreaterThan(5_000);
});
