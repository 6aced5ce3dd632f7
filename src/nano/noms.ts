import { blake2b } from "./blake2b.js";
import { concatBytes } from "./bytes.js";
import { signMessage } from "./sign.js";
import { verifySignature } from "./verify.js";

const NOMS_HEADER = new TextEncoder().encode("\x18Nano Off-chain Message:\n");

/**
 * NOMS (ORIS-001): 0x18 ‖ "Nano Off-chain Message:\n" ‖ uint32be(byte length) ‖ UTF-8 message. No normalisation, no
 * BOM, no added newline; a lone surrogate becomes U+FFFD as UTF-8 encoders do.
 */
export function encodeNomsPayload(message: string): Uint8Array {
  const body = new TextEncoder().encode(message);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, body.length);
  return concatBytes(NOMS_HEADER, length, body);
}

export function hashNomsMessage(message: string): Uint8Array {
  return blake2b(encodeNomsPayload(message), 32);
}

export function signNoms(message: string, secretKey: Uint8Array): Uint8Array {
  return signMessage(hashNomsMessage(message), secretKey);
}

export function verifyNoms(signature: Uint8Array, message: string, publicKey: Uint8Array): boolean {
  return verifySignature(signature, hashNomsMessage(message), publicKey);
}
