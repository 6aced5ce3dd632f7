import type { EntryKey, LeaseToken } from "./port.js";

const SECRET_BYTES = 32;
const TOKEN = /^([0-9a-f]{64})\.([0-9a-f]{64})\.([0-9a-f]{64})$/;

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export type RandomBytes = (length: number) => Uint8Array;

/** One call of the platform for 128 tokens: a call costs as much as the rest of a claim. */
const POOL_BYTES = 4_096;
let pool = new Uint8Array(0);

export const systemRandomBytes: RandomBytes = (length) => {
  if (pool.length < length) pool = crypto.getRandomValues(new Uint8Array(Math.max(POOL_BYTES, length)));
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
};

/** `<account>.<hash>.<32 random bytes>`. */
export function createToken({ account, hash }: EntryKey, randomBytes: RandomBytes): LeaseToken {
  let secret = "";
  for (const byte of randomBytes(SECRET_BYTES)) secret += DIGITS[byte] ?? "";
  return `${account}.${hash}.${secret}`;
}

export interface TokenParts {
  readonly account: string;
  readonly hash: string;
  readonly secret: string;
}

/** What a token names; undefined for what is no token, or no text: it comes from the network, and is then just unknown. */
export function readToken(token: unknown): TokenParts | undefined {
  if (typeof token !== "string") return undefined;
  const [, account, hash, secret] = TOKEN.exec(token) ?? [];
  return account === undefined || hash === undefined || secret === undefined ? undefined : { account, hash, secret };
}

export function hashOfToken(token: unknown): string | undefined {
  return readToken(token)?.hash;
}
