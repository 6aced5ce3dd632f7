import { isBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import { NanoError } from "../../errors/index.js";
import { parseSecret, SECRET_KEY_BYTES } from "../../nano/index.js";
import type { ExternalSigner } from "./external-signer.js";
import { MAX_HARDENED_INDEX } from "./slip10.js";

/** Exactly one of `seed`, `mnemonic`, `secretKey` and `signer`. */
export interface AccountOptions {
  /** 64 hexadecimal digits; accounts are derived from it by `index`, as Nano wallets do. */
  readonly seed?: string | undefined;
  /** 12 to 24 English words of BIP-39; accounts are those at `m/44'/165'/index'`, as on hardware wallets. */
  readonly mnemonic?: string | undefined;
  /** Of the mnemonic, where it has one. */
  readonly passphrase?: string | undefined;
  /** Which account of the seed or mnemonic, default 0. */
  readonly index?: number | undefined;
  /** One account's key: 64 hexadecimal digits or 32 bytes, which are copied. */
  readonly secretKey?: string | Uint8Array | undefined;
  /** A key that is somewhere else; for several accounts one for each. */
  readonly signer?: ExternalSigner | readonly ExternalSigner[] | undefined;
}

type ExternalSigners = readonly [ExternalSigner, ...ExternalSigner[]];

/** Where keys come from, how many are wanted, and from which index on. */
export type AccountSource =
  | { readonly kind: "seed"; readonly seed: Uint8Array; readonly index: number; readonly count: number }
  | {
      readonly kind: "mnemonic";
      readonly mnemonic: string;
      readonly passphrase: string;
      readonly index: number;
      readonly count: number;
    }
  | { readonly kind: "secretKey"; readonly secretKey: Uint8Array }
  | { readonly kind: "signer"; readonly signers: ExternalSigners };

const SOURCES = ["seed", "mnemonic", "secretKey", "signer"] as const;
const MAX_SEED_INDEX = 2 ** 32 - 1;
const MAX_TIMEOUT_SECONDS = 86_400;
const LONE_SURROGATE = /\p{Cs}/u;

const wholeNumber = z.int("a whole number");
const device = z.custom<ExternalSigner>(isExternalSigner);
const schema = z.object({
  seed: z.string("64 hexadecimal digits").optional(),
  mnemonic: z.string("words in one text").optional(),
  passphrase: z
    .string("a text")
    .refine((text) => !LONE_SURROGATE.test(text), "well-formed Unicode")
    .optional(),
  index: wholeNumber.min(0, "not below 0").optional(),
  secretKey: z.union([z.string(), z.custom<Uint8Array>(isBytes)], "64 hexadecimal digits or 32 bytes").optional(),
  signer: z
    .union([device, z.tuple([device], device)], "account, signBlock and signMessage, or an array of such")
    .optional(),
});

/**
 * Reads everything at once, before anything is waited for: a caller may overwrite its key as soon as the call returns.
 * Throws `invalid_configuration` and `invalid_secret_key`, which name settings and never their values.
 */
export function readSource(options: AccountOptions, count: number | undefined): AccountSource {
  const read = schema.safeParse(options);
  if (!read.success) {
    const issue = read.error.issues[0];
    throw unusable(String(issue?.path[0] ?? ""), issue?.message ?? "");
  }
  const { seed, mnemonic, passphrase, index, secretKey, signer } = read.data;
  const given = SOURCES.filter((name) => read.data[name] !== undefined);
  if (given.length !== 1) throw unusable(SOURCES.join(", "), "exactly one of the four");
  if (passphrase !== undefined && mnemonic === undefined) throw unusable("passphrase", "only beside a mnemonic");
  if (index !== undefined && seed === undefined && mnemonic === undefined) {
    throw unusable("index", "only beside a seed or a mnemonic");
  }
  if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) throw unusable("count", "1 or more");
  if (signer !== undefined) return readSigners(signer, count);
  if (secretKey !== undefined) {
    if (count !== undefined && count > 1) throw unusable("secretKey", "a seed or mnemonic, for several accounts");
    return { kind: "secretKey", secretKey: copyKey(secretKey) };
  }
  const accounts = { index: index ?? 0, count: count ?? 1 };
  const maxIndex = mnemonic === undefined ? MAX_SEED_INDEX : MAX_HARDENED_INDEX;
  if (accounts.index + accounts.count - 1 > maxIndex) throw unusable("index", `0 … ${maxIndex}, for every account`);
  if (mnemonic !== undefined) return { kind: "mnemonic", mnemonic, passphrase: passphrase ?? "", ...accounts };
  return { kind: "seed", seed: parseSecret(seed ?? ""), ...accounts };
}

function readSigners(signer: ExternalSigner | ExternalSigners, count: number | undefined): AccountSource {
  const signers: ExternalSigners = "account" in signer ? [signer] : signer;
  if (count === undefined || count === signers.length) return { kind: "signer", signers };
  throw unusable("signer", `as many as accounts: ${count}`);
}

function copyKey(secretKey: string | Uint8Array): Uint8Array {
  if (typeof secretKey === "string") return parseSecret(secretKey);
  if (secretKey.length === SECRET_KEY_BYTES) return Uint8Array.from(secretKey);
  throw new NanoError("invalid_secret_key", { bytes: secretKey.length });
}

function isExternalSigner(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!("account" in value && "signBlock" in value && "signMessage" in value)) return false;
  const { account, signBlock, signMessage } = value;
  if (typeof account !== "string" || typeof signBlock !== "function" || typeof signMessage !== "function") return false;
  return !("timeoutSeconds" in value) || isTimeout(value.timeoutSeconds);
}

function isTimeout(value: unknown): boolean {
  return value === undefined || (typeof value === "number" && value > 0 && value <= MAX_TIMEOUT_SECONDS);
}

function unusable(setting: string, accepted: string): NanoError {
  return new NanoError("invalid_configuration", { setting, accepted });
}
