/**
 * `npm run bench`: what a signature check and a hash cost, per build, in one run on one machine. Use the ratios: absolute
 * figures move from machine to machine. Medians of five rounds, CPU time.
 */
import { createRequire } from "node:module";
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

const ROUNDS = 5;
const ROUND_MS = 300;

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

console.log(
  `Node ${process.version}, ${createRequire(import.meta.url)("node:os").cpus()[0]?.model ?? "unknown processor"}`,
);
report("signature checks", "nanocurrency", checks);
report("Blake2b-256 of a block's 176 bytes", "noble", hashes);
report("addresses", "nanocurrency, check", {
  "nanocurrency, check": () => nanocurrency.checkAddress(address),
  "decode with checksum": () => decodeAddress(address),
});

function report(title: string, base: string, jobs: Record<string, () => unknown>): void {
  const rates = Object.entries(jobs).map(([name, job]) => ({ name, perSecond: measure(job) }));
  const reference = rates.find(({ name }) => name === base)?.perSecond ?? Number.NaN;
  console.log(`\n${title}, per CPU second`);
  console.table(
    Object.fromEntries(
      rates.map(({ name, perSecond }) => [
        name,
        {
          perSecond: Math.round(perSecond),
          µs: (1e6 / perSecond).toFixed(2),
          [`× ${base}`]: (perSecond / reference).toFixed(1),
        },
      ]),
    ),
  );
  console.log(JSON.stringify({ title, rates }));
}

function measure(job: () => unknown): number {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    let count = 0;
    for (const until = performance.now() + ROUND_MS; performance.now() < until; count += 10) {
      for (let times = 0; times < 10; times += 1) job();
    }
    const { user, system } = process.cpuUsage(before);
    rates.push((count * 1e6) / (user + system));
  }
  return rates.sort((left, right) => left - right)[Math.floor(ROUNDS / 2)] ?? 0;
}
