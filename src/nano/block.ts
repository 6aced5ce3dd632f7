import { NanoError } from "../errors/index.js";
import { blake2b } from "./blake2b.js";
import { bigintToBytes, concatBytes } from "./bytes.js";
import { MAX_RAW } from "./units.js";

/** The hashed part of a state block; all but the balance are 32 bytes. */
export interface StateBlock {
  readonly account: Uint8Array;
  readonly previous: Uint8Array;
  readonly representative: Uint8Array;
  readonly balanceRaw: bigint;
  readonly link: Uint8Array;
}

const STATE_BLOCK_PREAMBLE = Uint8Array.from({ length: 32 }, (_, index) => (index === 31 ? 6 : 0));

/**
 * The 176 bytes whose Blake2b-256 is the block hash: preamble 6 ‖ the fields, balance as 16 bytes big-endian.
 * Throws `invalid_block` for a field of another size: two different blocks must never give the same bytes.
 */
export function encodeStateBlock(block: StateBlock): Uint8Array {
  if (block.balanceRaw < 0n || block.balanceRaw > MAX_RAW) throw new NanoError("invalid_block", { field: "balance" });
  return concatBytes(
    STATE_BLOCK_PREAMBLE,
    field(block, "account"),
    field(block, "previous"),
    field(block, "representative"),
    bigintToBytes(block.balanceRaw, 16),
    field(block, "link"),
  );
}

export function hashStateBlock(block: StateBlock): Uint8Array {
  return blake2b(encodeStateBlock(block), 32);
}

function field(block: StateBlock, name: Exclude<keyof StateBlock, "balanceRaw">): Uint8Array {
  const bytes = block[name];
  if (bytes.length !== 32) throw new NanoError("invalid_block", { field: name, bytes: bytes.length });
  return bytes;
}
