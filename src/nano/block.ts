import { blake2b } from "./blake2b.js";
import { bigintToBytes, concatBytes } from "./bytes.js";

/** The hashed part of a state block; all but the balance are 32 bytes. */
export interface StateBlock {
  readonly account: Uint8Array;
  readonly previous: Uint8Array;
  readonly representative: Uint8Array;
  readonly balanceRaw: bigint;
  readonly link: Uint8Array;
}

const STATE_BLOCK_PREAMBLE = Uint8Array.from({ length: 32 }, (_, index) => (index === 31 ? 6 : 0));

/** The 176 bytes whose Blake2b-256 is the block hash: preamble 6 ‖ the fields, balance as 16 bytes big-endian. */
export function encodeStateBlock(block: StateBlock): Uint8Array {
  return concatBytes(
    STATE_BLOCK_PREAMBLE,
    block.account,
    block.previous,
    block.representative,
    bigintToBytes(block.balanceRaw, 16),
    block.link,
  );
}

export function hashStateBlock(block: StateBlock): Uint8Array {
  return blake2b(encodeStateBlock(block), 32);
}
