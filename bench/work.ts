/**
 * Attempts at proof of work per second, in one run. nanocurrency cannot be told how many to make, but it counts up from
 * zero as our kernel does here: both find the same work, and its number says how many were tried. Wall time.
 */
import { createHash } from "node:crypto";
import * as nanocurrency from "nanocurrency";
import { localWork } from "../src/ledger/work/index.js";
import { bytesToHex, loadWorkKernel, parseBlockHash } from "../src/nano/index.js";
import { median, report } from "./report.js";

/** 2^21 attempts on average, two thirds of a second for nanocurrency. */
const THRESHOLD = 0xfffff80000000000n;
const ROUNDS = 5;
const ZERO = new Uint8Array(8);
const kernel = await loadWorkKernel();

const roots = Array.from(
  { length: ROUNDS + 1 },
  (_, round) => new Uint8Array(createHash("sha256").update(`bench ${round}`).digest()),
);
const [warmUp = ZERO, ...timed] = roots;

async function searchAsNanocurrency(root: Uint8Array): Promise<string> {
  const found = await nanocurrency.computeWork(bytesToHex(root), { workThreshold: THRESHOLD.toString(16) });
  if (found === null) throw new Error("nanocurrency found no work");
  return found;
}

async function searchAsKernel(root: Uint8Array): Promise<string> {
  const found = kernel(root, THRESHOLD, ZERO, 2 ** 31 - 1);
  if (found === undefined) throw new Error("the kernel found no work");
  return bytesToHex(found);
}

/** Attempts per second, from the number of the work that it found. */
async function time(search: (root: Uint8Array) => Promise<string>, root: Uint8Array): Promise<[number, string]> {
  const before = performance.now();
  const found = await search(root);
  const seconds = (performance.now() - before) / 1000;
  return [(Number(BigInt(`0x${found}`)) + 1) / seconds, found];
}

const rates: Record<"nanocurrency" | "kernel", number[]> = { nanocurrency: [], kernel: [] };
await time(searchAsNanocurrency, warmUp);
await time(searchAsKernel, warmUp);
for (const root of timed) {
  const [theirs, theirWork] = await time(searchAsNanocurrency, root);
  const [ours, ourWork] = await time(searchAsKernel, root);
  if (theirWork !== ourWork) throw new Error(`not the same work: ${theirWork} and ${ourWork}`);
  rates.nanocurrency.push(theirs);
  rates.kernel.push(ours);
}

/** Between two reports of progress on work that cannot be found, without the first moments. */
async function measureThreads(threads: number): Promise<number> {
  const source = localWork({ threads });
  const perReport: number[] = [];
  let last: { readonly atMs: number; readonly attempts: number } | undefined;
  const root = parseBlockHash(bytesToHex(warmUp));
  const search = source.generateWork(root, 2n ** 64n - 1n, {
    timeoutMs: 3_000,
    onProgress({ attempts }) {
      const atMs = performance.now();
      if (last !== undefined) perReport.push(((attempts - last.attempts) * 1000) / (atMs - last.atMs));
      last = { atMs, attempts };
    },
  });
  await search.catch(() => undefined);
  await source.close();
  return median(perReport.slice(1));
}

const rows = [
  { name: "nanocurrency", perSecond: median(rates.nanocurrency) },
  { name: "kernel", perSecond: median(rates.kernel) },
  { name: "1 thread", perSecond: await measureThreads(1) },
  { name: "2 threads", perSecond: await measureThreads(2) },
].map((row) => ({ ...row, more: { "a send takes, s": Math.round(2 ** 29 / row.perSecond) } }));
report("attempts at proof of work, wall time", "nanocurrency", rows);
