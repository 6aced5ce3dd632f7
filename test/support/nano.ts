import { readFileSync } from "node:fs";
import {
  type BlockHash,
  cryptoReady,
  decodeAddress,
  hexToBytes,
  parseAddress,
  parseBlockHash,
  parseRaw,
  publicKeyOf,
  type SignedBlock,
} from "../../src/nano/index.js";
import { nativeArithmetic, type PointArithmetic, wasmArithmetic } from "../../src/nano/point-arithmetic.js";
import { type NativeSodium, requireWasmSodium, type WasmSodium } from "../../src/nano/sodium.js";
import { loadNativeSodium } from "../../src/nano/sodium-native.node.js";

/** Both builds of libsodium, whatever X402_NANO_CRYPTO says. Throws where one is missing: a test must not shrink. */
export async function loadBothSodiums(): Promise<{ native: NativeSodium; wasm: WasmSodium }> {
  await cryptoReady();
  const native = loadNativeSodium(undefined);
  if (native === undefined) throw new Error("sodium-native does not load here; npm install must bring it");
  return { native, wasm: requireWasmSodium() };
}

export async function loadBothArithmetics(): Promise<Record<"native" | "wasm", PointArithmetic>> {
  const { native, wasm } = await loadBothSodiums();
  return { native: nativeArithmetic(native), wasm: wasmArithmetic(wasm) };
}

export interface Random {
  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
  hex(length: number): string;
  raw(): bigint;
}

/** Random but repeatable (mulberry32): a failure is the same failure next time. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => next() % limit;
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() & 255);
  const hex = (length: number): string => Buffer.from(bytes(length)).toString("hex");
  /** Of every magnitude, not only huge ones. */
  const raw = (): bigint => BigInt(`0x${hex(16)}`) >> BigInt(below(128));
  return { below, bytes, hex, raw };
}

export function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
}

export function readFixture(path: string): string {
  return readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8");
}

/** A block as wallets and nodes print it. */
export interface PrintedBlock {
  readonly account: string;
  readonly previous: string;
  readonly representative: string;
  readonly balance: string;
  readonly link: string;
  readonly link_as_account?: string;
  readonly signature: string;
  readonly work?: string;
}

export function readPrintedBlock(printed: PrintedBlock): SignedBlock {
  return {
    account: parseAddress(printed.account),
    previous: parseBlockHash(printed.previous),
    representative: parseAddress(printed.representative),
    balanceRaw: parseRaw(printed.balance),
    link: readLink(printed.link),
    signature: printed.signature.toLowerCase(),
    work: printed.work?.toLowerCase(),
  };
}

/** The node reads an address in `link` too (SPEC 9). */
function readLink(link: string): SignedBlock["link"] {
  return link.includes("_") ? publicKeyOf(decodeAddress(link)) : publicKeyOf(hexToBytes(link, 32));
}

export interface RecordedStep {
  readonly step: number;
  readonly label: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly response: Readonly<Record<string, string>>;
}

export function readRecording(name: string): RecordedStep[] {
  const lines = readFixture(`node-recordings/${name}`).trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** The hash that a recorded `process` was answered with. */
export function acceptedHash(step: RecordedStep): BlockHash | undefined {
  const hash = step.response["hash"];
  return hash === undefined ? undefined : parseBlockHash(hash);
}
