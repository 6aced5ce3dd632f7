import type { EntryKey, LeaseToken } from "./port.js";

const SECRET_BYTES = 32;
const TOKEN = /^[0-9a-f]{64}\.([0-9a-f]{64})\.[0-9a-f]{64}$/;

export type RandomBytes = (length: number) => Uint8Array;

export const systemRandomBytes: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** `<account>.<hash>.<32 random bytes>`. */
export function createToken({ account, hash }: EntryKey, randomBytes: RandomBytes): LeaseToken {
  const secret = Array.from(randomBytes(SECRET_BYTES), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${account}.${hash}.${secret}`;
}

/** The hash that a token names; undefined for what is no token: it comes from the network, and is then just unknown. */
export function hashOfToken(token: LeaseToken): string | undefined {
  return TOKEN.exec(token)?.[1];
}
