import { NanoError } from "../errors/index.js";

/** Node's own limit for all headers together is 16 KiB; a payment needs less than 3. */
export const MAX_HEADER_LENGTH = 16_384;
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** A value for `PAYMENT-REQUIRED`, `PAYMENT-SIGNATURE` or `PAYMENT-RESPONSE`: standard base64, padded, of UTF-8 JSON. */
export function encodeHeader(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/**
 * Reads standard and URL-safe base64, padded or not. Throws `invalid_header` for what is too long, not base64, not
 * UTF-8, not JSON, or not an object; the error never repeats the header.
 */
export function decodeHeader(header: string, maxLength: number = MAX_HEADER_LENGTH): Readonly<Record<string, unknown>> {
  if (header.length > maxLength) throw new NanoError("invalid_header", { why: "too long", maxLength });
  if (!BASE64.test(header)) throw new NanoError("invalid_header", { why: "not base64" });
  const value = decodeJson(header);
  if (!isJsonObject(value)) throw new NanoError("invalid_header", { why: "not a JSON object" });
  return value;
}

function decodeJson(header: string): unknown {
  try {
    const binary = atob(header.replace(/-/g, "+").replace(/_/g, "/").replace(/=+$/, ""));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return value;
  } catch {
    throw new NanoError("invalid_header", { why: "not base64 of UTF-8 JSON" });
  }
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
