import type { ClientExtension } from "@x402/core/client";
import { NanoError } from "../../../errors/index.js";
import { blake2b, bytesToHex, concatBytes } from "../../../nano/index.js";
import { type RandomBytes, systemRandomBytes, X402_VERSION } from "../../../protocol/index.js";
import { canonicalJson } from "./canonical-json.js";
import { PAYMENT_IDENTIFIER, readIdentifier } from "./identifier.js";

export interface PaymentIdentifierClientOptions {
  /**
   * At least 32 bytes. The same secret gives the same payment the same identifier, also after a restart, so that a
   * payment that is presented again byte for byte is recognised. Random for each process where it is left out.
   */
  readonly secret?: Uint8Array | undefined;
  readonly randomBytes?: RandomBytes | undefined;
}

const MIN_SECRET_BYTES = 32;
/** 128 bits, as a random UUID has or more: whoever guesses it could ask for the response. */
const ID_BYTES = 16;

/**
 * For `x402Client.registerExtension`: names each payment where the seller declares the extension. The name is a keyed
 * digest of the payment. So it is one that nobody can guess, the same payment always has the same one, and another
 * payment never has it: a Track B payment that is signed anew for a fresh nonce is no conflict but a new question.
 */
export function paymentIdentifierClientExtension(options: PaymentIdentifierClientOptions = {}): ClientExtension {
  const randomBytes = options.randomBytes ?? systemRandomBytes;
  const secret = Uint8Array.from(options.secret ?? randomBytes(MIN_SECRET_BYTES));
  if (secret.length < MIN_SECRET_BYTES) {
    throw new NanoError("invalid_configuration", { setting: "secret", accepted: "at least 32 bytes" });
  }
  /** Blake2b with the key in front is a sound authentication code: it cannot be lengthened like SHA-2. */
  const identify = (payment: unknown): string => {
    const text = canonicalJson(payment) ?? bytesToHex(randomBytes(ID_BYTES));
    const digest = blake2b(concatBytes(secret, new TextEncoder().encode(text)), ID_BYTES);
    return `pay_${bytesToHex(digest)}`;
  };
  return {
    key: PAYMENT_IDENTIFIER,
    async enrichPaymentPayload(paymentPayload, paymentRequired) {
      const declared = readIdentifier(paymentRequired);
      const isWanted = declared.kind === "absent" && declared.isDeclared;
      // A name that the application put there itself stays.
      if (!isWanted || paymentPayload.x402Version !== X402_VERSION) return paymentPayload;
      const { accepted, payload } = paymentPayload;
      const info = { required: declared.isRequired, id: identify({ accepted, payload }) };
      // Core lays the seller's declaration under it: whatever else was declared is echoed as it came.
      const extensions = { ...paymentPayload.extensions, [PAYMENT_IDENTIFIER]: { info } };
      return { ...paymentPayload, extensions };
    },
  };
}
