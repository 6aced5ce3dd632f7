import { expect, test } from "vitest";
import { encodeBlockJson, hashBlock, type SignedBlock, signBlock } from "../../../src/nano/index.js";
import type { Reason } from "../../../src/protocol/index.js";
import type { NanoTxnFacts } from "../../../src/tracks/nano-txn/index.js";
import {
  aPayer,
  BALANCE_RAW,
  findWork,
  NOW_SECONDS,
  type Payer,
  PRICE_RAW,
  type RequirementsJson,
  requirementsJson,
  SELLER,
  signedSend,
  someHash,
} from "../../support/payments.js";
import { accept, describeRowOrder, rewriteTerms, type Violation } from "./row-order.js";
import { previousOf, runNanoTxn, type Verdict } from "./scenarios.js";

/** A payment in the making, so that violations can be laid over each other before anything is signed. */
interface Draft {
  version: number;
  requirements: RequirementsJson;
  accepted: RequirementsJson;
  signer: Payer;
  block: { -readonly [Key in keyof SignedBlock]: SignedBlock[Key] };
  /** Laid over the block's nine keys after it was signed. */
  json: Record<string, unknown>;
  facts: { -readonly [Key in keyof NanoTxnFacts]: NanoTxnFacts[Key] };
  isLanded: boolean;
}

function honestPayment(): Draft {
  const signer = aPayer(0);
  const block = signedSend({ payer: signer, balanceRaw: BALANCE_RAW - PRICE_RAW - 1n });
  return {
    version: 2,
    requirements: requirementsJson("nanoTxn"),
    accepted: requirementsJson("nanoTxn"),
    signer,
    block: { ...block },
    json: {},
    facts: { previous: previousOf(block) },
    isLanded: false,
  };
}

function run(draft: Draft): Verdict {
  const { version, requirements, accepted, block, signer, json, facts } = draft;
  const { signature } = signBlock(block, signer.secretKey);
  const payload = { block: { ...encodeBlockJson({ ...block, signature }), ...json } };
  return runNanoTxn(
    { paymentPayload: { x402Version: version, accepted, payload }, paymentRequirements: requirements },
    draft.isLanded ? { previous: { ...previousOf(block), successor: hashBlock(block) } } : facts,
  );
}

function spoil(change: Readonly<Record<string, unknown>>): (draft: Draft) => void {
  return (draft) => {
    Object.assign(draft.json, change);
  };
}

function learn(change: (facts: Draft["facts"], draft: Draft) => void): (draft: Draft) => void {
  return (draft) => {
    change(draft.facts, draft);
  };
}

const violation = (row: number, what: string, reason: Reason, apply: (draft: Draft) => void): Violation<Draft> => ({
  row,
  what,
  reason,
  apply,
});

const VIOLATIONS: readonly Violation<Draft>[] = [
  violation(
    1,
    "a malformed address",
    "malformed_payload",
    spoil({ representative: SELLER.address.replace(/.$/, "!") }),
  ),
  violation(1, "version 1", "invalid_x402_version", (draft) => {
    draft.version = 1;
  }),
  violation(2.1, "another scheme", "unsupported_scheme", rewriteTerms("scheme", "upto")),
  violation(2.2, "another network", "invalid_network", rewriteTerms("network", "nano:testnet")),
  violation(2.3, "another asset", "invalid_asset", rewriteTerms("asset", "NANO")),
  violation(2.4, "another payTo accepted", "requirements_mismatch", accept({ payTo: aPayer(5).address })),
  violation(2.4, "another amount accepted", "requirements_mismatch", accept({ amount: "7" })),
  violation(3, "expired", "payment_expired", accept({ extra: { validBefore: NOW_SECONDS - 6 } })),
  violation(3, "too far away", "challenge_invalid", accept({ extra: { validBefore: NOW_SECONDS + 361 } })),
  violation(4, "another receiver", "wrong_destination", (draft) => {
    draft.block.link = aPayer(5).account;
  }),
  violation(4, "a link_as_account that says so", "wrong_destination", spoil({ link_as_account: aPayer(5).address })),
  violation(5, "somebody else's signature", "invalid_signature", (draft) => {
    draft.signer = aPayer(5);
  }),
  violation(6, "no work", "invalid_work", spoil({ work: "" })),
  violation(6, "malformed work", "invalid_work", spoil({ work: "abc" })),
  violation(6, "weak work", "invalid_work", spoil({ work: weakWork() })),
  violation(8, "a block that has landed", "block_already_landed", (draft) => {
    draft.isLanded = true;
  }),
  violation(
    9,
    "an account without a block",
    "account_not_found",
    learn((facts) => {
      facts.previous = undefined;
      facts.hasAccount = false;
    }),
  ),
  violation(
    9.1,
    "another frontier",
    "stale_frontier",
    learn((facts) => {
      if (facts.previous !== undefined) facts.previous = { ...facts.previous, successor: someHash(99) };
    }),
  ),
  violation(
    9.2,
    "an unconfirmed frontier",
    "frontier_unconfirmed",
    learn((facts) => {
      if (facts.previous !== undefined) facts.previous = { ...facts.previous, confirmed: false };
    }),
  ),
  violation(10, "one raw too little", "insufficient_amount", (draft) => {
    draft.block.balanceRaw += 1n;
  }),
  violation(10, "one raw too much", "insufficient_amount", (draft) => {
    draft.block.balanceRaw -= 1n;
  }),
];

function weakWork(): string {
  const valid = findWork(someHash(7));
  return valid.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
}

function violate(...violations: readonly Violation<Draft>[]): Verdict {
  const draft = honestPayment();
  for (const { apply } of violations) apply(draft);
  return run(draft);
}

test("without a violation it passes, and says who pays what with which block", () => {
  expect(violate()).toMatchObject({ ok: true, payer: aPayer(0).account, amountRaw: PRICE_RAW + 1n });
});

describeRowOrder({ violations: VIOLATIONS, violate, payer: aPayer(0).account, firstRowWithPayer: 6 });

test("every row that is judged without the store is here", () => {
  const rows = new Set(VIOLATIONS.map(({ row }) => Math.floor(row)));
  expect([...rows]).toEqual([1, 2, 3, 4, 5, 6, 8, 9, 10]);
});
