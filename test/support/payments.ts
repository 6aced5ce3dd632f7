import {
  addressOf,
  type BlockHash,
  bigintToBytes,
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  encodeBlockJson,
  hashBlock,
  isWorkValid,
  keyBytes,
  type PublicKey,
  parseBlockHash,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  signNoms,
} from "../../src/nano/index.js";
import { ASSET, NETWORK, SCHEME, type Track } from "../../src/protocol/index.js";

await cryptoReady();

/** The time that all of these payments are made for. */
export const NOW_SECONDS = 1_750_000_000;
/** 256 tries on average. */
export const TEST_WORK_THRESHOLD = 0xff00000000000000n;
export const PRICE_RAW = 10n ** 27n;
export const BALANCE_RAW = 10n ** 30n;
export const NONCE = "a0".repeat(32);

/** A block as payloads and `process` carry it: these keys, in this order, and no other (SPEC 3). */
export const NINE_KEYS = [
  ...["type", "account", "previous", "representative", "balance"],
  ...["link", "link_as_account", "signature", "work"],
];

export interface Payer {
  readonly secretKey: Uint8Array;
  readonly account: PublicKey;
  readonly address: string;
}

/** Account `index` of a seed of zeros: the same keys in every run. */
export function aPayer(index: number): Payer {
  const secretKey = deriveSecretKey(new Uint8Array(32), index);
  const account = publicKeyOf(derivePublicKey(secretKey));
  return { secretKey, account, address: addressOf(account) };
}

export const SELLER = aPayer(1_000);

/** A hash that no block has. */
export function someHash(index: number): BlockHash {
  return parseBlockHash(index.toString(16).padStart(64, "0"));
}

export interface Send {
  readonly payer: Payer;
  readonly payTo?: PublicKey;
  readonly previous?: BlockHash;
  /** What is left on the account. */
  readonly balanceRaw: bigint;
}

/** A send with a valid signature and work that meets `TEST_WORK_THRESHOLD`. */
export function signedSend({ payer, payTo = SELLER.account, previous = someHash(7), balanceRaw }: Send): SignedBlock {
  const { account } = payer;
  const unsigned = { account, previous, representative: SELLER.account, balanceRaw, link: payTo };
  return { ...signBlock(unsigned, payer.secretKey), work: findWork(previous) };
}

export function findWork(root: BlockHash, threshold = TEST_WORK_THRESHOLD): string {
  for (let candidate = 0n; ; candidate += 1n) {
    const work = bigintToBytes(candidate, 8);
    if (isWorkValid(work, keyBytes(root), threshold)) return bytesToHex(work);
  }
}

export interface RequirementsJson {
  readonly scheme: string;
  readonly network: string;
  readonly asset: string;
  readonly amount: string;
  readonly payTo: string;
  readonly maxTimeoutSeconds: number;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** The bodies that verify and settle take, as JSON. */
export interface PaymentJson {
  readonly paymentPayload: {
    readonly x402Version: number;
    readonly accepted: RequirementsJson;
    readonly payload: Readonly<Record<string, unknown>>;
  };
  readonly paymentRequirements: RequirementsJson;
}

export interface Deal {
  readonly payer?: Payer;
  readonly payTo?: PublicKey;
  readonly amountRaw?: bigint;
  readonly maxTimeoutSeconds?: number;
  readonly validBefore?: number;
}

export function requirementsJson(
  track: Track,
  deal: Deal = {},
  extra: Readonly<Record<string, unknown>> = {},
): RequirementsJson {
  const { payTo = SELLER.account, maxTimeoutSeconds = 60, validBefore = NOW_SECONDS + maxTimeoutSeconds } = deal;
  const amountRaw = deal.amountRaw ?? (track === "nanoTxn" ? PRICE_RAW + 1n : PRICE_RAW);
  return {
    scheme: SCHEME,
    network: NETWORK,
    asset: ASSET,
    amount: amountRaw.toString(),
    payTo: addressOf(payTo),
    maxTimeoutSeconds,
    extra: { assetTransferMethod: track, validBefore, ...extra },
  };
}

/** A valid Track A payment of the whole deal, out of an account that holds `BALANCE_RAW`. */
export function nanoTxnPayment(deal: Deal & { readonly block?: SignedBlock } = {}): PaymentJson {
  const requirements = requirementsJson("nanoTxn", deal);
  const { payer = aPayer(0), payTo = SELLER.account } = deal;
  const block = deal.block ?? signedSend({ payer, payTo, balanceRaw: BALANCE_RAW - BigInt(requirements.amount) });
  return envelope(requirements, { block: encodeBlockJson(block) });
}

/** A valid Track B payment for the block `hash`; without it, for a send of the deal's amount out of `BALANCE_RAW`. */
export function nanoSignaturePayment(
  deal: Deal & { readonly hash?: BlockHash; readonly nonce?: string } = {},
): PaymentJson {
  const { payer = aPayer(0), payTo = SELLER.account, nonce = NONCE } = deal;
  const requirements = requirementsJson("nanoSignature", deal, { nonce });
  const blockHash =
    deal.hash ?? hashBlock(signedSend({ payer, payTo, balanceRaw: BALANCE_RAW - BigInt(requirements.amount) }));
  const message = `${blockHash}:${nonce}:${String(requirements.extra["validBefore"])}`;
  const signature = bytesToHex(signNoms(message, payer.secretKey));
  return envelope(requirements, { blockHash, account: payer.address, signature });
}

function envelope(requirements: RequirementsJson, payload: Readonly<Record<string, unknown>>): PaymentJson {
  return {
    paymentPayload: { x402Version: 2, accepted: requirements, payload },
    paymentRequirements: structuredClone(requirements),
  };
}

/** A copy with the value at `path` (`paymentPayload.payload.block.work`) replaced, or removed where it is undefined. */
export function edited(payment: PaymentJson, path: string, value: unknown): PaymentJson {
  const copy = structuredClone(payment);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let parent: Record<string, unknown> = Object(copy);
  for (const key of keys) parent = Object(parent[key]);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}
