import { describe, expect, test } from "vitest";
import { parsePayment } from "../../../src/protocol/index.js";
import {
  edited,
  NINE_KEYS,
  NOW_SECONDS,
  nanoSignaturePayment,
  nanoTxnPayment,
  type PaymentJson,
} from "../../support/payments.js";
import { runNanoTxn } from "./scenarios.js";

/** SPEC 8: what other people's clients and sellers send. */
const ours = nanoTxnPayment();
const EXTRA = "paymentPayload.accepted.extra";

describe("the upstream draft: Track A without extra", () => {
  test("our own block has exactly its nine keys", () => {
    expect(Object.keys(Object(ours.paymentPayload.payload["block"]))).toEqual(NINE_KEYS);
  });

  test.each([{}, undefined, null])("an x402nano client whose accepted.extra is %j passes", (extra) => {
    expect(runNanoTxn(edited(ours, EXTRA, extra))).toEqual(runNanoTxn(ours));
    expect(runNanoTxn(ours)).toMatchObject({ ok: true });
  });

  test("so does one whose seller knows no extra either", () => {
    const foreign = edited(edited(ours, EXTRA, undefined), "paymentRequirements.extra", undefined);
    expect(runNanoTxn(foreign)).toMatchObject({ ok: true });
  });

  test("there is no expiry to check, however late it comes", () => {
    const years = { nowSeconds: NOW_SECONDS + 10 ** 8 };
    expect(runNanoTxn(edited(ours, EXTRA, {}), {}, years)).toMatchObject({ ok: true });
    expect(runNanoTxn(ours, {}, years)).toMatchObject({ reason: "payment_expired" });
  });

  test("upper-case hexadecimal and a resource beside the payment, as stock clients send them", () => {
    const block = Object(ours.paymentPayload.payload["block"]);
    const upper = { ...block, previous: block.previous.toUpperCase(), link: block.link.toUpperCase() };
    const { paymentPayload } = edited(ours, "paymentPayload.payload.block", upper);
    const resource = { url: "https://example.org/weather", description: "", mimeType: "" };
    const sent: PaymentJson = { ...ours, paymentPayload: Object({ ...paymentPayload, resource, extensions: {} }) };
    expect(runNanoTxn(sent)).toEqual(runNanoTxn(ours));
  });
});

describe("seller-attached work", () => {
  test.each(["optional", "required"])("work %s: the client leaves it out, the facilitator attaches it", (work) => {
    const advertised = edited(ours, "paymentRequirements.extra.work", work);
    const echoed = edited(advertised, `${EXTRA}.work`, work);
    const threshold = edited(echoed, `${EXTRA}.workThreshold`, "fffffff800000000");
    for (const absent of ["", undefined]) {
      const bare = edited(threshold, "paymentPayload.payload.block.work", absent);
      expect(runNanoTxn(bare, {}, { workPolicy: "attach" })).toMatchObject({ ok: true });
      expect(runNanoTxn(bare, {}, { workPolicy: "validate" })).toMatchObject({ reason: "invalid_work" });
    }
  });
});

test("a bare block hash, with no proof of the payer, is refused", () => {
  const { blockHash } = nanoSignaturePayment().paymentPayload.payload;
  const bare = edited(nanoSignaturePayment(), "paymentPayload.payload", { blockHash });
  const result = parsePayment(bare.paymentPayload, bare.paymentRequirements, { allowLease: false });
  expect(result).toMatchObject({ ok: false, reason: "malformed_payload" });
});
