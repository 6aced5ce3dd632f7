import { NanoError } from "../errors/index.js";
import {
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  type PublicKey,
  parseSecret,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  signNoms,
  type UnsignedBlock,
} from "../nano/index.js";

/** Who signs. Asynchronous, because a device or a service may stand behind it. */
export interface Signer {
  readonly account: PublicKey;
  signBlock(block: UnsignedBlock): Promise<SignedBlock>;
  signNoms(message: string): Promise<Uint8Array>;
  /** Overwrites the key; whoever signs afterwards gets `purse_closed`. */
  forget(): void;
}

export interface SecretOptions {
  /** 64 hexadecimal digits; accounts are derived from it by `index`. */
  readonly seed?: string | undefined;
  /** Which account of the seed, default 0. */
  readonly index?: number | undefined;
  /** 64 hexadecimal digits of one account's key, in place of a seed. */
  readonly secretKey?: string | undefined;
}

/** The key lives in this closure only: printing or serialising the signer, or whatever holds it, cannot show it. */
export async function createKeySigner(options: SecretOptions): Promise<Signer> {
  await cryptoReady();
  const secretKey = readSecretKey(options);
  let isForgotten = false;
  const key = (): Uint8Array => {
    if (isForgotten) throw new NanoError("purse_closed");
    return secretKey;
  };
  return {
    account: publicKeyOf(derivePublicKey(secretKey)),
    signBlock: async (block) => signBlock(block, key()),
    signNoms: async (message) => signNoms(message, key()),
    forget() {
      isForgotten = true;
      secretKey.fill(0);
    },
  };
}

function readSecretKey({ seed, index, secretKey }: SecretOptions): Uint8Array {
  if ((seed === undefined) === (secretKey === undefined)) {
    throw new NanoError("invalid_configuration", { setting: "seed, secretKey", accepted: "exactly one of the two" });
  }
  if (secretKey !== undefined) {
    if (index === undefined) return parseSecret(secretKey);
    throw new NanoError("invalid_configuration", { setting: "index", accepted: "only beside a seed" });
  }
  const bytes = parseSecret(seed ?? "");
  try {
    return deriveSecretKey(bytes, index ?? 0);
  } finally {
    bytes.fill(0);
  }
}
