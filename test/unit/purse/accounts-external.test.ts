import * as nanocurrency from "nanocurrency";
import { beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  hashBlock,
  hashNomsMessage,
  hexToBytes,
  isBlockSignatureValid,
  keyBytes,
  parseBlockHash,
  publicKeyOf,
  type SignedBlock,
  signBlock,
  signMessage,
  type UnsignedBlock,
  verifyNoms,
} from "../../../src/nano/index.js";
import {
  type BlockSigningContext,
  createSigner,
  createSigners,
  type ExternalSigner,
  type MessageSigningContext,
  type UnsignedBlockJson,
} from "../../../src/purse/accounts/index.js";
import { createManualTime } from "../../support/manual-time.js";
import { flipBit } from "../../support/nano.js";
import { PAY_TO, SEED, watch } from "../../support/purse-world.js";

beforeAll(cryptoReady);

const SECRET_KEY = deriveSecretKey(hexToBytes(SEED, 32), 0);
const OTHER_KEY = deriveSecretKey(hexToBytes(SEED, 32), 1);

/** A device that signs what it is asked to; `changes` are its faults. */
function makeDevice(changes: Partial<ExternalSigner> = {}, key = SECRET_KEY): ExternalSigner {
  return {
    account: addressOf(publicKeyOf(derivePublicKey(key))),
    signBlock: async (_, { hash }) => bytesToHex(signMessage(hexToBytes(hash, 32), key)),
    signMessage: async (_, { digest }) => signMessage(hexToBytes(digest, 32), key),
    ...changes,
  };
}

function makeBlock(balanceRaw = 5n): UnsignedBlock {
  const account = publicKeyOf(derivePublicKey(SECRET_KEY));
  const previous = parseBlockHash("AB".repeat(32));
  const link = publicKeyOf(hexToBytes("cd".repeat(32), 32));
  return { account, previous, representative: link, balanceRaw, link };
}

describe("what a device is asked", () => {
  test("a block: the six fields that are hashed, and their hash", async () => {
    let asked: [UnsignedBlockJson, BlockSigningContext] | undefined;
    const device = makeDevice({
      signBlock(...question) {
        asked = question;
        return signMessage(hexToBytes(question[1].hash, 32), SECRET_KEY);
      },
    });
    const signer = await createSigner({ signer: device });
    const block = makeBlock();
    const signed = await signer.signBlock(block);
    expect(isBlockSignatureValid(signed)).toBe(true);
    expect(signed).toEqual(signBlock(block, SECRET_KEY));

    const [json, context] = asked ?? [];
    expect(json).toEqual({
      type: "state",
      account: device.account,
      previous: "ab".repeat(32),
      representative: addressOf(block.representative),
      balance: "5",
      link: "cd".repeat(32),
    });
    expect(context).toEqual({
      hash: json === undefined ? "" : nanocurrency.hashBlock({ ...json }).toLowerCase(),
      signal: expect.any(AbortSignal),
      subtype: undefined,
      amountRaw: undefined,
      previousBlock: undefined,
    });
    expect(context?.signal.aborted).toBe(false);
  });

  test("what the block does, and the one before, where the purse says it", async () => {
    let context: BlockSigningContext | undefined;
    const device = makeDevice();
    const signer = await createSigner({
      signer: {
        ...device,
        signBlock(block, given) {
          context = given;
          return device.signBlock(block, given);
        },
      },
    });
    const previousBlock: SignedBlock = { ...signBlock(makeBlock(12n), SECRET_KEY), work: "00000000000000ff" };
    await signer.signBlock(makeBlock(), { subtype: "send", amountRaw: 7n, previousBlock });
    expect(context).toMatchObject({
      subtype: "send",
      amountRaw: 7n,
      previousBlock: { type: "state", balance: "12", signature: previousBlock.signature, work: "00000000000000ff" },
    });
  });

  test("a message: its text and its NOMS digest", async () => {
    let asked: [string, MessageSigningContext] | undefined;
    const device = makeDevice({
      signMessage(...question) {
        asked = question;
        return signMessage(hexToBytes(question[1].digest, 32), SECRET_KEY);
      },
    });
    const signer = await createSigner({ signer: device });
    const signature = await signer.signNoms("Hej Nano!🥦");
    expect(verifyNoms(signature, "Hej Nano!🥦", keyBytes(signer.account))).toBe(true);
    const digest = bytesToHex(hashNomsMessage("Hej Nano!🥦"));
    expect(asked).toEqual(["Hej Nano!🥦", { digest, signal: expect.any(AbortSignal) }]);
  });

  test("as a method of its own: devices are often instances of classes", async () => {
    class Device implements ExternalSigner {
      readonly account = makeDevice().account;
      readonly #key = SECRET_KEY;
      signBlock(_: unknown, { hash }: BlockSigningContext): Uint8Array {
        return signMessage(hexToBytes(hash, 32), this.#key);
      }
      signMessage(_: unknown, { digest }: MessageSigningContext): Uint8Array {
        return signMessage(hexToBytes(digest, 32), this.#key);
      }
    }
    const signer = await createSigner({ signer: new Device() });
    expect(isBlockSignatureValid(await signer.signBlock(makeBlock()))).toBe(true);
    await expect(signer.signNoms("text")).resolves.toHaveLength(64);
  });

  test("one thing at a time", async () => {
    const time = createManualTime();
    let open = 0;
    let most = 0;
    const slowly = async <Value>(value: Value): Promise<Value> => {
      open += 1;
      most = Math.max(most, open);
      await time.sleep(100, new AbortController().signal);
      open -= 1;
      return value;
    };
    const device = makeDevice();
    const slow = makeDevice({
      signBlock: async (...question) => slowly(await device.signBlock(...question)),
      signMessage: async (...question) => slowly(await device.signMessage(...question)),
    });
    const signer = await createSigner({ signer: slow }, { sleep: time.sleep });
    const all = Promise.all([signer.signBlock(makeBlock()), signer.signNoms("a"), signer.signBlock(makeBlock(6n))]);
    await time.advance(300);
    expect(await all).toHaveLength(3);
    expect(most).toBe(1);
  });
});

describe("what a device answers", () => {
  const right = (): Uint8Array => signMessage(keyBytes(hashBlock(makeBlock())), SECRET_KEY);
  const answering = (answer: () => unknown): ExternalSigner => makeDevice({ signBlock: () => answer() as string });

  test.each<[string, () => unknown]>([
    ["lower case", () => bytesToHex(right())],
    ["upper case", () => bytesToHex(right()).toUpperCase()],
    ["bytes", () => right()],
    ["a Buffer", () => Buffer.from(right())],
    ["a promise", () => Promise.resolve(right())],
  ])("%s: a signature", async (_, answer) => {
    const signer = await createSigner({ signer: answering(answer) });
    expect(await signer.signBlock(makeBlock())).toEqual(signBlock(makeBlock(), SECRET_KEY));
  });

  test.each<[string, () => unknown]>([
    ["another key's signature", () => signMessage(keyBytes(hashBlock(makeBlock())), OTHER_KEY)],
    ["a signature of another block", () => signMessage(keyBytes(hashBlock(makeBlock(4n))), SECRET_KEY)],
    ["a flipped bit", () => flipBit(right(), 100)],
    ["zeros", () => new Uint8Array(64)],
    ["a digit too few", () => bytesToHex(right()).slice(1)],
    ["a prefix", () => `0x${bytesToHex(right())}`],
    ["a byte too many", () => new Uint8Array([...right(), 0])],
    ["numbers", () => [...right()]],
    ["an object", () => ({ signature: bytesToHex(right()) })],
    ["nothing", () => undefined],
    ["null", () => null],
  ])("%s: refused", async (_, answer) => {
    const signer = await createSigner({ signer: answering(answer) });
    await expect(signer.signBlock(makeBlock())).rejects.toMatchObject({
      code: "signer_failed",
      facts: {},
    });
  });

  test("a signature of another message: refused, and the next one taken", async () => {
    const device = makeDevice();
    let answers = 0;
    const signer = await createSigner({
      signer: {
        ...device,
        signMessage: (message, context) =>
          answers++ === 0
            ? signMessage(hashNomsMessage(`${message} `), SECRET_KEY)
            : device.signMessage(message, context),
      },
    });
    await expect(signer.signNoms("text")).rejects.toMatchObject({ code: "signer_failed" });
    expect(verifyNoms(await signer.signNoms("text"), "text", keyBytes(signer.account))).toBe(true);
  });

  test("its own memory, and its own copy of the block: neither is shared", async () => {
    const memory = new Uint8Array(64);
    const signer = await createSigner({
      signer: makeDevice({
        signBlock(block, { hash }) {
          Object.assign(block, { balance: "1", link: "00".repeat(32) });
          return bytesToHex(signMessage(hexToBytes(hash, 32), SECRET_KEY));
        },
        signMessage(_, { digest }) {
          memory.set(signMessage(hexToBytes(digest, 32), SECRET_KEY));
          return memory;
        },
      }),
    });
    const signature = await signer.signNoms("text");
    memory.fill(0);
    expect(verifyNoms(signature, "text", keyBytes(signer.account))).toBe(true);
    expect(await signer.signBlock(makeBlock())).toEqual(signBlock(makeBlock(), SECRET_KEY));
  });

  const no = new Error("denied on the device");
  test.each<[string, () => never | Promise<never>, unknown]>([
    [
      "a throw",
      () => {
        throw no;
      },
      no,
    ],
    ["a rejection", () => Promise.reject(no), no],
    ["a rejection with a text", () => Promise.reject("denied"), "denied"],
    ["a rejection with nothing", () => Promise.reject(), undefined],
  ])("%s: an error with its cause, and the next question is asked", async (_, answer, cause) => {
    const device = makeDevice();
    let refusals = 0;
    const signer = await createSigner({
      signer: { ...device, signBlock: (...question) => (refusals++ === 0 ? answer() : device.signBlock(...question)) },
    });
    const failure: unknown = await signer.signBlock(makeBlock()).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "NanoError", code: "signer_failed" });
    expect(failure instanceof Error ? failure.cause : failure).toBe(cause);
    expect(isBlockSignatureValid(await signer.signBlock(makeBlock()))).toBe(true);
  });
});

describe("a device that does not answer", () => {
  test("is waited for 60 s, then its prompt is taken away and the next question asked", async () => {
    const time = createManualTime();
    const device = makeDevice();
    const signals: AbortSignal[] = [];
    let tellLate: (signature: string) => void = () => undefined;
    const signer = await createSigner(
      {
        signer: {
          ...device,
          signBlock(block, context) {
            signals.push(context.signal);
            if (signals.length > 1) return device.signBlock(block, context);
            return new Promise((resolve) => {
              tellLate = resolve;
            });
          },
        },
      },
      { sleep: time.sleep },
    );
    const first = watch(signer.signBlock(makeBlock()));
    const second = watch(signer.signBlock(makeBlock(6n)));
    await time.advance(59_999);
    expect([first.outcome(), signals[0]?.aborted, signals.length]).toEqual([undefined, false, 1]);
    await time.advance(1);
    expect(first.outcome()).toMatchObject({ code: "deadline_exceeded", facts: { seconds: 60 } });
    expect(signals[0]?.aborted).toBe(true);
    tellLate(bytesToHex(signMessage(keyBytes(hashBlock(makeBlock())), SECRET_KEY)));
    await time.settle();
    expect(second.outcome()).toEqual(signBlock(makeBlock(6n), SECRET_KEY));
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  test("as long as it says itself; a rejection after that is nobody's", async () => {
    const time = createManualTime();
    const signer = await createSigner(
      {
        signer: makeDevice({
          timeoutSeconds: 2,
          signMessage: (_, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener("abort", () => reject(new Error("prompt dismissed")));
            }),
        }),
      },
      { sleep: time.sleep },
    );
    const call = watch(signer.signNoms("text"));
    await time.advance(1_999);
    expect(call.outcome()).toBeUndefined();
    await time.advance(1);
    expect(call.outcome()).toMatchObject({ code: "deadline_exceeded", facts: { seconds: 2 } });
  });

  test("an answer ends the wait for it", async () => {
    const waits: AbortSignal[] = [];
    const sleep = (_: number, signal: AbortSignal): Promise<void> => {
      waits.push(signal);
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
    };
    const signer = await createSigner({ signer: makeDevice() }, { sleep });
    await signer.signBlock(makeBlock());
    expect(waits.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe("when the purse is closed", () => {
  test("what is asked ends at once, what waits in line is never asked", async () => {
    const closing = new AbortController();
    const signals: AbortSignal[] = [];
    const hanging = (signal: AbortSignal): Promise<string> => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const device = makeDevice({
      signBlock: (_, { signal }) => hanging(signal),
      signMessage: (_, { signal }) => hanging(signal),
    });
    const signer = await createSigner({ signer: device }, { closing: closing.signal });
    const calls = [watch(signer.signBlock(makeBlock())), watch(signer.signNoms("text"))];
    await createManualTime().settle();
    closing.abort();
    await createManualTime().settle();
    for (const call of calls) expect(call.outcome()).toMatchObject({ code: "purse_closed" });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("a signer that was told to forget asks nothing any more", async () => {
    let asked = 0;
    const counting = (): never => {
      asked += 1;
      throw new TypeError("asked");
    };
    const signer = await createSigner({ signer: makeDevice({ signBlock: counting, signMessage: counting }) });
    signer.forget();
    await expect(signer.signBlock(makeBlock())).rejects.toMatchObject({ code: "purse_closed" });
    await expect(signer.signNoms("text")).rejects.toMatchObject({ code: "purse_closed" });
    expect(asked).toBe(0);
  });
});

describe("which devices", () => {
  const other = (): ExternalSigner => makeDevice({}, OTHER_KEY);

  test("several are several accounts, in their order", async () => {
    const signers = await createSigners({ signer: [other(), makeDevice()] });
    expect(signers.map(({ account }) => addressOf(account))).toEqual([other().account, makeDevice().account]);
    expect(await createSigners({ signer: [other(), makeDevice()] }, 2)).toHaveLength(2);
    for (const signer of signers) await expect(signer.signNoms("text")).resolves.toHaveLength(64);
  });

  test("xrb_ is the same account", async () => {
    const [plain, old] = [makeDevice(), makeDevice({ account: makeDevice().account.replace("nano_", "xrb_") })];
    expect((await createSigner({ signer: old })).account).toBe((await createSigner({ signer: plain })).account);
    await expect(createSigners({ signer: [plain, old] })).rejects.toMatchObject({
      code: "invalid_configuration",
      facts: { setting: "signer", accepted: "each account once" },
    });
  });

  test.each<{ signer: unknown; count?: number }>([
    { signer: {} },
    { signer: { ...makeShape(), account: 5 } },
    { signer: { ...makeShape(), signBlock: undefined } },
    { signer: { ...makeShape(), signMessage: "no" } },
    { signer: { ...makeShape(), timeoutSeconds: 0 } },
    { signer: { ...makeShape(), timeoutSeconds: Number.NaN } },
    { signer: { ...makeShape(), timeoutSeconds: "5" } },
    { signer: [makeShape(), {}] },
    { signer: makeShape(), count: 2 },
    { signer: [makeShape(), makeShape()], count: 1 },
    { signer: [makeShape(), makeShape()], count: 3 },
  ])("not usable %#", async ({ signer, count }) => {
    await expect(createSigners({ signer: signer as ExternalSigner }, count)).rejects.toMatchObject({
      code: "invalid_configuration",
      facts: { setting: "signer" },
    });
  });

  test("a device beside a seed, or with an index, is refused", async () => {
    const signer = makeDevice();
    await expect(createSigners({ signer, seed: SEED })).rejects.toMatchObject({
      facts: { setting: "seed, mnemonic, secretKey, signer" },
    });
    await expect(createSigners({ signer, index: 0 })).rejects.toMatchObject({ facts: { setting: "index" } });
  });

  test("an account that is no address", async () => {
    const signer = makeDevice({ account: "nano_1" });
    await expect(createSigner({ signer })).rejects.toMatchObject({ code: "invalid_address" });
  });
});

/** Made before the library for signatures is there: nothing of it is asked for one. */
function makeShape(): object {
  return { account: PAY_TO, signBlock: () => "", signMessage: () => "" };
}
