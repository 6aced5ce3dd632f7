export { createSigner, createSigners } from "./create-signers.js";
export type {
  BlockSigningContext,
  ExternalSignature,
  ExternalSigner,
  MessageSigningContext,
  SignerTools,
  UnsignedBlockJson,
} from "./external-signer.js";
export type { AccountOptions } from "./options.js";
export type { BlockPurpose, Signer, Signers } from "./signer.js";
