import { addressOf, type BlockHash, bytesToHex, type PublicKey } from "../../nano/index.js";
import { challengeMessage } from "../../protocol/index.js";

/** What a Track B client puts into `payload`. Over x402 v1 the adapter adds nonce and validBefore (SPEC 3). */
export interface NanoSignaturePayloadJson {
  readonly blockHash: string;
  readonly account: string;
  readonly signature: string;
}

/** `signNoms` signs a NOMS message with the paying account's key; it may be a device or a service. */
export async function encodeNanoSignaturePayload(
  paid: { readonly hash: BlockHash; readonly account: PublicKey },
  challenge: { readonly nonce: string; readonly validBefore: number },
  signNoms: (message: string) => Promise<Uint8Array> | Uint8Array,
): Promise<NanoSignaturePayloadJson> {
  const signature = await signNoms(challengeMessage(paid.hash, challenge.nonce.toLowerCase(), challenge.validBefore));
  return { blockHash: paid.hash, account: addressOf(paid.account), signature: bytesToHex(signature) };
}
