import fc from "fast-check";
import { expect, test } from "vitest";
import { type ErrorCode, isNanoError } from "../../src/errors/index.js";
import {
  decodeAddress,
  decodeCaip10,
  encodeAddress,
  encodeCaip10,
  hexToBytes,
  isAddress,
  parseAmount,
  parseBlockHash,
  parseRaw,
  parseSecret,
  xno,
} from "../../src/nano/index.js";

/** 10,000 inputs for each parser: it returns, or refuses with its own code; it never throws anything else. */
const RUNS = { seed: 1, numRuns: 10_000 };
const HEX = "00a1B2c3D4e5F60718293a4b5c6d7e8f".repeat(2);
const KEY = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
const HOSTILE = [
  ..."\0\t\n\r \u00a0\u2028\ufeff\u202e\ud800+-.,_:%eExX０１٣²½∞KİI",
  "%5F",
  "%255F",
  "1e999",
  "0x",
  "NaN",
  "Infinity",
  "__proto__",
  "9".repeat(400),
  "🥦",
];

/** Strangers' text: anything at all, and valid text with one to three pieces replaced, inserted, cut out or doubled. */
function hostileTextLike(...valid: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 3 }), fc.constant(""));
  const edit = fc.record({ at: fc.nat(80), cut: fc.nat(3), piece });
  const edited = fc
    .tuple(fc.constantFrom(...valid), fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([text, edits]) => edits.reduce(applyEdit, text));
  const recased = fc.constantFrom(...valid).chain((text) => fc.constantFrom(text.toUpperCase(), text.toLowerCase()));
  return fc.oneof(
    { weight: 5, arbitrary: edited },
    { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 200 }) },
    { weight: 1, arbitrary: recased },
    { weight: 1, arbitrary: fc.constantFrom(...valid) },
  );
}

function applyEdit(text: string, edit: { at: number; cut: number; piece: string }): string {
  const at = edit.at % (text.length + 1);
  return text.slice(0, at) + edit.piece + text.slice(at + edit.cut);
}

/** What a parser made of a text: its value, or the code of its refusal. */
function outcome<Value>(parse: () => Value): { value: Value } | { code: ErrorCode } {
  try {
    return { value: parse() };
  } catch (error) {
    if (!isNanoError(error)) throw error;
    return { code: error.code };
  }
}

interface Parser<Value> {
  readonly parse: (text: string) => Value;
  readonly valid: readonly string[];
  readonly codes: readonly ErrorCode[];
  /** What must hold for a text that was taken: an independent description of the accepted language. */
  readonly accepts: (text: string, value: Value) => boolean;
}

function parser<Value>(description: Parser<Value>): () => void {
  return () => {
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(hostileTextLike(...description.valid), (text) => {
        const result = outcome(() => description.parse(text));
        if ("value" in result) {
          seen.taken += 1;
          expect(description.accepts(text, result.value)).toBe(true);
        } else {
          seen.refused += 1;
          expect(description.codes).toContain(result.code);
        }
      }),
      RUNS,
    );
    expect(seen.taken).toBeGreaterThan(500);
    expect(seen.refused).toBeGreaterThan(5000);
  };
}

const ADDRESS = encodeAddress(KEY);
const PLAIN_DIGITS = /^[0-9]+$/;
const PLAIN_DECIMAL = /^[0-9]+(\.[0-9]+)?$/;
const isSameNumber = (text: string, raw: bigint): boolean => PLAIN_DIGITS.test(text) && BigInt(text) === raw;

test(
  "parseAmount",
  parser({
    parse: parseAmount,
    valid: ["0.001 XNO", "1 XNO", "340282366.920938463463374607431768211455 XNO", "12345 raw", "0 raw", "0.1XNO"],
    codes: ["invalid_amount", "ambiguous_amount"],
    accepts: (text, raw) => raw >= 0n && raw < 2n ** 128n && PLAIN_DECIMAL.test(text.replace(/ ?(XNO|raw)$/, "")),
  }),
);

test(
  "xno",
  parser({
    parse: xno,
    valid: ["0.001", "1", "340282366.920938463463374607431768211455", "0"],
    codes: ["invalid_amount"],
    accepts: (text, raw) => raw >= 0n && raw < 2n ** 128n && PLAIN_DECIMAL.test(text),
  }),
);

test(
  "parseRaw",
  parser({
    parse: parseRaw,
    valid: ["0", "1", "1000000000000000000000000000", "340282366920938463463374607431768211455"],
    codes: ["invalid_amount"],
    accepts: (text, raw) => isSameNumber(text, raw) && raw.toString() === text && raw < 2n ** 128n,
  }),
);

test(
  "decodeAddress",
  parser({
    parse: decodeAddress,
    valid: [ADDRESS, ADDRESS.replace("nano", "xrb")],
    codes: ["invalid_address"],
    accepts: (text, key) => isAddress(text) && encodeAddress(key) === text.replace("xrb", "nano"),
  }),
);

test(
  "decodeCaip10",
  parser({
    parse: decodeCaip10,
    valid: [encodeCaip10(KEY), `nano:mainnet:${ADDRESS}`, encodeCaip10(KEY).replace("nano%5F", "xrb%5f")],
    codes: ["invalid_address"],
    accepts: (text, key) => encodeCaip10(key) === text.replace(/:(nano|xrb)(_|%5f)/i, ":nano%5F"),
  }),
);

test(
  "parseBlockHash",
  parser({
    parse: parseBlockHash,
    valid: [HEX, HEX.toLowerCase(), HEX.toUpperCase()],
    codes: ["invalid_hex"],
    accepts: (text, hash) => text.length === 64 && hash === Buffer.from(text, "hex").toString("hex"),
  }),
);

test(
  "parseSecret",
  parser({
    parse: parseSecret,
    valid: [HEX, HEX.toLowerCase(), HEX.toUpperCase()],
    codes: ["invalid_secret_key"],
    accepts: (text, secret) => text.length === 64 && Buffer.from(text, "hex").equals(secret),
  }),
);

test(
  "hexToBytes",
  parser({
    parse: (text) => hexToBytes(text, 32),
    valid: [HEX, HEX.toLowerCase(), HEX.toUpperCase()],
    codes: ["invalid_hex"],
    accepts: (text, bytes) => text.length === 64 && Buffer.from(text, "hex").equals(bytes),
  }),
);
