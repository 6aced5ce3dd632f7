import fc from "fast-check";
import { expect, test } from "vitest";
import {
  addressOf,
  bigintToBytes,
  bytesToBigint,
  bytesToHex,
  decodeAddress,
  decodeCaip10,
  encodeAddress,
  encodeCaip10,
  formatXno,
  hexToBytes,
  keyBytes,
  MAX_RAW,
  parseAddress,
  parseAmount,
  parseRaw,
  publicKeyOf,
  xno,
} from "../../src/nano/index.js";

const settings = { seed: 20, numRuns: 3000 };
const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const raw = fc.bigInt({ min: 0n, max: MAX_RAW });

test("an amount is read back from every way to write it", () => {
  fc.assert(
    fc.property(raw, (amount) => {
      expect(parseAmount(formatXno(amount))).toBe(amount);
      expect(parseAmount(`${amount} raw`)).toBe(amount);
      expect(parseRaw(amount.toString())).toBe(amount);
      expect(xno(formatXno(amount).replace(" XNO", ""))).toBe(amount);
    }),
    settings,
  );
});

test("two amounts are never written alike", () => {
  fc.assert(
    fc.property(raw, fc.bigInt({ min: 0n, max: 10n }), fc.nat(30), (one, step, zeros) => {
      const other = one + step * 10n ** BigInt(zeros);
      expect(formatXno(one) === formatXno(other)).toBe(one === other);
    }),
    settings,
  );
});

test("a key is read back from each spelling of its account", () => {
  fc.assert(
    fc.property(key, (bytes) => {
      const address = encodeAddress(bytes);
      const body = address.slice("nano_".length);
      for (const prefix of ["nano", "xrb"]) {
        expect(decodeAddress(`${prefix}_${body}`)).toEqual(bytes);
        for (const separator of ["%5F", "%5f", "_"]) {
          expect(decodeCaip10(`nano:mainnet:${prefix}${separator}${body}`)).toEqual(bytes);
        }
        expect(addressOf(parseAddress(`${prefix}_${body}`))).toBe(address);
      }
      expect(encodeCaip10(bytes)).toBe(`nano:mainnet:nano%5F${body}`);
      expect(keyBytes(publicKeyOf(bytes))).toEqual(bytes);
    }),
    settings,
  );
});

test("bytes are read back from hexadecimal of either case, and from a number", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const hex = bytesToHex(bytes);
      expect(hex).toBe(Buffer.from(bytes).toString("hex"));
      expect(hexToBytes(hex, bytes.length)).toEqual(bytes);
      expect(hexToBytes(hex.toUpperCase(), bytes.length)).toEqual(bytes);
      expect(bigintToBytes(bytesToBigint(bytes), bytes.length + 1)).toEqual(Uint8Array.of(0, ...bytes));
    }),
    settings,
  );
});
