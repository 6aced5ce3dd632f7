import {
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  encodeAddress,
  hexToBytes,
  type PublicKey,
  parseBlockHash,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  xno,
} from "../../src/nano/index.js";
import { parsePayment, type Track } from "../../src/protocol/index.js";
import { createPurse, type PaymentProof, type Purse, type PurseOptions } from "../../src/purse/index.js";
import { FakeLedger } from "./fake-ledger.js";
import { createManualTime, type ManualTime } from "./manual-time.js";

export const SEED = "7e".repeat(32);
/** Two sellers; nobody needs their keys. */
export const PAY_TO = encodeAddress(hexToBytes("5e".repeat(32), 32));
export const OTHER_PAY_TO = encodeAddress(hexToBytes("6f".repeat(32), 32));

export interface OfferSpec {
  readonly track?: Track;
  readonly amountRaw?: bigint;
  readonly payTo?: string;
  readonly maxTimeoutSeconds?: number;
  readonly nonce?: string;
}

export interface PurseWorld {
  readonly time: ManualTime;
  readonly ledger: FakeLedger;
  readonly purse: Purse;
  readonly account: PublicKey;
  /** An entry of `accepts`, issued now. The nonce is another one each time. */
  offer(spec?: OfferSpec): Record<string, unknown>;
  nanoTxn(spec?: OfferSpec): Promise<PaymentProof>;
  nanoSignature(spec?: OfferSpec): Promise<PaymentProof>;
  /** A send from the purse's account that another program with the same key makes. */
  signElsewhere(send: { previous: string; balanceRaw: bigint }): SignedBlock;
}

/** The price of most tests: a Track B amount, and Track A's is one raw more. */
export const PRICE = xno("0.01");

export async function startPurse(
  options: Partial<PurseOptions> & { readonly balanceRaw?: bigint } = {},
): Promise<PurseWorld> {
  const { balanceRaw = xno("10"), ...purseOptions } = options;
  await cryptoReady();
  const time = createManualTime();
  const ledger = new FakeLedger(time);
  const secretKey = deriveSecretKey(hexToBytes(SEED, 32), 0);
  const account = publicKeyOf(derivePublicKey(secretKey));
  if (balanceRaw > 0n) ledger.open(account, balanceRaw);
  const purse = await createPurse({
    seed: SEED,
    ledger,
    workThresholds: { send: 2n, receive: 1n },
    clock: time.clock,
    sleep: time.sleep,
    ...purseOptions,
  });
  let offers = 0;
  const offer = (spec: OfferSpec = {}): Record<string, unknown> => {
    const { track = "nanoSignature", payTo = PAY_TO, maxTimeoutSeconds = 60 } = spec;
    const amountRaw = spec.amountRaw ?? (track === "nanoTxn" ? PRICE + 1n : PRICE);
    offers += 1;
    const nonce = spec.nonce ?? offers.toString(16).padStart(64, "0");
    const validBefore = Math.floor(time.clock() / 1000) + maxTimeoutSeconds;
    const extra = { assetTransferMethod: track, validBefore, ...(track === "nanoTxn" ? {} : { nonce }) };
    return {
      scheme: "exact",
      network: "nano:mainnet",
      asset: "XNO",
      amount: amountRaw.toString(),
      payTo,
      maxTimeoutSeconds,
      extra,
    };
  };
  return {
    time,
    ledger,
    purse,
    account,
    offer,
    nanoTxn: (spec) => purse.payOffer(offer({ ...spec, track: "nanoTxn" })),
    nanoSignature: (spec) => purse.payOffer(offer({ ...spec, track: "nanoSignature" })),
    signElsewhere({ previous, balanceRaw: rest }) {
      const link = publicKeyOf(hexToBytes("77".repeat(32), 32));
      const unsigned = { account, previous: parseBlockHash(previous), representative: account, balanceRaw: rest, link };
      return { ...signBlock(unsigned, secretKey), work: "00000000000000ff" };
    },
  };
}

/** The block inside a Track A proof, read as a facilitator reads it. */
export function blockOf(proof: PaymentProof): SignedBlock {
  const parsed = parsePayment(
    { x402Version: 2, accepted: ANY_TERMS, payload: proof.payload },
    { ...ANY_TERMS, maxTimeoutSeconds: 60 },
    { allowLease: false },
  );
  if (!parsed.ok || parsed.payment.track !== "nanoTxn") throw new TypeError("not a Track A proof");
  return parsed.payment.payload.block;
}

const ANY_TERMS = { scheme: "exact", network: "nano:mainnet", asset: "XNO", amount: "1", payTo: PAY_TO };

export const served = { isServed: true } as const;
export const refused = (reason?: string): { isServed: false; reason: string | undefined } => ({
  isServed: false,
  reason,
});

/** How a promise ended, without waiting for it: undefined while it is open. */
export function watch<Value>(promise: Promise<Value>): { readonly outcome: () => Value | Error | undefined } {
  let outcome: Value | Error | undefined;
  promise.then(
    (value) => {
      outcome = value;
    },
    (error: Error) => {
      outcome = error;
    },
  );
  return { outcome: () => outcome };
}
