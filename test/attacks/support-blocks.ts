import { type BlockHash, hashBlock, type SignedBlock } from "../../src/nano/index.js";
import { parsePayment } from "../../src/protocol/index.js";
import type { Envelope } from "../support/hand-payer.js";

/** The block in a Track A proof, as anybody reads it who gets hold of the proof. */
export function blockIn(proof: Envelope): { readonly block: SignedBlock; readonly hash: BlockHash } {
  const parsed = parsePayment(proof, proof.accepted, { allowLease: true });
  if (!parsed.ok || parsed.payment.track !== "nanoTxn") throw new TypeError("not a Track A proof");
  const { block } = parsed.payment.payload;
  return { block, hash: hashBlock(block) };
}
