import { NanoError } from "../errors/index.js";

/** 1 XNO = 10^30 raw; the whole supply fits into 128 bits. */
export const XNO_DECIMALS = 30;
export const MAX_RAW = 2n ** 128n - 1n;
const RAW_PER_XNO = 10n ** BigInt(XNO_DECIMALS);
const WITH_UNIT = /^(?<number>\S+?) ?(?<unit>XNO|raw)$/;
const DECIMAL = /^(?<whole>0|[1-9][0-9]{0,38})(?:\.(?<fraction>[0-9]{1,30}))?$/;
const RAW_DIGITS = /^(?:0|[1-9][0-9]{0,38})$/;

/**
 * `"0.001 XNO"` or `"1000 raw"` → raw, exactly. The unit is required: `"0.001"` could mean dollars.
 * Throws `ambiguous_amount` without a unit, `invalid_amount` for anything that is not plain decimal, has more than
 * 30 decimals, or exceeds the supply.
 */
export function parseAmount(text: string): bigint {
  const { number, unit } = WITH_UNIT.exec(text)?.groups ?? {};
  if (number === undefined) {
    throw new NanoError(DECIMAL.test(text) ? "ambiguous_amount" : "invalid_amount", { seen: preview(text) });
  }
  return unit === "raw" ? parseRaw(number) : xno(number);
}

/** `xno("0.001")` → raw. For code, where the function's name is the unit. Throws `invalid_amount`. */
export function xno(decimal: string): bigint {
  const groups = DECIMAL.exec(decimal)?.groups;
  if (groups === undefined) throw new NanoError("invalid_amount", { seen: preview(decimal) });
  const fraction = (groups["fraction"] ?? "").padEnd(XNO_DECIMALS, "0");
  return withinSupply(BigInt(groups["whole"] ?? "") * RAW_PER_XNO + BigInt(fraction), decimal);
}

/**
 * Base-10 digits without sign, point, exponent or leading zero, `0 … 2^128-1` (SPEC 2). Zero is a balance; whoever
 * wants an amount to be paid refuses it. Throws `invalid_amount`.
 */
export function parseRaw(digits: string): bigint {
  if (!RAW_DIGITS.test(digits)) throw new NanoError("invalid_amount", { seen: preview(digits) });
  return withinSupply(BigInt(digits), digits);
}

/**
 * raw → `"0.001 XNO"`: exact, no trailing zeros; `parseAmount` reads back what is within the supply. Total, for
 * messages about differences: a negative one, as a hostile block can have, gets a minus sign.
 */
export function formatXno(raw: bigint): string {
  const magnitude = raw < 0n ? -raw : raw;
  const whole = (magnitude / RAW_PER_XNO).toString();
  const fraction = (magnitude % RAW_PER_XNO).toString().padStart(XNO_DECIMALS, "0").replace(/0+$/, "");
  return `${raw < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`} XNO`;
}

function withinSupply(raw: bigint, text: string): bigint {
  if (raw > MAX_RAW) throw new NanoError("invalid_amount", { seen: preview(text), why: "more than exists" });
  return raw;
}

function preview(text: string): string {
  return text.length > 48 ? `${text.slice(0, 48)}…` : text;
}
