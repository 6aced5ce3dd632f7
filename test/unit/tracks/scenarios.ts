import type { BlockInfo } from "../../../src/ledger/port.js";
import { concatBytes, hashBlock, type SignedBlock } from "../../../src/nano/index.js";
import {
  type NanoSignaturePayment,
  type NanoTxnPayment,
  type Payment,
  parsePayment,
  type Refusal,
} from "../../../src/protocol/index.js";
import {
  checkNanoSignature,
  judgeNanoSignature,
  type NanoSignatureContext,
  type NanoSignatureFacts,
} from "../../../src/tracks/nano-signature/index.js";
import {
  checkNanoTxn,
  judgeNanoTxn,
  type NanoTxnContext,
  type NanoTxnFacts,
} from "../../../src/tracks/nano-txn/index.js";
import { BASE, challengeOf, encodePoint, multiply, toLittleEndian } from "../../support/edwards.js";
import { BALANCE_RAW, NOW_SECONDS, type PaymentJson, TEST_WORK_THRESHOLD } from "../../support/payments.js";

export const TXN_CONTEXT: NanoTxnContext = {
  nowSeconds: NOW_SECONDS,
  judgeExpiry: true,
  workPolicy: "validate",
  sendThreshold: TEST_WORK_THRESHOLD,
};

export const SIGNATURE_CONTEXT: NanoSignatureContext = {
  nowSeconds: NOW_SECONDS,
  judgeExpiry: true,
  authority: undefined,
};

/** What the node says of the block before `block`: the head of its chain, holding `BALANCE_RAW`, confirmed. */
export function previousOf(block: SignedBlock): BlockInfo {
  return {
    account: block.account,
    amountRaw: BALANCE_RAW,
    balanceRaw: BALANCE_RAW,
    confirmed: true,
    localTimestampSeconds: NOW_SECONDS - 60,
    successor: undefined,
    subtype: "receive",
    block: undefined,
  };
}

/** What the node says of `block` ten seconds after a send out of `BALANCE_RAW`. */
export function landed(block: SignedBlock): BlockInfo {
  return {
    account: block.account,
    amountRaw: BALANCE_RAW - block.balanceRaw,
    balanceRaw: block.balanceRaw,
    confirmed: true,
    localTimestampSeconds: NOW_SECONDS - 10,
    successor: undefined,
    subtype: "send",
    block,
  };
}

export function signatureFacts(info: BlockInfo | undefined): NanoSignatureFacts {
  return { info, nowSeconds: NOW_SECONDS, paymentAgeSeconds: 3600, storeBornAtSeconds: 0 };
}

type Passed = { readonly ok: true; readonly hash: string; readonly payer: string; readonly amountRaw: bigint };
export type Verdict = Passed | (Refusal & { readonly payer?: string });

export function parseTxn(json: PaymentJson): NanoTxnPayment {
  return parsedAs(json, (payment) => (payment.track === "nanoTxn" ? payment : undefined));
}

export function parseSignature(json: PaymentJson): NanoSignaturePayment {
  return parsedAs(json, (payment) => (payment.track === "nanoSignature" ? payment : undefined));
}

/** All pure rows of Track A in the order of SPEC 3; where the signature was checked, the payer is in the refusal. */
export function runNanoTxn(
  json: PaymentJson,
  facts?: Partial<NanoTxnFacts>,
  context: Partial<NanoTxnContext> = {},
): Verdict {
  const { paymentPayload, paymentRequirements } = json;
  const parsed = parsePayment(paymentPayload, paymentRequirements, { allowLease: false });
  if (!parsed.ok) return parsed;
  if (parsed.payment.track !== "nanoTxn") throw new Error("not a Track A payment");
  const checked = checkNanoTxn(parsed.payment, { ...TXN_CONTEXT, ...context });
  if (!checked.ok) return checked;
  const { block } = parsed.payment.payload;
  const all: NanoTxnFacts = { previous: previousOf(block), ...facts };
  const refusal = judgeNanoTxn(block, checked.amountRaw, all);
  return refusal === undefined ? checked : { ...refusal, payer: checked.payer };
}

/** All pure rows of Track B. */
export function runNanoSignature(
  json: PaymentJson,
  facts: NanoSignatureFacts,
  context: Partial<NanoSignatureContext> = {},
): Verdict {
  const { paymentPayload, paymentRequirements } = json;
  const parsed = parsePayment(paymentPayload, paymentRequirements, { allowLease: false });
  if (!parsed.ok) return parsed;
  if (parsed.payment.track !== "nanoSignature") throw new Error("not a Track B payment");
  const checked = checkNanoSignature(parsed.payment, { ...SIGNATURE_CONTEXT, ...context });
  if (!checked.ok) return checked;
  const refusal = judgeNanoSignature(parsed.payment, checked.amountRaw, facts);
  return refusal === undefined ? checked : { ...refusal, payer: checked.payer };
}

/** A block whose contents are those of another hash: what a lying node could show. */
export function withOtherContents(block: SignedBlock): SignedBlock {
  const other = { ...block, balanceRaw: block.balanceRaw + 1n };
  if (hashBlock(other) === hashBlock(block)) throw new Error("a hash must change with its contents");
  return other;
}

/**
 * A signature that nobody's secret was needed for: R = S·B satisfies S·B − k·A = R whenever the order of A divides k.
 * For keys of order 1, 2 and 4.
 */
export function forgeFor(key: Uint8Array, message: Uint8Array): Uint8Array {
  for (let answer = 1n; ; answer += 1n) {
    const commitment = encodePoint(multiply(answer, BASE));
    if (challengeOf(commitment, key, message) % 4n === 0n) return concatBytes(commitment, toLittleEndian(answer));
  }
}

function parsedAs<Kind>(json: PaymentJson, narrow: (payment: Payment) => Kind | undefined): Kind {
  const result = parsePayment(json.paymentPayload, json.paymentRequirements, { allowLease: true });
  const payment = result.ok ? narrow(result.payment) : undefined;
  if (payment === undefined) throw new Error(result.ok ? "the other track" : result.message);
  return payment;
}
