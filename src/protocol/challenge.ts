import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { NanoError } from "../errors/index.js";
import {
  bigintToBytes,
  bytesToHex,
  concatBytes,
  equalBytes,
  hexToBytes,
  keyBytes,
  MAX_RAW,
  type PublicKey,
} from "../nano/index.js";
import { ASSET, NETWORK } from "./constants.js";

/** What a challenge was issued for. It says no more than "issued recently, for this payTo and amount". */
export interface ChallengeTerms {
  readonly payTo: PublicKey;
  readonly amountRaw: bigint;
  readonly validBefore: number;
}

/** Issues nonces and recognises its own, storing nothing: no table grows with unpaid requests (SPEC 5). */
export interface ChallengeAuthority {
  /** Throws `invalid_requirements` for terms that no payment can meet. */
  issueNonce(terms: ChallengeTerms): string;
  /** Any case, any terms: what was not issued here is `false`, never an exception. */
  isOwnNonce(nonce: string, terms: ChallengeTerms): boolean;
}

export type ChallengeSecret = string | Uint8Array;
export type RandomBytes = (length: number) => Uint8Array;

const DOMAIN = new TextEncoder().encode("x402-nano/challenge/1");
const SEPARATOR = Uint8Array.of(0);
const HALF = 16;
const MIN_SECRET_BYTES = 32;
const HEX_DIGITS_ONLY = /^[0-9a-fA-F]+$/;
const NONCE = /^[0-9a-fA-F]{64}$/;

/**
 * The first secret issues; all of them are recognised, so that a rotation refuses nobody who already holds an offer.
 * Throws `invalid_configuration` for a secret that is too short.
 */
export function createChallengeAuthority(
  secrets: ChallengeSecret | readonly ChallengeSecret[],
  randomBytes: RandomBytes = systemRandomBytes,
): ChallengeAuthority {
  const keys = (Array.isArray(secrets) ? secrets : [secrets]).map(parseChallengeSecret);
  const newest = keys[0];
  if (newest === undefined) throw secretError("at least one secret is needed");
  return {
    issueNonce(terms) {
      if (!isIssuable(terms)) throw new NanoError("invalid_requirements", { why: "no payment can meet these terms" });
      const random = randomBytes(HALF);
      if (random.length !== HALF) {
        throw new NanoError("invalid_configuration", {
          setting: "randomBytes",
          accepted: "as many bytes as are asked for",
        });
      }
      return bytesToHex(concatBytes(random, authenticate(newest, random, terms)));
    },
    isOwnNonce(nonce, terms) {
      if (!NONCE.test(nonce) || !isIssuable(terms)) return false;
      const bytes = hexToBytes(nonce, 2 * HALF);
      const random = bytes.subarray(0, HALF);
      return keys.some((key) => equalBytes(authenticate(key, random, terms), bytes.subarray(HALF)));
    },
  };
}

/**
 * Bytes as given; a string of hexadecimal digits only decoded; any other string as its UTF-8 bytes. Digits that are too
 * few or odd in number are an error, never read as text: they are a secret that was cut, or half as strong as it looks.
 */
export function parseChallengeSecret(secret: ChallengeSecret): Uint8Array {
  const bytes = typeof secret === "string" ? secretTextToBytes(secret) : Uint8Array.from(secret);
  if (bytes.length < MIN_SECRET_BYTES) throw secretError("at least 32 bytes, or 64 hexadecimal digits");
  return bytes;
}

const NO_SECRET =
  "x402-nano: no challengeSecret was given, so this process made one; replicas and restarts will not recognise its challenges.";

/** For a resource server that was given none: one per process, and told once (SPEC 5). */
export function inventChallengeSecret(
  warn: (message: string) => void,
  randomBytes: RandomBytes = systemRandomBytes,
): ChallengeSecret {
  warn(NO_SECRET);
  return randomBytes(MIN_SECRET_BYTES);
}

export function systemRandomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function secretTextToBytes(secret: string): Uint8Array {
  if (!HEX_DIGITS_ONLY.test(secret)) return new TextEncoder().encode(secret);
  if (secret.length % 2 !== 0) throw secretError("an even number of hexadecimal digits");
  return hexToBytes(secret, secret.length / 2);
}

function secretError(accepted: string): NanoError {
  return new NanoError("invalid_configuration", { setting: "challengeSecret", accepted });
}

function isIssuable({ amountRaw, validBefore }: ChallengeTerms): boolean {
  return amountRaw > 0n && amountRaw <= MAX_RAW && Number.isSafeInteger(validBefore) && validBefore >= 0;
}

function authenticate(key: Uint8Array, random: Uint8Array, terms: ChallengeTerms): Uint8Array {
  const text = new TextEncoder();
  const message = concatBytes(
    DOMAIN,
    SEPARATOR,
    text.encode(NETWORK),
    SEPARATOR,
    text.encode(ASSET),
    SEPARATOR,
    keyBytes(terms.payTo),
    bigintToBytes(terms.amountRaw, 16),
    bigintToBytes(BigInt(terms.validBefore), 8),
    random,
  );
  return hmac(sha256, key, message).subarray(0, HALF);
}
