import { NanoError } from "../errors/index.js";

/** 1 XNO = 10^30 raw; the whole supply fits into 128 bits. */
export const XNO_DECIMALS = 30;
export const MAX_RAW = 2n ** 128n - 1n;
const RAW_PER_XNO = 10n ** BigInt(XNO_DECIMALS);
const WITH_UNIT = /^(?<number>\S+?)[ ]?(?<unit>XNO|raw)$/;
const DECIMAL = /^(?<whole>0|[1-9][0-9]{0,38})(?:\.(?<fraction>[0-9]+))?$/;
const RAW_DIGITS = /^(?:0|[1-9][0-9]{0,38})$/;

/**
 * `"0.001 XNO"` or `"1000 raw"` → raw, exactly. The unit is required: `"0.001"` could mean dollars.
 * Throws `ambiguous_amount` without a unit, `invalid_amount` for anything that is not plain decimal, has more than
 * 30 decimals, or exceeds the supply.
 */
export function parseAmount(text: string): bigint {
  const match = WITH_UNIT.exec(text);
  const number = match?.groups?.["number"];
  if (number === undefined) {
    throw new NanoError(DECIMAL.test(text) ? "ambiguous_amount" : "invalid_amount", { seen: preview(text) });
  }
  return match?.groups?.["unit"] === "raw" ? parseRaw(number) : xno(number);
}

/** `xno("0.001")` → raw. For code, where the function's name is the unit. */
export function xno(decimal: string): bigint {
  const match = DECIMAL.exec(decimal);
  const fraction = match?.groups?.["fraction"] ?? "";
  if (match === null || fraction.length > XNO_DECIMALS)
    throw new NanoError("invalid_amount", { seen: preview(decimal) });
  const raw = BigInt(match.groups?.["whole"] ?? "0") * RAW_PER_XNO + BigInt(fraction.padEnd(XNO_DECIMALS, "0"));
  if (raw > MAX_RAW) throw new NanoError("invalid_amount", { seen: preview(decimal), why: "more than exists" });
  return raw;
}

/** Base-10 digits without sign, point, exponent or leading zero, `0 … 2^128-1` (SPEC 2). */
export function parseRaw(digits: string): bigint {
  if (!RAW_DIGITS.test(digits)) throw new NanoError("invalid_amount", { seen: preview(digits) });
  const raw = BigInt(digits);
  if (raw > MAX_RAW) throw new NanoError("invalid_amount", { seen: preview(digits), why: "more than exists" });
  return raw;
}

/** raw → `"0.001 XNO"`: exact, no trailing zeros; `parseAmount` reads it back. */
export function formatXno(raw: bigint): string {
  const fraction = (raw % RAW_PER_XNO).toString().padStart(XNO_DECIMALS, "0").replace(/0+$/, "");
  const whole = (raw / RAW_PER_XNO).toString();
  return `${whole}${fraction === "" ? "" : `.${fraction}`} XNO`;
}

function preview(text: string): string {
  return text.length > 48 ? `${text.slice(0, 48)}…` : text;
}
