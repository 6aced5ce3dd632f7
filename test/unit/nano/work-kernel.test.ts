import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  bytesToHex,
  compileWorkModule,
  hexToBytes,
  keyBytes,
  loadWorkKernel,
  type WorkKernel,
  workValue,
} from "../../../src/nano/index.js";
import { type PrintedBlock, readFixture, readPrintedBlock, readRecording } from "../../support/nano.js";

const ROOT = hexToBytes("e59f7c7a89dc59e82173f4c9a8c3a06f6049b0e839eef2d63e6c536296b8ce7a", 32);
const LAST_NONCE = "ffffffffffffffff";
let kernel: WorkKernel;

beforeAll(async () => {
  kernel = await loadWorkKernel();
});

/** Works that nodes took: of every block that was sent with some, on the recorded network and on the live one. */
function recordedWorks(): { root: Uint8Array; work: Uint8Array }[] {
  const mainnet: { block: PrintedBlock } = JSON.parse(readFixture("vectors/mainnet-block.json"));
  const recorded = readRecording("main.jsonl")
    .filter(({ request, response }) => request["action"] === "process" && response["hash"] !== undefined)
    .map(({ request }) => request["block"] as PrintedBlock)
    .filter(({ account }) => account !== undefined);
  return [mainnet.block, ...recorded].map((printed) => {
    const { account, previous, work = "" } = readPrintedBlock(printed);
    const isFirst = /^0+$/.test(previous);
    return { root: keyBytes(isFirst ? account : previous), work: hexToBytes(work, 8) };
  });
}

test("the works of recorded blocks are worth what they are worth", () => {
  const works = recordedWorks();
  expect(works.length).toBeGreaterThan(5);
  for (const { root, work } of works) {
    const value = workValue(work, root);
    expect(kernel(root, value, work, 1)).toEqual(work);
    expect(kernel(root, value + 1n, work, 1)).toBeUndefined();
  }
});

test("the live network's block meets the live network's threshold", () => {
  const [mainnet] = recordedWorks();
  expect(kernel(mainnet?.root ?? ROOT, 0xfffffff800000000n, hexToBytes("dfbc0fe36423277a", 8), 1)).toBeDefined();
});

describe("a search", () => {
  /** The first of 2,000 nonces from `start` on that is worth most, and how far it is. */
  function best(start: bigint): { readonly index: number; readonly value: bigint } {
    let found = { index: 0, value: 0n };
    for (let index = 0; index < 2_000; index += 1) {
      const value = workValue(nonceBytes(start + BigInt(index)), ROOT);
      if (value > found.value) found = { index, value };
    }
    return found;
  }
  const nonceBytes = (nonce: bigint): Uint8Array =>
    hexToBytes(BigInt.asUintN(64, nonce).toString(16).padStart(16, "0"), 8);

  test("finds the first that is enough, and looks no further than it was told", () => {
    const { index, value } = best(0x0123456789abcdefn);
    const start = nonceBytes(0x0123456789abcdefn);
    const found = nonceBytes(0x0123456789abcdefn + BigInt(index));
    expect(kernel(ROOT, value, start, 2_000)).toEqual(found);
    expect(kernel(ROOT, value, start, index + 1)).toEqual(found);
    expect(kernel(ROOT, value, start, index)).toBeUndefined();
    expect(kernel(ROOT, value + 1n, start, 2_000)).toBeUndefined();
  });

  test("goes on with zero after the last nonce", () => {
    const atZero = workValue(new Uint8Array(8), ROOT);
    expect(kernel(ROOT, atZero, hexToBytes(LAST_NONCE, 8), 1)).toBeUndefined();
    expect(kernel(ROOT, atZero, hexToBytes(LAST_NONCE, 8), 2)).toEqual(new Uint8Array(8));
  });

  test("tries nothing when told to try nothing", () => {
    expect(kernel(ROOT, 0n, new Uint8Array(8), 0)).toBeUndefined();
  });

  test("takes any work where the threshold is zero", () => {
    const start = hexToBytes("8000000000000000", 8);
    expect(kernel(ROOT, 0n, start, 1)).toEqual(start);
  });

  test("counts up to 2^31 - 1 attempts", () => {
    const found = kernel(ROOT, 0xfff0000000000000n, new Uint8Array(8), 2 ** 31 - 1);
    expect(workValue(found ?? new Uint8Array(8), ROOT)).toBeGreaterThanOrEqual(0xfff0000000000000n);
  });

  test("changes none of its arguments", () => {
    const [root, start] = [Uint8Array.from(ROOT), Buffer.from("00000000000000ff", "hex")];
    kernel(root, 0xf000000000000000n, start, 100);
    expect(bytesToHex(root)).toBe(bytesToHex(ROOT));
    expect(start.toString("hex")).toBe("00000000000000ff");
  });
});

describe("the module", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  /** Nothing is compiled yet in here. */
  async function loadAnew(): Promise<typeof import("../../../src/nano/work-kernel.js")> {
    vi.resetModules();
    return import("../../../src/nano/work-kernel.js");
  }

  test("is compiled once, and is one function that needs nothing", async () => {
    const module = await compileWorkModule();
    expect(await compileWorkModule()).toBe(module);
    expect(WebAssembly.Module.exports(module)).toEqual([{ name: "search", kind: "function" }]);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  test("is missing where WebAssembly is", async () => {
    const { loadWorkKernel: load } = await loadAnew();
    vi.stubGlobal("WebAssembly", undefined);
    await expect(load()).rejects.toMatchObject({ code: "missing_dependency", facts: { package: "WebAssembly" } });
  });

  test("is missing where it may not be compiled", async () => {
    const { loadWorkKernel: load } = await loadAnew();
    const refused = new Error("refused by the content security policy");
    vi.stubGlobal("WebAssembly", { ...WebAssembly, compile: () => Promise.reject(refused) });
    await expect(load()).rejects.toMatchObject({ code: "missing_dependency", cause: refused });
  });
});
