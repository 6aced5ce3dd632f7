import { type BlockJson, encodeBlockJson, type SignedBlock } from "../../nano/index.js";

/** What a Track A client puts into `payload`: peers refuse more keys, and a missing `link_as_account`. */
export function encodeNanoTxnPayload(block: SignedBlock): { readonly block: BlockJson } {
  return { block: encodeBlockJson(block) };
}
