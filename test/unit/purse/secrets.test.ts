import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { ExactNanoScheme } from "../../../src/adapters/x402/client.js";
import { bytesToHex, deriveSecretKey, hexToBytes } from "../../../src/nano/index.js";
import { createKeySigner } from "../../../src/purse/account.js";
import { createPurse } from "../../../src/purse/index.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { SEED, startPurse } from "../../support/purse-world.js";

const SECRET_KEY = bytesToHex(deriveSecretKey(hexToBytes(SEED, 32), 0));
const ledger = new FakeLedger(createManualTime());

/** The key as hexadecimal, as a list of numbers, and as a Buffer prints it. */
function formsOf(hex: string): string[] {
  const numbers = [...hexToBytes(hex, 32)];
  return [hex, hex.toUpperCase(), numbers.join(","), numbers.join(", "), (hex.match(/../g) ?? []).join(" ")];
}

function expectNoSecret(text: string): void {
  for (const form of [...formsOf(SEED), ...formsOf(SECRET_KEY)]) expect(text).not.toContain(form.slice(0, 60));
}

describe("the key is never shown", () => {
  test("printing or serialising the purse, the scheme or the signer", async () => {
    const { purse } = await startPurse();
    const signer = await createKeySigner({ secretKey: SECRET_KEY });
    for (const value of [purse, new ExactNanoScheme(purse), signer]) {
      expectNoSecret(inspect(value, { showHidden: true, depth: 20, getters: true, maxArrayLength: null }));
      expectNoSecret(JSON.stringify(value));
      expectNoSecret(JSON.stringify(Object.getOwnPropertyDescriptors(value)));
    }
    expect(JSON.stringify(purse)).toBe(JSON.stringify({ address: purse.address }));
  });

  test.each([
    { seed: SEED, secretKey: SECRET_KEY },
    { seed: `${SEED}00` },
    { seed: SEED.slice(2) },
    { seed: `0x${SEED.slice(2)}` },
    { seed: SEED, index: -1 },
    { secretKey: SECRET_KEY, index: 1 },
    { seed: SEED, representative: SEED },
    { seed: SEED, maxPerPayment: SEED },
    { seed: SEED, maxPerDay: SECRET_KEY },
    {},
  ])("errors about options %#", async (options) => {
    const failure: unknown = await createPurse({ ledger, ...options }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: expect.stringMatching(/^invalid_(configuration|secret_key)$/) });
    expectNoSecret(inspect(failure, { showHidden: true, depth: 20 }) + String(failure) + JSON.stringify(failure));
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
      expectNoSecret(inspect(failure, { showHidden: true, depth: 20 }));
    }
  });
});

test("a closed purse has forgotten its key", async () => {
  const signer = await createKeySigner({ secretKey: SECRET_KEY });
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
