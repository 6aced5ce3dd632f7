import { NanoError } from "../../errors/index.js";
import { cryptoReady, deriveSecretKey } from "../../nano/index.js";
import { createExternalSigner, type SignerTools } from "./external-signer.js";
import { createKeySigner } from "./key-signer.js";
import { deriveMnemonicSeed, deriveNanoKey } from "./mnemonic.js";
import { type AccountOptions, type AccountSource, readSource } from "./options.js";
import type { Signer, Signers } from "./signer.js";

/**
 * Signers for `count` accounts of one source: of a seed or mnemonic at `index`, `index` + 1, …; a secret key has one,
 * and of external signers there are as many as were given. Throws `invalid_configuration`, `invalid_secret_key` and
 * `invalid_address`.
 */
export async function createSigners(
  options: AccountOptions,
  count?: number,
  tools: SignerTools = {},
): Promise<Signers> {
  const source = readSource(options, count);
  await cryptoReady();
  switch (source.kind) {
    case "seed":
      return deriveSigners(source.seed, source, deriveSecretKey);
    case "mnemonic":
      return deriveSigners(await deriveMnemonicSeed(source.mnemonic, source.passphrase), source, deriveNanoKey);
    case "secretKey":
      return [createKeySigner(source.secretKey)];
    case "signer":
      return wrapDevices(source, tools);
  }
}

/** The first account alone. */
export async function createSigner(options: AccountOptions, tools: SignerTools = {}): Promise<Signer> {
  const [signer] = await createSigners(options, 1, tools);
  return signer;
}

function deriveSigners(
  seed: Uint8Array,
  { index, count }: { readonly index: number; readonly count: number },
  deriveKey: (seed: Uint8Array, index: number) => Uint8Array,
): Signers {
  const signerAt = (offset: number): Signer => createKeySigner(deriveKey(seed, index + offset));
  try {
    return [signerAt(0), ...Array.from({ length: count - 1 }, (_, other) => signerAt(other + 1))];
  } finally {
    seed.fill(0);
  }
}

/** Two signers for one account would build two chains on it. */
function wrapDevices({ signers }: Extract<AccountSource, { kind: "signer" }>, tools: SignerTools): Signers {
  const [first, ...others] = signers;
  const wrapped: Signers = [
    createExternalSigner(first, tools),
    ...others.map((device) => createExternalSigner(device, tools)),
  ];
  if (new Set(wrapped.map(({ account }) => account)).size === wrapped.length) return wrapped;
  throw new NanoError("invalid_configuration", { setting: "signer", accepted: "each account once" });
}
