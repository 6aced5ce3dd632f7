import { Console } from "node:console";
import { PassThrough } from "node:stream";
import { inspect } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { ExactNanoScheme } from "../../../src/adapters/x402/client.js";
import { bytesToHex, cryptoReady, deriveSecretKey, hexToBytes } from "../../../src/nano/index.js";
import { createSigner, createSigners } from "../../../src/purse/accounts/index.js";
import { deriveMnemonicSeed, deriveNanoKey } from "../../../src/purse/accounts/mnemonic.js";
import { createPurse, type PurseOptions } from "../../../src/purse/index.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { SEED, startPurse } from "../../support/purse-world.js";

const SECRET_KEY = bytesToHex(deriveSecretKey(hexToBytes(SEED, 32), 0));
const MNEMONIC = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const PASSPHRASE = "Tr0ub4dor and 3";
const WORDS = new RegExp(`\\b(?:${MNEMONIC.replaceAll(" ", "|")}|wurst|tr0ub4dor)`, "i");
const ledger = new FakeLedger(createManualTime());
/** What the mnemonic stands for: its entropy, its seed, the keys of its first two accounts. */
const derived: string[] = ["7f".repeat(16)];

beforeAll(async () => {
  await cryptoReady();
  const seed = await deriveMnemonicSeed(MNEMONIC, PASSPHRASE);
  derived.push(bytesToHex(seed), bytesToHex(seed.subarray(32)));
  for (const index of [0, 1]) derived.push(bytesToHex(deriveNanoKey(seed, index)));
});

/** The key as hexadecimal, as a list of numbers, and as a Buffer prints it. */
function formsOf(hex: string): string[] {
  const numbers = [...hexToBytes(hex, hex.length / 2)];
  return [hex, hex.toUpperCase(), numbers.join(","), numbers.join(", "), (hex.match(/../g) ?? []).join(" ")];
}

/** Lists of numbers are shown in columns, and by JSON with their indexes. */
function expectNoSecret(shown: string): void {
  const text = shown.replaceAll(/"\d+":/g, "").replaceAll(/\s+/g, " ");
  for (const secret of [SEED, SECRET_KEY, ...derived]) {
    for (const form of formsOf(secret)) expect(text).not.toContain(form.slice(0, 60));
  }
  expect(text).not.toMatch(WORDS);
}

/** What any way of looking at it shows. */
function shownOf(value: unknown): string {
  const everything = { showHidden: true, depth: 20, getters: true, maxArrayLength: null, maxStringLength: null };
  return [
    inspect(value, everything),
    String(value),
    JSON.stringify(value),
    JSON.stringify(Object.getOwnPropertyDescriptors(value)),
    Object.keys(Object(value)).join(),
    printed(value),
    cloned(value),
  ].join("\n");
}

function printed(value: unknown): string {
  const stream = new PassThrough();
  const console = new Console(stream);
  console.log(value);
  console.dir(value, { showHidden: true, depth: 20 });
  console.log("%s %j %o %O", value, value, value, value);
  return String(stream.read());
}

/** Functions cannot be cloned, and the refusal quotes them. */
function cloned(value: unknown): string {
  try {
    return inspect(structuredClone(value), { showHidden: true, depth: 20 });
  } catch (error) {
    return inspect(error, { showHidden: true, depth: 20 });
  }
}

describe("the key is never shown", () => {
  test.each<[string, Partial<PurseOptions>, number]>([
    ["seed", { seed: SEED }, 2],
    ["mnemonic", { seed: undefined, mnemonic: MNEMONIC, passphrase: PASSPHRASE }, 2],
    ["secretKey", { seed: undefined, secretKey: SECRET_KEY }, 1],
    ["secretKey in bytes", { seed: undefined, secretKey: hexToBytes(SECRET_KEY, 32) }, 1],
  ])("printing or serialising the purse, the scheme or the signers: %s", async (_, source, count) => {
    const { purse } = await startPurse(source);
    const signers = await createSigners({ seed: undefined, ...source }, count);
    for (const value of [purse, new ExactNanoScheme(purse), signers, ...signers]) expectNoSecret(shownOf(value));
    expect(JSON.stringify(purse)).toBe(JSON.stringify({ address: purse.address }));
    expect(signers.map((signer) => JSON.stringify(signer))).toEqual(
      signers.map(({ account }) => JSON.stringify({ account })),
    );
    signers[0].forget();
    await purse.close();
    for (const value of [purse, signers]) expectNoSecret(shownOf(value));
  });

  test.each<Partial<PurseOptions>>([
    { seed: SEED, secretKey: SECRET_KEY },
    { seed: `${SEED}00` },
    { seed: SEED.slice(2) },
    { seed: `0x${SEED.slice(2)}` },
    { seed: SEED, index: -1 },
    { secretKey: SECRET_KEY, index: 1 },
    { secretKey: hexToBytes(SEED + SEED, 64) },
    { seed: SEED, passphrase: PASSPHRASE },
    { seed: SEED, representative: SEED },
    { seed: SEED, maxPerPayment: SEED },
    { seed: SEED, maxPerDay: SECRET_KEY },
    { seed: MNEMONIC },
    { secretKey: MNEMONIC },
    { mnemonic: SEED },
    { mnemonic: MNEMONIC, seed: SEED },
    { mnemonic: `${MNEMONIC} yellow` },
    { mnemonic: MNEMONIC.replace("sausage", "wurst") },
    { mnemonic: MNEMONIC.replace("sausage", "useful") },
    { mnemonic: MNEMONIC, index: 2 ** 31 },
    { mnemonic: MNEMONIC, passphrase: `${PASSPHRASE}\ud800` },
    { mnemonic: MNEMONIC, representative: MNEMONIC },
    {},
  ])("errors about options %#", async (options) => {
    const failure: unknown = await createPurse({ ledger, ...options }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^invalid_(configuration|secret_key)$/) });
    expectNoSecret(shownOf(failure));
  });

  /** What JavaScript lets through. */
  test.each<object>([
    { seed: hexToBytes(SEED, 32) },
    { seed: [SEED] },
    { mnemonic: MNEMONIC.split(" ") },
    { mnemonic: MNEMONIC, passphrase: [PASSPHRASE] },
    { mnemonic: MNEMONIC, index: SEED },
    { secretKey: [...hexToBytes(SECRET_KEY, 32)] },
    { secretKey: { key: SECRET_KEY } },
    { signer: SECRET_KEY },
    { signer: { account: SECRET_KEY, signBlock: MNEMONIC, signMessage: SEED } },
    { signer: { account: SECRET_KEY, signBlock: () => "", signMessage: () => "" } },
  ])("errors about options of another type %#", async (options) => {
    const failure: unknown = await createPurse({ ledger, ...options }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^invalid_/) });
    expectNoSecret(shownOf(failure));
  });

  test("errors of payments", async () => {
    const { purse, ledger: failing, nanoSignature } = await startPurse();
    failing.faults.push({ refuse: "Bad signature" });
    const failures: unknown[] = [
      await nanoSignature().catch((error: unknown) => error),
      await nanoSignature({ amountRaw: 10n ** 32n }).catch((error: unknown) => error),
      await purse.payOffer({ seed: SEED }).catch((error: unknown) => error),
    ];
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(Error);
      expectNoSecret(shownOf(failure));
    }
  });

  test("the looking glass shows what is there to be seen", async () => {
    const secretKey = hexToBytes(SECRET_KEY, 32);
    const visible = Object.defineProperty({ account: "" }, "hidden", { value: { secretKey }, enumerable: false });
    for (const value of [visible, [secretKey], { mnemonic: MNEMONIC }, new Error(MNEMONIC), { key: derived.at(-1) }]) {
      expect(() => expectNoSecret(shownOf(value))).toThrow();
    }
  });
});

test("a closed purse has forgotten its key", async () => {
  const signer = await createSigner({ secretKey: SECRET_KEY });
  await signer.signNoms("before");
  signer.forget();
  await expect(signer.signNoms("after")).rejects.toMatchObject({ code: "purse_closed" });
});

test("seed with index, or one account's key: the same account", async () => {
  const [first, second, byKey] = await Promise.all([
    createPurse({ seed: SEED, ledger }),
    createPurse({ seed: SEED.toUpperCase(), index: 1, ledger }),
    createPurse({ secretKey: SECRET_KEY, ledger }),
  ]);
  expect(byKey.address).toBe(first.address);
  expect(second.address).not.toBe(first.address);
  expect(first.address).toMatch(/^nano_[13][13456789abcdefghijkmnopqrstuwxyz]{59}$/);
});
