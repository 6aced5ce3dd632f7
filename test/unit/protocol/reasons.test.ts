import { describe, expect, expectTypeOf, test } from "vitest";
import {
  isReason,
  REASONS,
  type Reason,
  type ReasonEntry,
  refuse,
  upperCaseReason,
} from "../../../src/protocol/index.js";

/**
 * The whole table, written out: a word, its sentence, then what Track A and Track B payers may do. A change here is a
 * change of the protocol, and of what a payer's purse does with somebody's money.
 */
const TABLE = `
malformed_payload       | no,rebuild    | no    | The payment or its requirements do not have the required form.
invalid_x402_version    | no,keep       | no    | Only x402 version 2 is spoken here.
unsupported_scheme      | no,keep       | no    | Only scheme exact is served.
invalid_network         | no,keep       | no    | Only network nano:mainnet is served.
invalid_asset           | no,keep       | no    | Only asset XNO is served.
requirements_mismatch   | fresh,rebuild | fresh | The payment was made for other requirements.
payment_expired         | fresh,keep    | fresh | The challenge has expired; ask for a fresh one.
challenge_invalid       | fresh,keep    | fresh | The challenge was not issued for this payment.
wrong_destination       | no,rebuild    | no    | The block does not pay the account that was asked for.
invalid_signature       | no,rebuild    | fresh | The signature is not the paying account's.
invalid_work            | no,rebuild    | no    | The proof of work is missing, malformed or too weak.
duplicate_block_hash    | no,keep       | no    | This block has bought its response already.
payment_in_progress     | same,keep     | same  | This payment is being verified or settled right now.
block_already_landed    | fresh,keep    | no    | The block is on the ledger, where everybody can read it; prove who paid through nanoSignature.
stale_frontier          | same,rebuild  | no    | The block does not follow the account's frontier.
frontier_unconfirmed    | same,keep     | no    | The block that this one follows is not confirmed yet.
account_not_found       | same,keep     | no    | The paying account has no block on the ledger.
insufficient_amount     | no,rebuild    | no    | The block does not send the required amount.
duplicate_frontier      | same,keep     | no    | Another block on the same previous is being settled.
block_not_found         | same,keep     | same  | The ledger does not know the block.
wrong_block_type        | no,keep       | no    | The block is not a state block that sends.
sender_mismatch         | no,keep       | no    | The block belongs to another account.
unconfirmed_block       | same,keep     | same  | The block is not confirmed yet.
payment_too_old         | no,keep       | no    | The payment is too old to be redeemed here.
broadcast_failed        | same,rebuild  | no    | The node did not take the block, and nothing has landed.
frontier_changed        | no,rebuild    | no    | Another confirmed block follows the same previous.
settlement_pending      | same,keep     | same  | The block may still be confirmed; do not pay again.
ledger_unavailable      | same,keep     | same  | No Nano node could be asked; nothing was decided.
facilitator_unavailable | same,keep     | same  | The facilitator cannot redeem right now; nothing was decided.
`;

/** The words of SPEC 3 in the order of its rows, Track A before what only Track B says, then those of SPEC 6. */
const WORDS_OF_THE_SPEC: readonly Reason[] = [
  "malformed_payload",
  "invalid_x402_version",
  "unsupported_scheme",
  "invalid_network",
  "invalid_asset",
  "requirements_mismatch",
  "payment_expired",
  "challenge_invalid",
  "wrong_destination",
  "invalid_signature",
  "invalid_work",
  "duplicate_block_hash",
  "payment_in_progress",
  "block_already_landed",
  "stale_frontier",
  "frontier_unconfirmed",
  "account_not_found",
  "insufficient_amount",
  "duplicate_frontier",
  "block_not_found",
  "wrong_block_type",
  "sender_mismatch",
  "unconfirmed_block",
  "payment_too_old",
  "broadcast_failed",
  "frontier_changed",
  "settlement_pending",
  "ledger_unavailable",
  "facilitator_unavailable",
];

const entries: [string, ReasonEntry][] = Object.entries(REASONS);

function printRow([word, { sentence, nanoTxn, nanoSignature }]: [string, ReasonEntry]): string {
  const trackA = `${nanoTxn.retry},${nanoTxn.rebuild ? "rebuild" : "keep"}`;
  return `${word.padEnd(23)} | ${trackA.padEnd(13)} | ${nanoSignature.retry.padEnd(5)} | ${sentence}`;
}

test("the table is this one", () => {
  expect(entries.map(printRow)).toEqual(TABLE.trim().split("\n"));
});

test("every reason of the SPEC is there, and no other", () => {
  expect(new Set(Object.keys(REASONS))).toEqual(new Set(WORDS_OF_THE_SPEC));
  expect(Object.keys(REASONS)).toHaveLength(29);
});

describe("what a payer may do", () => {
  test("no reason lets a Track B payer pay again, by value and by type", () => {
    expect(entries.filter(([, entry]) => entry.nanoSignature.rebuild)).toEqual([]);
    expectTypeOf<ReasonEntry["nanoSignature"]["rebuild"]>().toEqualTypeOf<false>();
  });

  test.each([
    "payment_in_progress",
    "duplicate_block_hash",
    "block_already_landed",
    "duplicate_frontier",
    "settlement_pending",
    "ledger_unavailable",
    "facilitator_unavailable",
    "payment_expired",
    "frontier_unconfirmed",
  ] as const)("%s, which leaves the block able to land, never invites another one", (reason) => {
    expect(REASONS[reason].nanoTxn.rebuild).toBe(false);
  });

  test.each(["payment_in_progress", "settlement_pending", "ledger_unavailable", "facilitator_unavailable"] as const)(
    "%s says: the same proof again, on either track",
    (reason) => {
      expect(REASONS[reason]).toMatchObject({ nanoTxn: { retry: "same" }, nanoSignature: { retry: "same" } });
    },
  );
});

describe("on the wire", () => {
  test("words are snake_case, sentences are whole, and all of them differ", () => {
    for (const [word, { sentence }] of entries) {
      expect(word).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/);
      expect(sentence).toMatch(/^[A-Z].*\.$/);
    }
    expect(new Set(entries.map(([, { sentence }]) => sentence)).size).toBe(entries.length);
  });

  test("isReason knows the words, and nothing that every object has", () => {
    expect(WORDS_OF_THE_SPEC.every(isReason)).toBe(true);
    expect(["", "constructor", "toString", "__proto__", "SETTLEMENT_PENDING", "paid"].filter(isReason)).toEqual([]);
  });

  test("UPPER_CASE for clients of the x402.Nano text, with one word of its own", () => {
    expect(upperCaseReason("settlement_pending")).toBe("CONFIRMATION_TIMEOUT");
    for (const word of WORDS_OF_THE_SPEC.filter((reason) => reason !== "settlement_pending")) {
      expect(upperCaseReason(word)).toBe(word.toUpperCase());
    }
  });

  test("a refusal is a value: the sentence, and the facts behind it", () => {
    const { sentence } = REASONS.invalid_work;
    expect(refuse("invalid_work")).toEqual({ ok: false, reason: "invalid_work", message: sentence });
    expect(refuse("invalid_work", "There is none.").message).toBe(`${sentence} There is none.`);
  });
});
