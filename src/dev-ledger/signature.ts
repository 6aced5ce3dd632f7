import { bytesToBigint, bytesToHex, hexToBytes, isBlockSignatureValid } from "../nano/index.js";
import type { StateBlock } from "./ledger-block.js";

/** The order of the base point. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const HALF_DIGITS = 64;

/**
 * Whether a node takes the signature. It looks at the top three bits of S alone and reduces the rest, so it takes, and
 * keeps, S + L as well, and refuses S + 2L (MEASURED, acceptance table). One signature becomes two that way, without
 * the key: never key anything on its bytes.
 *
 * Stricter than the node: account keys of small order, of mixed order, or in a non-canonical encoding are refused, as
 * libsodium does. A node takes them, and for the first and last kind anybody can sign.
 */
export function isSignatureTaken(block: StateBlock): boolean {
  const answer = readAnswer(block.signature);
  if (answer < GROUP_ORDER) return isBlockSignatureValid(block);
  return isBlockSignatureValid({ ...block, signature: withAnswer(block.signature, answer - GROUP_ORDER) });
}

/** S is the second half, little-endian. */
function readAnswer(signature: string): bigint {
  return bytesToBigint(hexToBytes(signature.slice(HALF_DIGITS), 32).reverse());
}

function withAnswer(signature: string, answer: bigint): string {
  const digits = answer.toString(16).padStart(HALF_DIGITS, "0");
  return signature.slice(0, HALF_DIGITS) + bytesToHex(hexToBytes(digits, 32).reverse());
}
