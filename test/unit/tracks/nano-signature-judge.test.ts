import { describe, expect, test } from "vitest";
import type { BlockInfo } from "../../../src/ledger/port.js";
import { hashBlock } from "../../../src/nano/index.js";
import { judgeNanoSignature, type NanoSignatureFacts } from "../../../src/tracks/nano-signature/index.js";
import {
  aPayer,
  BALANCE_RAW,
  NOW_SECONDS,
  nanoSignaturePayment,
  PRICE_RAW,
  signedSend,
} from "../../support/payments.js";
import { landed, parseSignature, signatureFacts, withOtherContents } from "./scenarios.js";

const payer = aPayer(0);
const stranger = aPayer(1);
const block = signedSend({ payer, balanceRaw: BALANCE_RAW - PRICE_RAW });
const payment = parseSignature(nanoSignaturePayment({ hash: hashBlock(block) }));

function judge(info: Partial<BlockInfo>, facts: Partial<NanoSignatureFacts> = {}) {
  return judgeNanoSignature(payment, PRICE_RAW, { ...signatureFacts({ ...landed(block), ...info }), ...facts });
}

test("a confirmed send of the claimant to the seller passes", () => {
  expect(judge({})).toBeUndefined();
});

describe("row 6: the block", () => {
  test("that the ledger does not know", () => {
    expect(judgeNanoSignature(payment, PRICE_RAW, signatureFacts(undefined))?.reason).toBe("block_not_found");
  });

  test("whose contents hash to something else: answers carry no hash, so a node could show any block", () => {
    const refusal = judge({ block: withOtherContents(block) });
    expect(refusal).toMatchObject({ reason: "block_not_found", message: expect.stringContaining("does not hash") });
  });
});

describe("row 7: its type", () => {
  test("a legacy block", () => {
    expect(judge({ block: undefined })?.reason).toBe("wrong_block_type");
  });

  test.each(["receive", "open", "change", "epoch", "Send", "", undefined])("subtype %s", (subtype) => {
    expect(judge({ subtype })?.reason).toBe("wrong_block_type");
  });
});

describe("row 8: who sent it, and to whom", () => {
  test("block_account and the account in the contents are both compared", () => {
    expect(judge({ account: stranger.account })?.reason).toBe("sender_mismatch");
    const theirs = signedSend({ payer: stranger, balanceRaw: BALANCE_RAW - PRICE_RAW });
    const claimed = parseSignature(nanoSignaturePayment({ hash: hashBlock(theirs) }));
    for (const account of [stranger.account, payer.account]) {
      const facts = signatureFacts({ ...landed(theirs), account });
      expect(judgeNanoSignature(claimed, PRICE_RAW, facts)?.reason).toBe("sender_mismatch");
    }
  });

  test("a send to somebody else", () => {
    const elsewhere = signedSend({ payer, payTo: stranger.account, balanceRaw: BALANCE_RAW - PRICE_RAW });
    const claimed = parseSignature(nanoSignaturePayment({ hash: hashBlock(elsewhere) }));
    expect(judgeNanoSignature(claimed, PRICE_RAW, signatureFacts(landed(elsewhere)))?.reason).toBe("wrong_destination");
  });
});

describe("row 9: at least the amount", () => {
  test.each([
    [PRICE_RAW - 1n, "insufficient_amount"],
    [0n, "insufficient_amount"],
    [PRICE_RAW, undefined],
    [PRICE_RAW + 1n, undefined],
    [BALANCE_RAW, undefined],
  ])("%s raw: %s", (amountRaw, expected) => {
    expect(judge({ amountRaw })?.reason).toBe(expected);
  });

  test("the message gives both amounts", () => {
    expect(judge({ amountRaw: 5n })?.message).toContain(`Required at least ${PRICE_RAW} raw, the block sends 5 raw.`);
  });
});

test("row 10: unconfirmed", () => {
  expect(judge({ confirmed: false })?.reason).toBe("unconfirmed_block");
});

/** R5 and R6: an old transfer must never buy anything, and what is not known fails closed. */
describe("row 11: its age", () => {
  test.each([
    ["at the limit", NOW_SECONDS - 3600, undefined],
    ["a second older", NOW_SECONDS - 3601, "The node saw it 3601 s ago, the limit is 3600 s."],
    ["of this second", NOW_SECONDS, undefined],
    ["a minute in the future", NOW_SECONDS + 60, undefined],
    ["a second further", NOW_SECONDS + 61, "The node dates the block in the future."],
    ["of no known time", 0, "The node does not say when it saw the block."],
    ["before 1970", -1, "The node does not say when it saw the block."],
    ["of no number", Number.NaN, "The node does not say when it saw the block."],
    ["at the end of time", Number.POSITIVE_INFINITY, "The node dates the block in the future."],
  ])("%s", (_what, localTimestampSeconds, message) => {
    const refusal = judge({ localTimestampSeconds });
    if (message === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toMatchObject({ reason: "payment_too_old", message: expect.stringContaining(message) });
  });

  test("a limit of one's own", () => {
    const localTimestampSeconds = NOW_SECONDS - 10;
    expect(judge({ localTimestampSeconds }, { paymentAgeSeconds: 10 })).toBeUndefined();
    expect(judge({ localTimestampSeconds }, { paymentAgeSeconds: 9 })?.reason).toBe("payment_too_old");
  });

  test("blocks of the store's first second or before are refused, of the next one taken", () => {
    const localTimestampSeconds = NOW_SECONDS - 10;
    const born = (storeBornAtSeconds: number) => judge({ localTimestampSeconds }, { storeBornAtSeconds });
    expect(born(localTimestampSeconds + 1)?.reason).toBe("payment_too_old");
    expect(born(localTimestampSeconds)?.reason).toBe("payment_too_old");
    expect(born(localTimestampSeconds - 1)).toBeUndefined();
    expect(born(localTimestampSeconds)?.message).toContain("no record of the time");
  });
});
