import { expect, test } from "vitest";
import type { BlockInfo } from "../../../src/ledger/port.js";
import { bytesToHex, hashBlock, type SignedBlock, signNoms } from "../../../src/nano/index.js";
import { createChallengeAuthority, type Reason } from "../../../src/protocol/index.js";
import {
  aPayer,
  BALANCE_RAW,
  NONCE,
  NOW_SECONDS,
  type Payer,
  PRICE_RAW,
  type RequirementsJson,
  requirementsJson,
  SELLER,
  signedSend,
} from "../../support/payments.js";
import { accept, describeRowOrder, rewriteTerms, type Violation } from "./row-order.js";
import { landed, runNanoSignature, signatureFacts, type Verdict, withOtherContents } from "./scenarios.js";

const authority = createChallengeAuthority("the secret of the resource server");
const VALID_BEFORE = NOW_SECONDS + 60;
const TERMS = { payTo: SELLER.account, amountRaw: PRICE_RAW, validBefore: VALID_BEFORE };

/** A payment in the making; the claimant signs for the block that is on the ledger, whosever it is. */
interface Draft {
  version: number;
  requirements: RequirementsJson;
  accepted: RequirementsJson;
  block: SignedBlock;
  claimant: Payer;
  signer: Payer;
  payload: Record<string, unknown>;
  info: Partial<BlockInfo>;
  known: boolean;
}

function honestPayment(): Draft {
  const payer = aPayer(0);
  const extra = { nonce: authority.issueNonce(TERMS) };
  return {
    version: 2,
    requirements: requirementsJson("nanoSignature", {}, { nonce: NONCE }),
    accepted: requirementsJson("nanoSignature", { validBefore: VALID_BEFORE }, extra),
    block: signedSend({ payer, balanceRaw: BALANCE_RAW - PRICE_RAW }),
    claimant: payer,
    signer: payer,
    payload: {},
    info: {},
    known: true,
  };
}

function run(draft: Draft): Verdict {
  const { version, requirements, accepted, block, claimant, signer } = draft;
  const blockHash = hashBlock(block);
  const message = `${blockHash}:${String(accepted.extra["nonce"])}:${String(accepted.extra["validBefore"])}`;
  const signature = bytesToHex(signNoms(message, signer.secretKey));
  const payload = { blockHash, account: claimant.address, signature, ...draft.payload };
  return runNanoSignature(
    { paymentPayload: { x402Version: version, accepted, payload }, paymentRequirements: requirements },
    signatureFacts(draft.known ? { ...landed(block), ...draft.info } : undefined),
    { authority },
  );
}

const violation = (row: number, what: string, reason: Reason, apply: (draft: Draft) => void): Violation<Draft> => ({
  row,
  what,
  reason,
  apply,
});

function learn(change: Partial<BlockInfo>): (draft: Draft) => void {
  return (draft) => {
    draft.info = { ...draft.info, ...change };
  };
}

const stranger = aPayer(5);

const VIOLATIONS: readonly Violation<Draft>[] = [
  violation(1, "a signature of the wrong form", "malformed_payload", (draft) => {
    draft.payload["signature"] = "ab";
  }),
  violation(1, "version 1", "invalid_x402_version", (draft) => {
    draft.version = 1;
  }),
  violation(2.1, "another scheme", "unsupported_scheme", rewriteTerms("scheme", "upto")),
  violation(2.2, "another network", "invalid_network", rewriteTerms("network", "xno:mainnet")),
  violation(2.3, "another asset", "invalid_asset", rewriteTerms("asset", "NANO")),
  violation(2.4, "another payTo accepted", "requirements_mismatch", accept({ payTo: stranger.address })),
  violation(2.4, "another amount accepted", "requirements_mismatch", accept({ amount: String(PRICE_RAW + 1n) })),
  violation(3, "no nonce", "challenge_invalid", accept({ extra: { nonce: undefined } })),
  violation(3, "no time", "challenge_invalid", accept({ extra: { validBefore: undefined } })),
  violation(3.1, "expired", "payment_expired", accept({ extra: { validBefore: NOW_SECONDS - 6 } })),
  violation(3.2, "an invented nonce", "challenge_invalid", accept({ extra: { nonce: NONCE } })),
  violation(4, "somebody else's signature", "invalid_signature", (draft) => {
    draft.signer = draft.claimant === stranger ? aPayer(6) : stranger;
  }),
  violation(6, "a hash that the ledger does not know", "block_not_found", (draft) => {
    draft.known = false;
  }),
  violation(6, "contents of another hash", "block_not_found", (draft) => {
    draft.info = { ...draft.info, block: withOtherContents(draft.block) };
  }),
  violation(7, "a legacy block", "wrong_block_type", learn({ block: undefined })),
  violation(7, "a receive", "wrong_block_type", learn({ subtype: "receive" })),
  violation(7, "no subtype", "wrong_block_type", learn({ subtype: undefined })),
  violation(8.1, "a stranger who saw the payment", "sender_mismatch", (draft) => {
    draft.claimant = stranger;
    draft.signer = stranger;
  }),
  violation(8.1, "a node that names another account", "sender_mismatch", learn({ account: stranger.account })),
  violation(8.2, "another receiver", "wrong_destination", (draft) => {
    draft.block = { ...draft.block, link: stranger.account };
  }),
  violation(9, "one raw too little", "insufficient_amount", learn({ amountRaw: PRICE_RAW - 1n })),
  violation(10, "unconfirmed", "unconfirmed_block", learn({ confirmed: false })),
  violation(11, "a second too old", "payment_too_old", learn({ localTimestampSeconds: NOW_SECONDS - 3601 })),
  violation(11, "of unknown age", "payment_too_old", learn({ localTimestampSeconds: 0 })),
];

function violate(...violations: readonly Violation<Draft>[]): Verdict {
  const draft = honestPayment();
  for (const { apply } of violations) apply(draft);
  return run(draft);
}

test("without a violation it passes, and says who paid what with which block", () => {
  const { block } = honestPayment();
  expect(violate()).toEqual({ ok: true, payer: aPayer(0).account, amountRaw: PRICE_RAW, hash: hashBlock(block) });
});

describeRowOrder({ violations: VIOLATIONS, violate, payer: aPayer(0).account, firstRowWithPayer: 5 });

test("every row that is judged without the store is here", () => {
  const rows = new Set(VIOLATIONS.map(({ row }) => Math.floor(row)));
  expect([...rows]).toEqual([1, 2, 3, 4, 6, 7, 8, 9, 10, 11]);
});
