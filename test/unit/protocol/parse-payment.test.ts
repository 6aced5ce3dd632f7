import { describe, expect, test } from "vitest";
import { encodeBlockJson } from "../../../src/nano/index.js";
import {
  type NanoTxnPayment,
  type Payment,
  parsePayment,
  type Refusal,
  type WorkForm,
} from "../../../src/protocol/index.js";
import { edited, NONCE, nanoSignaturePayment, nanoTxnPayment, type PaymentJson } from "../../support/payments.js";

const trackA = nanoTxnPayment();
const trackB = nanoSignaturePayment();
const BLOCK = "paymentPayload.payload.block";

function parse(
  payment: PaymentJson,
  request: Parameters<typeof parsePayment>[2] = { allowLease: false },
): { readonly ok: true; readonly payment: Payment } | Refusal {
  return parsePayment(payment.paymentPayload, payment.paymentRequirements, request);
}

function accepted(payment: PaymentJson): Payment {
  const result = parse(payment);
  return result.ok ? result.payment : expect.unreachable(result.message);
}

function acceptedTxn(payment: PaymentJson): NanoTxnPayment {
  const parsed = accepted(payment);
  return parsed.track === "nanoTxn" ? parsed : expect.unreachable("not Track A");
}

function expectRefusal(result: ReturnType<typeof parse>, reason: string, place = ""): void {
  expect(result).toMatchObject({ ok: false, reason, message: expect.stringContaining(place) });
}

describe("the track follows from the payload's shape", () => {
  test("block is Track A, blockHash is Track B, whatever accepted.extra says", () => {
    expect(accepted(trackA).track).toBe("nanoTxn");
    expect(accepted(trackB).track).toBe("nanoSignature");
    const method = "paymentPayload.accepted.extra.assetTransferMethod";
    expect(accepted(edited(trackA, method, "nanoSignature")).track).toBe("nanoTxn");
    expect(accepted(edited(trackB, method, "nanoTxn")).track).toBe("nanoSignature");
  });

  test.each([
    ["both", edited(trackA, "paymentPayload.payload.blockHash", NONCE)],
    ["both, one of them null", edited(trackA, "paymentPayload.payload.blockHash", null)],
    ["neither", edited(trackB, "paymentPayload.payload.blockHash", undefined)],
    ["an empty payload", edited(trackA, "paymentPayload.payload", {})],
    [
      "only a __proto__ that has one",
      edited(trackA, "paymentPayload.payload", JSON.parse('{"__proto__":{"block":{}}}')),
    ],
  ])("%s: malformed", (_what, payment) => {
    expectRefusal(parse(payment), "malformed_payload", "exactly one of block and blockHash");
  });
});

describe("the version", () => {
  test.each([1, 3, 0, -2, 2.5, 2e9])("%s in the payload", (version) => {
    expectRefusal(parse(edited(trackA, "paymentPayload.x402Version", version)), "invalid_x402_version");
  });

  test.each([1, 3, 0, 2.0000001])("%s at the top level", (x402Version) => {
    expectRefusal(parse(trackA, { x402Version, allowLease: false }), "invalid_x402_version");
  });

  test.each(["2", "", true, {}, [], [2]])("%j is not even a number", (version) => {
    expectRefusal(parse(edited(trackA, "paymentPayload.x402Version", version)), "malformed_payload", "x402Version");
    expectRefusal(parse(trackA, { x402Version: version, allowLease: false }), "malformed_payload", "x402Version");
  });

  test("is required in the payload and optional above it", () => {
    expectRefusal(parse(edited(trackA, "paymentPayload.x402Version", undefined)), "malformed_payload", "x402Version");
    expect(parse(trackA, { x402Version: 2, allowLease: false }).ok).toBe(true);
    expect(parse(trackA, { x402Version: undefined, allowLease: false }).ok).toBe(true);
  });

  test("a payload of version 1, which has no accepted, is told so", () => {
    const { payload } = trackA.paymentPayload;
    const v1 = { x402Version: 1, scheme: "exact", network: "nano:mainnet", payload };
    expectRefusal(parsePayment(v1, trackA.paymentRequirements, { allowLease: false }), "invalid_x402_version");
    expectRefusal(parse(edited(trackA, "paymentPayload.accepted", undefined)), "malformed_payload", "At accepted.");
  });
});

describe("the lease is for settle alone", () => {
  const lease = "paymentPayload.payload.lease";
  const settle = { allowLease: true };

  test.each([trackA, trackB])("track $#: refused in verify, read in settle", (payment) => {
    for (const value of ["token", "", null, 5]) {
      expectRefusal(parse(edited(payment, lease, value)), "malformed_payload", "At payload.lease.");
    }
    const read = parse(edited(payment, lease, "token"), settle);
    expect(read.ok && read.payment.payload.lease).toBe("token");
    const without = parse(payment, settle);
    expect(without.ok && without.payment.payload.lease).toBeUndefined();
  });

  test.each([null, 5, {}, "x".repeat(513)])("a settle refuses what no store ever made: %j", (value) => {
    expectRefusal(parse(edited(trackA, lease, value), settle), "malformed_payload", "At payload.lease.");
  });
});

describe("what is accepted in more than one form", () => {
  test("hexadecimal of any case, and addresses with either prefix, mean the same payment", () => {
    const { block } = trackA.paymentPayload.payload;
    const spelled = Object.entries(Object(block)).map(([key, value]) => {
      const text = String(value);
      return [
        key,
        text.startsWith("nano_") ? text.replace("nano_", "xrb_") : key === "type" ? text : text.toUpperCase(),
      ];
    });
    const other = edited(trackA, BLOCK, Object.fromEntries(spelled));
    expect(other).not.toEqual(trackA);
    expect(accepted(other)).toEqual(accepted(trackA));

    const { blockHash, signature, account } = trackB.paymentPayload.payload;
    const payload = {
      blockHash: String(blockHash).toUpperCase(),
      signature: String(signature).toUpperCase(),
      account: String(account).replace("nano_", "xrb_"),
    };
    const upper = edited(
      edited(trackB, "paymentPayload.payload", payload),
      "paymentPayload.accepted.extra.nonce",
      NONCE.toUpperCase(),
    );
    expect(accepted(upper)).toEqual(accepted(trackB));
  });

  test.each([null, undefined, {}])("extra %j is no extra", (extra) => {
    const parsed = accepted(
      edited(edited(trackA, "paymentPayload.accepted.extra", extra), "paymentRequirements.extra", extra),
    );
    expect(parsed.accepted.extra).toEqual({});
    expect(parsed.requirements.extra).toEqual({});
  });

  test.each(["1", "340282366920938463463374607431768211455"])("the amount %s", (amount) => {
    const parsed = accepted(edited(trackA, "paymentRequirements.amount", amount));
    expect(parsed.requirements.amount).toBe(BigInt(amount));
  });

  test("a balance of nothing, and of all that exists", () => {
    for (const balance of ["0", "340282366920938463463374607431768211455"]) {
      expect(acceptedTxn(edited(trackA, `${BLOCK}.balance`, balance)).payload.block.balanceRaw).toBe(BigInt(balance));
    }
  });

  test("an offer that is good for a week", () => {
    expect(
      accepted(edited(trackB, "paymentRequirements.maxTimeoutSeconds", 604_800)).requirements.maxTimeoutSeconds,
    ).toBe(604_800);
  });

  test.each([
    ["optional", "optional"],
    ["required", "required"],
    ["none", undefined],
    [5, undefined],
    [null, undefined],
  ])("seller-attached work %j is a hint, and an unknown hint is none", (work, expected) => {
    expect(accepted(edited(trackA, "paymentRequirements.extra.work", work)).requirements.extra.work).toBe(expected);
  });
});

describe("work is judged later, as invalid_work, so that its form is never a matter of shape", () => {
  test.each<[unknown, WorkForm, string | undefined]>([
    [undefined, "absent", undefined],
    ["", "absent", undefined],
    ["FC0FE36423277A00", "present", "fc0fe36423277a00"],
    ["0000000000000000", "present", "0000000000000000"],
    ["fc0fe36423277a0", "malformed", undefined],
    ["fc0fe36423277a000", "malformed", undefined],
    ["fc0fe36423277a0g", "malformed", undefined],
    ["0xfc0fe36423277a", "malformed", undefined],
    ["0", "malformed", undefined],
    [" ", "malformed", undefined],
    ["f".repeat(10_000), "malformed", undefined],
  ])("%j is %s", (work, workForm, read) => {
    const { payload } = acceptedTxn(edited(trackA, `${BLOCK}.work`, work));
    expect(payload).toMatchObject({ workForm });
    expect(payload.block.work).toBe(read);
  });
});

describe("what was not asked for", () => {
  const surplus = { subtype: "send", hash: NONCE, force: "true", watch_work: "1", extra: { deep: [1] } };

  test("unknown keys never reach the node: the nine keys are rebuilt", () => {
    const { block } = trackA.paymentPayload.payload;
    const parsed = acceptedTxn(edited(trackA, BLOCK, { ...surplus, ...Object(block) }));
    expect(encodeBlockJson(parsed.payload.block)).toEqual(block);
    expect(parsed).toEqual(accepted(trackA));
  });

  test.each([trackA, trackB])("in the payload of track $# and around it they are dropped", (payment) => {
    const { payload } = payment.paymentPayload;
    const crowded = edited(payment, "paymentPayload", {
      ...payment.paymentPayload,
      ...surplus,
      resource: { url: "https://example.org" },
      payload: { ...surplus, ...payload },
    });
    expect(accepted(crowded)).toEqual(accepted(payment));
  });

  test("link_as_account may be missing", () => {
    const parsed = acceptedTxn(edited(trackA, `${BLOCK}.link_as_account`, undefined));
    expect(parsed.payload.linkAsAccount).toBeUndefined();
    expect(parsed.payload.block).toEqual(acceptedTxn(trackA).payload.block);
  });
});
