import { NanoError } from "../../errors/index.js";
import { derivePublicKey, publicKeyOf, signBlock, signNoms } from "../../nano/index.js";
import type { Signer } from "./signer.js";

/**
 * Takes the 32 bytes over, and `forget` overwrites them. They live in this closure only: printing or serialising the
 * signer, or whatever holds it, cannot show them. Needs `cryptoReady()`.
 */
export function createKeySigner(secretKey: Uint8Array): Signer {
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
