import { describe, expect, test } from "vitest";
import { encodeBlockJson, signBlock, signNoms } from "../../../src/nano/index.js";
import { encodeNanoSignaturePayload } from "../../../src/tracks/nano-signature/index.js";
import { encodeNanoTxnPayload } from "../../../src/tracks/nano-txn/index.js";
import { aPayer, NONCE, NOW_SECONDS, nanoSignaturePayment, signedSend, someHash } from "../../support/payments.js";

describe("what a Track A client sends", () => {
  const block = signedSend({ payer: aPayer(0), balanceRaw: 5n });

  test("the nine keys and no other: peers refuse more, and a missing link_as_account", () => {
    expect(encodeNanoTxnPayload(block)).toEqual({ block: encodeBlockJson(block) });
    expect(Object.keys(encodeNanoTxnPayload(block).block)).toHaveLength(9);
  });

  test("a block whose work is left to the facilitator still has the key", () => {
    const bare = signBlock(block, aPayer(0).secretKey);
    expect(encodeNanoTxnPayload(bare).block.work).toBe("");
  });
});

describe("what a Track B client sends", () => {
  const payer = aPayer(0);
  const hash = someHash(0xabc);
  const sign = (message: string) => signNoms(message, payer.secretKey);
  const challenge = { nonce: NONCE, validBefore: NOW_SECONDS + 60 };

  test("hash, account and a signature of the challenge, in lower case", async () => {
    const payload = await encodeNanoSignaturePayload({ hash, account: payer.account }, challenge, sign);
    expect(payload).toEqual(nanoSignaturePayment({ hash }).paymentPayload.payload);
    expect(Object.keys(payload)).toEqual(["blockHash", "account", "signature"]);
  });

  test("a seller's nonce in upper case is signed in lower case", async () => {
    const upper = { ...challenge, nonce: NONCE.toUpperCase() };
    const paid = { hash, account: payer.account };
    const signed = await encodeNanoSignaturePayload(paid, upper, sign);
    expect(signed).toEqual(await encodeNanoSignaturePayload(paid, challenge, sign));
  });

  test("the signer may be slow, as a device is, and sees exactly the message", async () => {
    const seen: string[] = [];
    const device = async (message: string): Promise<Uint8Array> => {
      seen.push(message);
      return sign(message);
    };
    await encodeNanoSignaturePayload({ hash, account: payer.account }, challenge, device);
    expect(seen).toEqual([`${hash}:${NONCE}:${NOW_SECONDS + 60}`]);
  });
});
