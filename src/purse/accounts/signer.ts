import type { BlockSubtype } from "../../ledger/index.js";
import type { PublicKey, SignedBlock, UnsignedBlock } from "../../nano/index.js";

/** Who signs for one account. Asynchronous, because a device or a service may stand behind it. */
export interface Signer {
  readonly account: PublicKey;
  /** `purpose` is for a device's display; it changes nothing about the signature. */
  signBlock(block: UnsignedBlock, purpose?: BlockPurpose): Promise<SignedBlock>;
  signNoms(message: string): Promise<Uint8Array>;
  /** Overwrites the key, or lets go of the device; whoever signs afterwards gets `purse_closed`. */
  forget(): void;
}

/** What a block alone does not say: it holds the balance after it, not the amount. */
export interface BlockPurpose {
  readonly subtype: BlockSubtype;
  readonly amountRaw: bigint;
  /** The block at `previous`; undefined for an account's first one. */
  readonly previousBlock?: SignedBlock | undefined;
}

/** One or more, each for an account of its own. */
export type Signers = readonly [Signer, ...Signer[]];
