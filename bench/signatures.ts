/** What a signature check, a hash and an address cost, per build, in one run. Medians of five rounds, CPU time. */
import { blake2b as nobleBlake2b } from "@noble/hashes/blake2.js";
import sodium from "libsodium-wrappers-sumo";
import * as nanocurrency from "nanocurrency";
import {
  bytesToHex,
  cryptoReady,
  decodeAddress,
  derivePublicKey,
  encodeAddress,
  signMessage,
} from "../src/nano/index.js";
import { nativeArithmetic, wasmArithmetic } from "../src/nano/point-arithmetic.js";
import { requireWasmSodium } from "../src/nano/sodium.js";
import { loadNativeSodium } from "../src/nano/sodium-native.node.js";
import { verifyWith } from "../src/nano/verify.js";
import { measurePerCpuSecond, report } from "./report.js";

await cryptoReady();
const secretKey = new Uint8Array(32).fill(7);
const publicKey = derivePublicKey(secretKey);
const hash = new Uint8Array(32).fill(9);
const signature = signMessage(hash, secretKey);
const address = encodeAddress(publicKey);
const block = new Uint8Array(176).fill(3);
const hex = { hash: bytesToHex(hash), signature: bytesToHex(signature), publicKey: bytesToHex(publicKey) };
const native = loadNativeSodium(undefined);

const wasm = wasmArithmetic(requireWasmSodium());
const checks: Record<string, () => boolean> = {
  nanocurrency: () => nanocurrency.verifyBlock(hex),
  "libsodium WASM": () => verifyWith(wasm, signature, hash, publicKey),
};
if (native !== undefined) {
  const arithmetic = nativeArithmetic(native);
  checks["sodium-native"] = () => verifyWith(arithmetic, signature, hash, publicKey);
}
const hashes: Record<string, () => unknown> = {
  noble: () => nobleBlake2b(block, { dkLen: 32 }),
  "libsodium WASM": () => sodium.crypto_generichash(32, block, null),
};
if (native !== undefined) hashes["sodium-native"] = () => native.crypto_generichash(new Uint8Array(32), block);

const measureAll = (jobs: Readonly<Record<string, () => unknown>>) =>
  Object.entries(jobs).map(([name, job]) => ({ name, perSecond: measurePerCpuSecond(job) }));

report("signature checks, per CPU second", "nanocurrency", measureAll(checks));
report("Blake2b-256 of a block's 176 bytes, per CPU second", "noble", measureAll(hashes));
report(
  "addresses, per CPU second",
  "nanocurrency, check",
  measureAll({
    "nanocurrency, check": () => nanocurrency.checkAddress(address),
    "decode with checksum": () => decodeAddress(address),
  }),
);
