import { beforeAll, describe, expect, test } from "vitest";
import {
  addressOf,
  bytesToHex,
  cryptoReady,
  derivePublicKey,
  deriveSecretKey,
  encodeAddress,
  hexToBytes,
  isBlockSignatureValid,
  publicKeyOf,
  type UnsignedBlock,
  ZERO_HASH,
} from "../../../src/nano/index.js";
import { type AccountOptions, createSigner, createSigners } from "../../../src/purse/accounts/index.js";
import { createKeySigner } from "../../../src/purse/accounts/key-signer.js";
import { deriveMnemonicSeed, deriveNanoKey } from "../../../src/purse/accounts/mnemonic.js";
import { createPurse } from "../../../src/purse/index.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { SEED } from "../../support/purse-world.js";

const MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const SECRET_KEY = "9f".repeat(32);
const ledger = new FakeLedger(createManualTime());

beforeAll(cryptoReady);

const accountOf = (secretKey: Uint8Array): string => publicKeyOf(derivePublicKey(secretKey));
const refusalOf = async (options: AccountOptions, count?: number): Promise<unknown> =>
  createSigners(options, count).catch((error: unknown) => error);

describe("several accounts of one source", () => {
  test("of a seed: at index, index + 1, …", async () => {
    const signers = await createSigners({ seed: SEED, index: 7 }, 3);
    const expected = [7, 8, 9].map((index) => accountOf(deriveSecretKey(hexToBytes(SEED, 32), index)));
    expect(signers.map(({ account }) => account)).toEqual(expected);
  });

  test("of a mnemonic: the same way, each signing for itself", async () => {
    const signers = await createSigners({ mnemonic: MNEMONIC }, 2);
    const seed = await deriveMnemonicSeed(MNEMONIC, "");
    expect(signers.map(({ account }) => account)).toEqual([0, 1].map((index) => accountOf(deriveNanoKey(seed, index))));
    for (const signer of signers) expect(isBlockSignatureValid(await signer.signBlock(blockOf(signer)))).toBe(true);
  });

  test("forgetting one leaves the others", async () => {
    const [first, second] = await createSigners({ seed: SEED }, 2);
    first.forget();
    await expect(first.signBlock(blockOf(first))).rejects.toMatchObject({ code: "purse_closed" });
    await expect(second?.signNoms("still here")).resolves.toHaveLength(64);
  });

  test("one where no number is given, and up to the last index there is", async () => {
    expect(await createSigners({ seed: SEED })).toHaveLength(1);
    expect(await createSigners({ secretKey: SECRET_KEY }, 1)).toHaveLength(1);
    expect(await createSigners({ seed: SEED, index: 2 ** 32 - 2 }, 2)).toHaveLength(2);
    expect(await createSigners({ mnemonic: MNEMONIC, index: 2 ** 31 - 1 })).toHaveLength(1);
  });

  test.each<{ options: AccountOptions; count: number; setting: string }>([
    { options: { secretKey: SECRET_KEY }, count: 2, setting: "secretKey" },
    { options: { seed: SEED }, count: 0, setting: "count" },
    { options: { seed: SEED }, count: -1, setting: "count" },
    { options: { mnemonic: MNEMONIC }, count: 1.5, setting: "count" },
    { options: { seed: SEED }, count: Number.NaN, setting: "count" },
    { options: { seed: SEED, index: 2 ** 32 - 2 }, count: 3, setting: "index" },
    { options: { mnemonic: MNEMONIC, index: 2 ** 31 - 2 }, count: 3, setting: "index" },
  ])("refused: $count of $setting %#", async ({ options, count, setting }) => {
    expect(await refusalOf(options, count)).toMatchObject({ code: "invalid_configuration", facts: { setting } });
  });
});

test.each<{ options: AccountOptions; count: number; last: number }>([
  { options: { seed: SEED, index: 2 ** 32 - 2 }, count: 3, last: 2 ** 32 - 1 },
  { options: { mnemonic: MNEMONIC, index: 2 ** 31 - 2 }, count: 3, last: 2 ** 31 - 1 },
  { options: { mnemonic: MNEMONIC, index: 2 ** 31 }, count: 1, last: 2 ** 31 - 1 },
])("an index out of reach is refused before any key is derived %#", async ({ options, count, last }) => {
  const facts = { setting: "index", accepted: `0 … ${last}, for every account` };
  expect(await refusalOf(options, count)).toMatchObject({ code: "invalid_configuration", facts });
});

describe("one source and no more", () => {
  const all: AccountOptions = { seed: SEED, mnemonic: MNEMONIC, secretKey: SECRET_KEY };
  test.each<{ options: AccountOptions; setting: string }>([
    { options: {}, setting: "seed, mnemonic, secretKey, signer" },
    { options: all, setting: "seed, mnemonic, secretKey, signer" },
    { options: { seed: SEED, mnemonic: MNEMONIC }, setting: "seed, mnemonic, secretKey, signer" },
    { options: { mnemonic: MNEMONIC, secretKey: SECRET_KEY }, setting: "seed, mnemonic, secretKey, signer" },
    { options: { seed: SEED, passphrase: "" }, setting: "passphrase" },
    { options: { secretKey: SECRET_KEY, passphrase: "p" }, setting: "passphrase" },
    { options: { secretKey: SECRET_KEY, index: 0 }, setting: "index" },
    { options: { seed: SEED, index: -1 }, setting: "index" },
    { options: { seed: SEED, index: 0.5 }, setting: "index" },
    { options: { seed: SEED, index: 2 ** 32 }, setting: "index" },
    { options: { mnemonic: MNEMONIC, index: 2 ** 31 }, setting: "index" },
    { options: { mnemonic: MNEMONIC, index: Number.NaN }, setting: "index" },
    { options: { mnemonic: MNEMONIC, passphrase: "\ud800" }, setting: "passphrase" },
  ])("$setting %#", async ({ options, setting }) => {
    expect(await refusalOf(options)).toMatchObject({ code: "invalid_configuration", facts: { setting } });
  });

  /** What JavaScript lets through. */
  test.each([
    ["seed", { seed: 5 }],
    ["seed", { seed: hexToBytes(SEED, 32) }],
    ["mnemonic", { mnemonic: MNEMONIC.split(" ") }],
    ["passphrase", { mnemonic: MNEMONIC, passphrase: 5 }],
    ["index", { seed: SEED, index: "1" }],
    ["secretKey", { secretKey: [...hexToBytes(SECRET_KEY, 32)] }],
    ["secretKey", { secretKey: null }],
    ["signer", { signer: SECRET_KEY }],
    ["signer", { signer: [] }],
  ])("%s of another type %#", async (setting, options) => {
    const untyped: object = options;
    expect(await refusalOf(untyped)).toMatchObject({ code: "invalid_configuration", facts: { setting } });
  });

  test.each([
    { seed: SEED.slice(1) },
    { seed: MNEMONIC },
    { seed: "" },
    { secretKey: `${SECRET_KEY}0` },
    { secretKey: new Uint8Array(31) },
    { secretKey: new Uint8Array(64) },
  ])("a seed or key of the wrong form %#", async (options) => {
    expect(await refusalOf(options)).toMatchObject({ code: "invalid_secret_key" });
  });
});

describe("a mnemonic", () => {
  test.each([
    `  ${MNEMONIC}\n`,
    MNEMONIC.replaceAll(" ", "   "),
    MNEMONIC.replaceAll(" ", "\r\n\t"),
    MNEMONIC.replaceAll(" ", "\u3000"),
    MNEMONIC.replaceAll(" ", "\u00a0"),
    MNEMONIC.toUpperCase(),
    "Legal Winner Thank Year Wave Sausage Worth Useful Legal Winner Thank Yellow",
    MNEMONIC.replace("legal", "\uff4c\uff45\uff47\uff41\uff4c"),
  ])("is read whatever its case, spacing and Unicode form %#", async (mnemonic) => {
    const [given, plain] = [await createSigner({ mnemonic }), await createSigner({ mnemonic: MNEMONIC })];
    expect(given.account).toBe(plain.account);
  });

  test("a passphrase makes other accounts; its Unicode form does not matter, its case does", async () => {
    const account = async (passphrase?: string): Promise<string> =>
      (await createSigner({ mnemonic: MNEMONIC, passphrase })).account;
    expect(await account("")).toBe(await account());
    expect(await account("caf\u00e9")).toBe(await account("cafe\u0301"));
    const others = await Promise.all([account(), account("a"), account("A"), account(" a")]);
    expect(new Set(others).size).toBe(4);
  });

  test.each([
    ["", 0],
    ["   ", 0],
    ["legal", 1],
    [MNEMONIC.replace(" yellow", ""), 11],
    [`${MNEMONIC} yellow`, 13],
    [`${MNEMONIC} ${MNEMONIC} legal`, 25],
    [MNEMONIC.replaceAll(" ", ""), 1],
  ])("of the wrong number of words: %#", async (mnemonic, words) => {
    const facts = { setting: "mnemonic", words, accepted: "12, 15, 18, 21 or 24 words" };
    expect(await refusalOf({ mnemonic })).toMatchObject({ code: "invalid_configuration", facts });
  });

  test.each([
    [MNEMONIC.replace("sausage", "wurst"), 1],
    [MNEMONIC.replaceAll("legal", "legale"), 2],
    [MNEMONIC.replace("yellow", "yell"), 1],
    [MNEMONIC.replace("year", "y\u00e9ar"), 1],
    ["x ".repeat(24), 24],
    [MNEMONIC.replace("wave", "\ud800"), 1],
  ])("with words that are none: how many, never which %#", async (mnemonic, unknown) => {
    const failure = await refusalOf({ mnemonic });
    expect(failure).toMatchObject({
      code: "invalid_configuration",
      facts: { setting: "mnemonic", why: `${unknown} not in the English list of BIP-39` },
    });
    expect(failure).not.toHaveProperty("cause");
  });

  test.each([MNEMONIC.replace("yellow", "zoo"), `winner legal ${MNEMONIC.slice(13)}`])(
    "whose checksum is wrong %#",
    async (mnemonic) => {
      const failure = await refusalOf({ mnemonic });
      expect(failure).toMatchObject({
        code: "invalid_configuration",
        facts: { setting: "mnemonic", words: 12, why: expect.stringContaining("checksum") },
      });
      expect(failure).not.toHaveProperty("cause");
    },
  );
});

describe("a secret key in bytes", () => {
  test("makes the account that its digits make", async () => {
    const bytes = hexToBytes(SECRET_KEY, 32);
    const expected = await createSigner({ secretKey: SECRET_KEY });
    for (const secretKey of [bytes, Buffer.from(bytes)]) {
      expect((await createSigner({ secretKey })).account).toBe(expected.account);
    }
  });

  test("is copied at once: the caller may overwrite its own, and forgetting leaves it alone", async () => {
    const expected = (await createSigner({ secretKey: SECRET_KEY })).account;
    const overwritten = hexToBytes(SECRET_KEY, 32);
    const created = createSigner({ secretKey: overwritten });
    overwritten.fill(0);
    expect((await created).account).toBe(expected);

    const kept = hexToBytes(SECRET_KEY, 32);
    const signer = await createSigner({ secretKey: kept });
    signer.forget();
    expect(bytesToHex(kept)).toBe(SECRET_KEY);
  });

  test("the purse reads it before it waits for anything, too", async () => {
    const overwritten = hexToBytes(SECRET_KEY, 32);
    const created = createPurse({ secretKey: overwritten, ledger });
    overwritten.fill(0);
    const { account } = await createSigner({ secretKey: SECRET_KEY });
    expect((await created).address).toBe(addressOf(account));
  });
});

test("forgetting overwrites the bytes themselves", () => {
  const held = hexToBytes(SECRET_KEY, 32);
  const signer = createKeySigner(held);
  expect(bytesToHex(held)).toBe(SECRET_KEY);
  signer.forget();
  expect(held).toEqual(new Uint8Array(32));
});

test("a purse of each source has that source's first account", async () => {
  for (const options of [
    { mnemonic: MNEMONIC, passphrase: "p", index: 4 },
    { secretKey: hexToBytes(SECRET_KEY, 32) },
  ]) {
    const [purse, signer] = [await createPurse({ ...options, ledger }), await createSigner(options)];
    expect(purse.address).toBe(encodeAddress(hexToBytes(signer.account, 32)));
    await purse.close();
  }
});

function blockOf({ account }: { readonly account: UnsignedBlock["account"] }): UnsignedBlock {
  return { account, previous: ZERO_HASH, representative: account, balanceRaw: 1n, link: account };
}
