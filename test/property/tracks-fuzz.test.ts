import fc from "fast-check";
import { expect, test } from "vitest";
import { hashBlock } from "../../src/nano/index.js";
import { isReason } from "../../src/protocol/index.js";
import { mutationsOf } from "../support/json-mutations.js";
import {
  aPayer,
  BALANCE_RAW,
  nanoSignaturePayment,
  nanoTxnPayment,
  PRICE_RAW,
  signedSend,
} from "../support/payments.js";
import { landed, runNanoSignature, runNanoTxn, signatureFacts } from "../unit/tracks/scenarios.js";

test("10,000 mutations of the whole request, the requirements included, through every row: a verdict, never a throw", () => {
  const block = signedSend({ payer: aPayer(0), balanceRaw: BALANCE_RAW - PRICE_RAW });
  const [trackA, trackB] = [nanoTxnPayment(), nanoSignaturePayment({ hash: hashBlock(block) })];
  const hostile = fc.oneof(
    fc.tuple(fc.constant("nanoTxn"), mutationsOf(trackA)),
    fc.tuple(fc.constant("nanoSignature"), mutationsOf(trackB)),
  );
  const seen = { ok: 0, refused: 0 };
  fc.assert(
    fc.property(hostile, ([track, json]) => {
      const { payload } = Object(json.paymentPayload ?? {});
      fc.pre(
        track === "nanoTxn" ? !Object.hasOwn(Object(payload), "blockHash") : !Object.hasOwn(Object(payload), "block"),
      );
      const verdict = track === "nanoTxn" ? runNanoTxn(json) : runNanoSignature(json, signatureFacts(landed(block)));
      seen[verdict.ok ? "ok" : "refused"] += 1;
      expect(verdict.ok || isReason(verdict.reason)).toBe(true);
    }),
    { seed: 17, numRuns: 10_000 },
  );
  expect(seen.ok).toBeGreaterThan(1_000);
  expect(seen.refused).toBeGreaterThan(4_000);
});
