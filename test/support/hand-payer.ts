import type { Ledger } from "x402-nano/rpc";
import type { DevLedger } from "x402-nano/testing";
import {
  addressOf,
  type BlockHash,
  bytesToHex,
  derivePublicKey,
  deriveSecretKey,
  encodeBlockJson,
  hashBlock,
  keyBytes,
  type PublicKey,
  parseAddress,
  parseBlockHash,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  signNoms,
  xno,
} from "../../src/nano/index.js";
import { challengeMessage, encodeHeader, type Track } from "../../src/protocol/index.js";

/** An entry of `accepts` as a client reads it. */
export interface Offer {
  scheme: string;
  network: string;
  asset: string;
  amount: string;
  payTo: string;
  maxTimeoutSeconds: number;
  extra: Record<string, unknown>;
}

export interface Envelope {
  x402Version: number;
  accepted: unknown;
  payload: Record<string, unknown>;
  [key: string]: unknown;
}

/** A payer who builds every block and proof by hand, and so can also build what no honest client would. */
export interface HandPayer {
  readonly secretKey: Uint8Array;
  readonly account: PublicKey;
  readonly address: string;
  /** A signed send with work on the frontier that the ledger shows, not broadcast. */
  signSend(send: { payTo: string; amountRaw: bigint; previous?: string; balanceRaw?: bigint }): Promise<SignedBlock>;
  /** The same, processed by the node. Confirmed when the dev ledger confirms. */
  send(send: { payTo: string; amountRaw: bigint }): Promise<{ hash: BlockHash; block: SignedBlock }>;
  /** Track A: signs a send for what the offer asks and wraps it. */
  proveNanoTxn(offer: Offer): Promise<Envelope>;
  /** Track B: signs the offer's challenge for a block that was sent. */
  proveNanoSignature(offer: Offer, hash: BlockHash): Envelope;
  /** Track B from nothing: sends what the offer asks, then proves it. */
  payNanoSignature(offer: Offer): Promise<Envelope & { hash: BlockHash }>;
}

const SEED = new Uint8Array(32).fill(7);

export async function openHandPayer(at: { dev: DevLedger; ledger: Ledger; index: number }): Promise<HandPayer> {
  const { dev, ledger } = at;
  const secretKey = deriveSecretKey(SEED, at.index);
  const account = publicKeyOf(derivePublicKey(secretKey));
  await dev.fundAccount({ secretKey: bytesToHex(secretKey), raw: xno("100") });

  const signSend: HandPayer["signSend"] = async ({ payTo, amountRaw, previous, balanceRaw }) => {
    const info = await ledger.accountInfo(account);
    if (info === undefined) throw new TypeError("the payer's account is not open");
    const root = previous === undefined ? info.frontier : parseBlockHash(previous);
    const block = signBlock(
      {
        account,
        previous: root,
        representative: info.representative,
        balanceRaw: balanceRaw ?? info.balanceRaw - amountRaw,
        link: parseAddress(payTo),
      },
      secretKey,
    );
    return { ...block, work: await ledger.generateWork(root, dev.workThresholds.send) };
  };
  const send: HandPayer["send"] = async (what) => {
    const block = await signSend(what);
    const result = await ledger.process(block, "send");
    if (result.outcome === "refused") throw new TypeError(result.nodeError);
    return { hash: hashBlock(block), block };
  };
  const proveNanoSignature: HandPayer["proveNanoSignature"] = (offer, hash) => {
    const message = challengeMessage(hash, String(offer.extra["nonce"]), Number(offer.extra["validBefore"]));
    const signature = bytesToHex(signNoms(message, secretKey));
    return wrap(offer, { blockHash: hash, account: addressOf(account), signature });
  };
  return {
    secretKey,
    account,
    address: addressOf(account),
    signSend,
    send,
    proveNanoSignature,
    async proveNanoTxn(offer) {
      const block = await signSend({ payTo: offer.payTo, amountRaw: BigInt(offer.amount) });
      return wrap(offer, { block: { ...encodeBlockJson(block) } });
    },
    async payNanoSignature(offer) {
      const { hash } = await send({ payTo: offer.payTo, amountRaw: BigInt(offer.amount) });
      return { ...proveNanoSignature(offer, hash), hash };
    },
  };
}

/** Pays on the track that is named, and proves it. */
export async function payOn(
  payer: HandPayer,
  track: Track,
  offers: { readonly [name in Track]: Offer },
): Promise<Envelope> {
  if (track === "nanoTxn") return payer.proveNanoTxn(offers.nanoTxn);
  const { hash: _hash, ...proof } = await payer.payNanoSignature(offers.nanoSignature);
  return proof;
}

export function wrap(offer: Offer, payload: Record<string, unknown>): Envelope {
  return { x402Version: 2, accepted: offer, payload };
}

/** The bytes of a hash or key, where a test needs to spoil them. */
export const bytesOf = keyBytes;

export function paymentHeaders(envelope: unknown): { "PAYMENT-SIGNATURE": string } {
  return { "PAYMENT-SIGNATURE": encodeHeader(envelope) };
}
