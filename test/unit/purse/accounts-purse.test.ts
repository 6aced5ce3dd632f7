import { beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  hexToBytes,
  isBlockSignatureValid,
  publicKeyOf,
  signMessage,
} from "../../../src/nano/index.js";
import type { ExternalSigner } from "../../../src/purse/index.js";
import { blockOf, PRICE, refused, SEED, served, startPurse, watch } from "../../support/purse-world.js";

beforeAll(cryptoReady);

const KEY = deriveSecretKey(hexToBytes(SEED, 32), 0);

interface Device extends ExternalSigner {
  /** What befalls the next questions, in their order. */
  readonly faults: ("wrong" | "denied" | "silent")[];
  readonly asked: ("block" | "message")[];
}

function makeDevice(): Device {
  const faults: Device["faults"] = [];
  const asked: Device["asked"] = [];
  const answer = (hex: string): Promise<string> => {
    const fault = faults.shift();
    if (fault === "silent") return new Promise(() => undefined);
    if (fault === "denied") return Promise.reject(new Error("denied on the device"));
    return Promise.resolve(bytesToHex(signMessage(hexToBytes(fault === "wrong" ? "00".repeat(32) : hex, 32), KEY)));
  };
  return {
    account: addressOf(publicKeyOf(derivePublicKey(KEY))),
    faults,
    asked,
    signBlock(_, { hash }) {
      asked.push("block");
      return answer(hash);
    },
    signMessage(_, { digest }) {
      asked.push("message");
      return answer(digest);
    },
  };
}

async function startDevicePurse(options: { readonly timeoutSeconds?: number } = {}) {
  const device = Object.assign(makeDevice(), options);
  const world = await startPurse({ seed: undefined, signer: device });
  return { ...world, device };
}

test("both tracks are paid through a device", async () => {
  const { device, purse, ledger, account, nanoTxn, nanoSignature } = await startDevicePurse();
  expect(purse.address).toBe(device.account);
  const proof = await nanoSignature();
  await purse.report(proof.hash, served);
  expect(ledger.sendsOf(account)).toHaveLength(1);
  expect(isBlockSignatureValid(blockOf(await nanoTxn()))).toBe(true);
  expect(device.asked).toEqual(["block", "message", "block"]);
});

describe.each(["nanoTxn", "nanoSignature"] as const)("a device that fails before a %s block is signed", (track) => {
  test.each(["wrong", "denied"] as const)(
    "%s: nothing is written down or sent, and it can be bought later",
    async (fault) => {
      const { device, purse, ledger, account, offer } = await startDevicePurse();
      const head = ledger.headOf(account);
      device.faults.push(fault);
      await expect(purse.payOffer(offer({ track }))).rejects.toMatchObject({ code: "signer_failed" });
      expect(purse.unspent()).toEqual([]);
      expect(purse.spentTodayRaw()).toBe(0n);
      expect(ledger.processCalls).toEqual([]);
      expect(ledger.headOf(account)).toBe(head);
      await expect(purse.payOffer(offer({ track }))).resolves.toMatchObject({ track });
    },
  );
});

test("a device that refuses to prove a payment: it is kept, and proved with the next call", async () => {
  const { device, purse, ledger, account, nanoSignature } = await startDevicePurse();
  const { hash } = await nanoSignature();
  await purse.report(hash, refused());
  device.faults.push("denied");
  await expect(nanoSignature()).rejects.toMatchObject({ code: "signer_failed" });
  expect(purse.unspent()).toMatchObject([{ hash }]);
  expect(purse.spentTodayRaw()).toBe(PRICE);
  await expect(nanoSignature()).resolves.toMatchObject({ hash });
  expect(ledger.sendsOf(account)).toHaveLength(1);
});

test("a purse can be closed while a device asks its user, and asks it nothing more", async () => {
  const { device, time, purse, ledger, nanoSignature } = await startDevicePurse();
  device.faults.push("silent");
  const [first, second] = [watch(nanoSignature({ amountRaw: 10n })), watch(nanoSignature({ amountRaw: 20n }))];
  await time.settle();
  expect(device.asked).toEqual(["block"]);
  const closed = watch(purse.close());
  await time.settle();
  expect(closed.outcome()).not.toBeInstanceOf(Error);
  for (const call of [first, second]) expect(call.outcome()).toMatchObject({ code: "purse_closed" });
  await expect(nanoSignature()).rejects.toMatchObject({ code: "purse_closed" });
  expect(device.asked).toEqual(["block"]);
  expect(purse.unspent()).toEqual([]);
  expect(purse.spentTodayRaw()).toBe(0n);
  expect(ledger.processCalls).toEqual([]);
});

test("a device that stays silent gives the account free for the next payment", async () => {
  const { device, time, purse, nanoSignature } = await startDevicePurse({ timeoutSeconds: 5 });
  device.faults.push("silent");
  const [first, second] = [watch(nanoSignature({ amountRaw: 10n })), watch(nanoSignature({ amountRaw: 20n }))];
  await time.advance(5_000);
  expect(first.outcome()).toMatchObject({ code: "deadline_exceeded" });
  expect(second.outcome()).toMatchObject({ track: "nanoSignature" });
  expect(purse.spentTodayRaw()).toBe(20n);
});
