import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { loadNativeSodium } from "../../../src/nano/sodium-native.node.js";
import { createRandom } from "../../support/nano.js";

/** Each test loads the modules anew, in the state of a process that has just started. */
beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.doUnmock("#sodium-native");
  vi.doUnmock("node:module");
  vi.doUnmock("libsodium-wrappers-sumo");
  vi.unstubAllEnvs();
});

const load = () => import("../../../src/nano/index.js");
const ADDRESS = "nano_3t6k35gi95xu6tergt6p69ck76ogmitsa8mnijtpxm9fkcm736xtoncuohr3";
const notReady = expect.objectContaining({ code: "crypto_not_ready" });

async function signedElsewhere() {
  const nano = await load();
  await nano.cryptoReady();
  const random = createRandom(8);
  const [secretKey, message] = [random.bytes(32), random.bytes(32)];
  const signature = nano.signMessage(message, secretKey);
  const publicKey = nano.derivePublicKey(secretKey);
  vi.resetModules();
  return { secretKey, message, signature, publicKey };
}

describe("without the native build", () => {
  beforeEach(() => {
    vi.doMock("#sodium-native", () => ({ nativeSodium: undefined }));
  });

  test("addresses, hashes and work need no loading", async () => {
    const nano = await load();
    expect(nano.encodeAddress(nano.decodeAddress(ADDRESS))).toBe(ADDRESS);
    expect(nano.bytesToHex(nano.blake2b(new TextEncoder().encode("abc"), 32))).toBe(
      "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
    );
  });

  test("signatures say so before cryptoReady() and work after it", async () => {
    const { secretKey, message, signature, publicKey } = await signedElsewhere();
    const nano = await load();
    expect(() => nano.verifySignature(signature, message, publicKey)).toThrow(notReady);
    expect(() => nano.signMessage(message, secretKey)).toThrow(notReady);
    expect(() => nano.derivePublicKey(secretKey)).toThrow(notReady);
    await nano.cryptoReady();
    expect(nano.verifySignature(signature, message, publicKey)).toBe(true);
    expect(nano.verifySignature(signature, new Uint8Array(32), publicKey)).toBe(false);
    expect(nano.signMessage(message, secretKey)).toEqual(signature);
  });
});

describe("with the native build", () => {
  test("verification needs no loading, signing does", async () => {
    const { secretKey, message, signature, publicKey } = await signedElsewhere();
    vi.doMock("#sodium-native", () => ({ nativeSodium: loadNativeSodium(undefined) }));
    const nano = await load();
    expect(nano.verifySignature(signature, message, publicKey)).toBe(true);
    expect(nano.verifySignature(signature, new Uint8Array(32), publicKey)).toBe(false);
    expect(() => nano.signMessage(message, secretKey)).toThrow(notReady);
  });
});

describe("which build", () => {
  test("X402_NANO_CRYPTO=wasm leaves the native one unused", async () => {
    vi.stubEnv("X402_NANO_CRYPTO", "wasm");
    expect((await import("../../../src/nano/sodium-native.node.js")).nativeSodium).toBeUndefined();
    vi.resetModules();
    vi.stubEnv("X402_NANO_CRYPTO", "");
    expect((await import("../../../src/nano/sodium-native.node.js")).nativeSodium).toBeDefined();
  });

  test("a browser has none", async () => {
    expect((await import("../../../src/nano/sodium-native.browser.js")).nativeSodium).toBeUndefined();
  });

  test.each([
    [
      "is not installed",
      () => {
        throw new Error("Cannot find module 'sodium-native'");
      },
    ],
    ["is an old major without point arithmetic", () => ({ crypto_generichash: () => undefined })],
    ["is not an object", () => undefined],
  ])("none where the package %s", async (_what, requirePackage) => {
    vi.doMock("node:module", () => ({ createRequire: () => requirePackage }));
    expect((await import("../../../src/nano/sodium-native.node.js")).nativeSodium).toBeUndefined();
  });
});

describe("cryptoReady", () => {
  test("is one loading for all callers", async () => {
    const { cryptoReady } = await load();
    expect(cryptoReady()).toBe(cryptoReady());
    await cryptoReady();
  });

  test("a failure is told and not remembered", async () => {
    let attempts = 0;
    vi.doMock("libsodium-wrappers-sumo", async (importOriginal) => {
      const { default: sodium } = await importOriginal<typeof import("libsodium-wrappers-sumo")>();
      const ready = () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(new Error("offline")) : sodium.ready;
      };
      return { default: Object.create(sodium, { ready: { get: ready } }) };
    });
    const nano = await load();
    await expect(nano.cryptoReady()).rejects.toMatchObject({
      code: "missing_dependency",
      facts: { package: "libsodium-wrappers-sumo" },
      cause: expect.objectContaining({ message: "offline" }),
    });
    expect(() => nano.derivePublicKey(new Uint8Array(32))).toThrow(notReady);
    await nano.cryptoReady();
    expect(nano.derivePublicKey(new Uint8Array(32))).toHaveLength(32);
  });
});
