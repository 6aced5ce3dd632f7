import { encodeAddress } from "./address.js";
import { hashStateBlock, type StateBlock } from "./block.js";
import { addressOf, type BlockHash, blockHashOf, keyBytes, type PublicKey } from "./brands.js";
import { bytesToHex, hexToBytes } from "./bytes.js";
import { signMessage } from "./sign.js";
import { verifySignature } from "./verify.js";
import { isWorkValid } from "./work.js";

/** A state block before it is signed. `link` is the receiver's key in a send, the source's hash in a receive. */
export interface UnsignedBlock {
  readonly account: PublicKey;
  readonly previous: BlockHash;
  readonly representative: PublicKey;
  readonly balanceRaw: bigint;
  readonly link: PublicKey | BlockHash;
}

/** Signature (128) and work (16) are lower-case hexadecimal; a client may leave work to the facilitator. */
export interface SignedBlock extends UnsignedBlock {
  readonly signature: string;
  readonly work: string | undefined;
}

/** A block as payloads, `process` and explorers spell it: these nine keys and no other (SPEC 3). */
export interface BlockJson {
  readonly type: "state";
  readonly account: string;
  readonly previous: string;
  readonly representative: string;
  readonly balance: string;
  readonly link: string;
  readonly link_as_account: string;
  readonly signature: string;
  readonly work: string;
}

export function hashBlock(block: UnsignedBlock): BlockHash {
  return blockHashOf(hashStateBlock(toBytes(block)));
}

/** Needs `cryptoReady()`. */
export function signBlock(block: UnsignedBlock, secretKey: Uint8Array): SignedBlock {
  const signature = bytesToHex(signMessage(hashStateBlock(toBytes(block)), secretKey));
  return { ...block, signature, work: undefined };
}

export function isBlockSignatureValid(block: SignedBlock): boolean {
  return verifySignature(hexToBytes(block.signature, 64), hashStateBlock(toBytes(block)), keyBytes(block.account));
}

/** Work of a block with a predecessor: the root is `previous`. */
export function isBlockWorkValid(block: SignedBlock, threshold: bigint): boolean {
  return block.work !== undefined && isWorkValid(hexToBytes(block.work, 8), keyBytes(block.previous), threshold);
}

/** The nine keys, rebuilt from what was checked; nothing a client added comes along. */
export function encodeBlockJson(block: SignedBlock): BlockJson {
  return {
    type: "state",
    account: addressOf(block.account),
    previous: block.previous,
    representative: addressOf(block.representative),
    balance: block.balanceRaw.toString(),
    link: block.link,
    link_as_account: encodeAddress(keyBytes(block.link)),
    signature: block.signature,
    work: block.work ?? "",
  };
}

function toBytes(block: UnsignedBlock): StateBlock {
  return {
    account: keyBytes(block.account),
    previous: keyBytes(block.previous),
    representative: keyBytes(block.representative),
    balanceRaw: block.balanceRaw,
    link: keyBytes(block.link),
  };
}
