import { NanoError } from "../../../../src/errors/index.js";
import type { WorkCallOptions, WorkRoot, WorkSource } from "../../../../src/ledger/index.js";
import { type CachedWorkOptions, cachedWork } from "../../../../src/ledger/work/index.js";
import type { ThreadEvents, ThreadSearch, WorkPlatform } from "../../../../src/ledger/work/threads.js";
import { type BlockHash, keyBytes, loadWorkKernel, parseBlockHash } from "../../../../src/nano/index.js";

export const ROOT = parseBlockHash("e59f7c7a89dc59e82173f4c9a8c3a06f6049b0e839eef2d63e6c536296b8ce7a");
export const OTHER_ROOT = parseBlockHash("0e3f07f7f2b8aedea4a984e29bfe1e3933ba473dd3e27c662ec041f6ea3917a0");
/** One work in 256 is enough. */
export const EASY = 0xff00000000000000n;
/** Sixteen times harder. */
export const HARDER = 0xfff0000000000000n;
/** No thread finds this while a test runs. */
export const HARD = 0xffffffffffffffffn;

export const outage = new NanoError("work_unavailable", { why: "unreachable" });

export function rootOf(index: number): BlockHash {
  return parseBlockHash(index.toString(16).padStart(64, "0"));
}

/** The first work that is enough, counting from `from`. */
export async function findWork(root: WorkRoot, threshold: bigint, from = 0n): Promise<string> {
  const kernel = await loadWorkKernel();
  const start = Buffer.alloc(8);
  start.writeBigUInt64BE(from);
  return Buffer.from(kernel(keyBytes(root), threshold, start, 2 ** 31 - 1) ?? "").toString("hex");
}

/** One question that a source was asked, to be answered by the test. */
export interface Asked {
  readonly root: WorkRoot;
  readonly threshold: bigint;
  readonly options: WorkCallOptions;
  readonly answer: (work: string) => void;
  readonly fail: (error: unknown) => void;
  /** With the first work that is enough. */
  find(): Promise<void>;
}

export interface FakeSource extends Required<WorkSource> {
  readonly asked: Asked[];
  readonly prepared: (readonly [WorkRoot, bigint])[];
  readonly closed: () => number;
  /** The question asked last. */
  last(): Asked;
}

/** A source that answers when the test says so, and pays no heed to signals. */
export function createFakeSource(): FakeSource {
  const asked: Asked[] = [];
  const prepared: (readonly [WorkRoot, bigint])[] = [];
  let closes = 0;
  return {
    asked,
    prepared,
    closed: () => closes,
    last: () => asked.at(-1) ?? failWith("the source was not asked"),
    generateWork: (root, threshold, options = {}) =>
      new Promise((resolve, reject) => {
        const find = async (): Promise<void> => resolve(await findWork(root, threshold));
        asked.push({ root, threshold, options, answer: resolve, fail: reject, find });
      }),
    prepareWork: (root, threshold) => {
      prepared.push([root, threshold]);
    },
    close: async () => {
      closes += 1;
    },
  };
}

/** A cache before a source that answers when the test says so. */
export function createCache(options: CachedWorkOptions = {}) {
  const source = createFakeSource();
  const isStopped = (index: number): unknown => source.asked[index]?.options.signal?.aborted;
  return { source, isStopped, cache: cachedWork(source, options) };
}

export interface FakeThread {
  readonly events: ThreadEvents;
  readonly searches: ThreadSearch[];
  isHeld: boolean;
  hasEnded: boolean;
}

export interface FakePlatform extends WorkPlatform {
  readonly threads: FakeThread[];
  /** What the next starts throw, one each. */
  readonly refusals: unknown[];
}

/** Threads that compute nothing: the test says what they find, and when they die. */
export function createFakePlatform(cores = 4): FakePlatform {
  const threads: FakeThread[] = [];
  const refusals: unknown[] = [];
  return {
    threads,
    refusals,
    countCores: () => cores,
    startThread(_module, events) {
      if (refusals.length > 0) throw refusals.shift();
      const thread: FakeThread = { events, searches: [], isHeld: false, hasEnded: false };
      threads.push(thread);
      return {
        search: (search) => {
          thread.searches.push(search);
        },
        hold: (isBusy) => {
          thread.isHeld = isBusy;
        },
        end: async () => {
          thread.hasEnded = true;
        },
      };
    },
  };
}

export function failWith(message: string): never {
  throw new Error(message);
}

/** Lets everything run that waits for nothing but other promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
