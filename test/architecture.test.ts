import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCode, checkEntries, checkLengths, checkTests } from "./support/architecture/code-rules.js";
import { checkCycles, checkDeclared, checkImports } from "./support/architecture/import-rules.js";
import { readSourceFiles, type SourceFile } from "./support/architecture/source-file.js";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const src = readSourceFiles("src");
const tests = readSourceFiles("test");
const others = [...readSourceFiles("examples"), ...readSourceFiles("bench")];

describe("the house", () => {
  it("was found", () => {
    expect(src.length).toBeGreaterThan(50);
    expect(src.map((file) => file.path)).toContain("src/nano/verify.ts");
  });
  it("imports as DESIGN's table says", () => expect(checkImports(src)).toEqual([]));
  it("declares every package it uses", () => expect(checkDeclared(src, manifest)).toEqual([]));
  it("has no cycles", () => expect(checkCycles(src)).toEqual([]));
  it("has entry files that re-export only", () => expect(checkEntries(src)).toEqual([]));
  it("has no long files", () => expect(checkLengths([...src, ...tests, ...others])).toEqual([]));
  it("has no casts, plain errors, hidden clocks or top-level awaits", () => expect(checkCode(src)).toEqual([]));
  it("skips, focuses and retries no test", () => expect(checkTests(tests)).toEqual([]));
});

/** Each rule on small texts: it finds what it forbids, and lets pass what it allows. */
describe("the rules can fail", () => {
  const house = [
    ["src/nano/index.ts", "export const nano = 1;"],
    ["src/nano/hash.ts", "export const hash = 1;"],
    ["src/nano/part.node.ts", ""],
    ["src/nano/part.browser.ts", ""],
    ["src/errors/index.ts", ""],
    ["src/ledger/index.ts", ""],
    ["src/ledger/port.ts", ""],
    ["src/store/port.ts", ""],
    ["src/tracks/a/index.ts", ""],
    ["src/tracks/b/index.ts", ""],
    ["src/adapters/x402/server.ts", ""],
    ["src/adapters/faremeter/server.ts", ""],
    ["src/facilitator/index.ts", ""],
    ["src/dev-ledger/index.ts", ""],
    ["src/service/index.ts", ""],
    ["src/server.ts", ""],
  ].map(([path = "", text = ""]): SourceFile => ({ path, text }));

  /** The problems that one more file brings, without its path. */
  const imports = (path: string, text: string): string[] =>
    checkImports([...house.filter((file) => file.path !== path), { path, text }]).map((problem) =>
      problem.replace(/^\S+ /, ""),
    );
  const code = (text: string, path = "src/nano/x.ts"): string[] =>
    checkCode([{ path, text }]).map((problem) => problem.replace(/^\S+ /, ""));

  it("accepts the house the fixtures start from", () => {
    expect(checkImports(house)).toEqual([]);
  });

  it.each([
    ["src/nano/x.ts", 'import { a } from "../protocol/index.js";'],
    ["src/nano/x.ts", 'import { a } from "../ledger/index.js";'],
    ["src/nano/x.ts", 'import type { A } from "../ledger/port.js";'],
    ["src/nano/x.ts", 'const a = await import("../ledger/index.js");'],
    ["src/nano/x.ts", 'export * from "../ledger/index.js";'],
    ["src/nano/x.ts", 'type A = import("../ledger/port.js").A;'],
    ["src/nano/x.ts", 'import a = require("../ledger/index.js");'],
    ["src/nano/x.ts", "const a = import(name);"],
    ["src/nano/x.ts", 'import { a } from "./nowhere.js";'],
    ["src/nano/x.ts", 'import { a } from "#nowhere";'],
    ["src/nano/x.ts", 'import { readFileSync } from "node:fs";'],
    ["src/nano/x.ts", 'const a = createRequire(import.meta.url)("sodium-native");'],
    ["src/ledger/x.ts", 'import { a } from "#part";'],
    ["src/protocol/x.ts", 'import { a } from "../nano/hash.js";'],
    ["src/facilitator/x.ts", 'import { a } from "../ledger/port.js";'],
    ["src/facilitator/x.ts", 'import { type A } from "../store/port.js";'],
    ["src/facilitator/x.ts", 'import type { A } from "../ledger/index.js";'],
    ["src/facilitator/x.ts", 'import { a } from "@x402/core/types";'],
    ["src/tracks/a/x.ts", 'import { a } from "../b/index.js";'],
    ["src/adapters/x402/x.ts", 'import { a } from "../faremeter/server.js";'],
    ["src/adapters/x402/x.ts", 'import type { A } from "@faremeter/types";'],
    ["src/adapters/faremeter/x.ts", 'import { a } from "@faremeter/types";'],
    ["src/adapters/faremeter/x.ts", 'import type { A } from "@x402/core/types";'],
    ["src/service/x.ts", 'import { a } from "../dev-ledger/index.js";'],
    ["src/service/x.ts", 'import { a } from "@faremeter/middleware";'],
    ["src/facilitator/x.ts", 'import { a } from "../server.js";'],
    ["src/client.ts", 'export { a } from "./server.js";'],
    ["src/client.ts", 'export { z } from "zod";'],
    ["src/bin.ts", 'import { a } from "./nano/index.js";'],
    ["src/cellar/x.ts", 'import { a } from "../nano/index.js";'],
  ])("refuses in %s: %s", (path, text) => {
    expect(imports(path, text)).toHaveLength(1);
  });

  it.each([
    ["src/nano/x.ts", 'import { a } from "../errors/index.js"; import { hash } from "./hash.js";'],
    ["src/nano/x.ts", 'import { a } from "#part"; import { blake2b } from "@noble/hashes/blake2.js";'],
    ["src/nano/part.node.ts", 'import { a } from "node:module";'],
    ["src/facilitator/x.ts", 'import type { A } from "../ledger/port.js"; import { a } from "../tracks/a/index.js";'],
    ["src/adapters/x402/x.ts", 'import { a } from "@x402/core/server"; import { b } from "./server.js";'],
    ["src/adapters/faremeter/x.ts", 'import type { A } from "@faremeter/types/x402";'],
    ["src/service/x.ts", 'const a = () => import("../dev-ledger/index.js");'],
    ["src/client.ts", 'export { a } from "./nano/index.js"; export { b } from "./adapters/x402/server.js";'],
    ["src/bin.ts", 'import { a } from "./service/index.js";'],
  ])("accepts in %s: %s", (path, text) => {
    expect(imports(path, text)).toEqual([]);
  });

  it("finds cycles, through types and platform parts too", () => {
    const files = [
      { path: "src/nano/a.ts", text: 'import { b } from "./b.js";' },
      { path: "src/nano/b.ts", text: 'import type { C } from "./c.js"; import "./d.js";' },
      { path: "src/nano/c.ts", text: 'import { p } from "#part";' },
      { path: "src/nano/d.ts", text: "" },
      { path: "src/nano/part.browser.ts", text: 'import { a } from "./a.js";' },
    ];
    expect(checkCycles(files)).toEqual([
      "src/nano/a.ts → src/nano/b.ts → src/nano/c.ts → src/nano/part.browser.ts → src/nano/a.ts",
    ]);
    expect(checkCycles(files.slice(0, 4))).toEqual([]);
  });

  it("finds packages that only happen to be installed", () => {
    const text =
      'import "ws"; import "node:fs"; import { a } from "./a.js"; import type { B } from "@x402/core/types";';
    const files = [{ path: "src/nano/x.ts", text }];
    const core = { peerDependencies: { "@x402/core": "2" } };
    expect(checkDeclared(files, { ...core, dependencies: { ws: "8" } })).toEqual([]);
    expect(checkDeclared(files, core)).toEqual(["src/nano/x.ts:1 ws is not in package.json"]);
    expect(checkDeclared(files, { dependencies: { ws: "8", "@x402/cor": "2" } })).toHaveLength(1);
  });

  it("counts lines", () => {
    const file = (path: string, lines: number): SourceFile => ({ path, text: "a;\n".repeat(lines) });
    expect(checkLengths([file("src/nano/x.ts", 450), file("src/client.ts", 40), file("test/x.test.ts", 450)])).toEqual(
      [],
    );
    expect(
      checkLengths([file("src/nano/x.ts", 451), file("src/client.ts", 41), file("test/x.test.ts", 451)]),
    ).toHaveLength(3);
  });

  it("knows what is no re-export", () => {
    const entry = (text: string): string[] => checkEntries([{ path: "src/client.ts", text }]);
    expect(entry('export { a } from "./a/index.js";\nexport * from "./b/index.js";\nexport {};')).toEqual([]);
    expect(entry('import { a } from "./a/index.js";\nexport { a };\nexport const b = 1;')).toHaveLength(3);
  });

  it.each([
    ["const a = b as string;", "cast"],
    ["const a = <string>b;", "cast"],
    ["const a = b!;", "non-null assertion"],
    ["let a: any;", "any"],
    ['throw new Error("no");', "plain error thrown"],
    ['throw new TypeError("no");', "plain error thrown"],
    ["const a = await b;", "top-level await"],
    ["for await (const a of b) c(a);", "top-level await"],
    ["const a = Date.now();", "the clock"],
    ["const a = new Date();", "the clock"],
    ["const a = Date();", "the clock"],
    ["const a = performance.now();", "the clock"],
    ["const a = Math.random();", "the random source"],
    ["const a = crypto.randomUUID();", "the random source"],
    ["const a = crypto.getRandomValues(b);", "the random source"],
    ["// @ts-expect-error: no\nf();", "silenced check"],
    ["/* eslint-disable */", "silenced check"],
  ])("refuses %s", (text, problem) => {
    expect(code(text)).toEqual([problem]);
  });

  it.each([
    ["const a = [1] as const; const b = { c: 1 } satisfies D;"],
    ['const a = "x as any; Date.now() throw new Error("; // Date.now()'],
    ["function f(clock: () => number = Date.now) { return new Date(clock()); }"],
    ["async function f() { await g(); for await (const a of b) c(a); }"],
    ["export const systemRandomBytes = (n: number) => crypto.getRandomValues(new Uint8Array(n));"],
    ["export function systemRandomBytes(n: number) { return crypto.getRandomValues(new Uint8Array(n)); }"],
    ['throw new NanoError("invalid_hex");'],
  ])("accepts %s", (text) => {
    expect(code(text)).toEqual([]);
  });

  it("leaves the clock to service", () => {
    expect(code("const a = Date.now();", "src/service/x.ts")).toEqual([]);
  });

  it.each([
    ['it.skip("a", () => {});', ".skip"],
    ['describe.only("a", () => {});', ".only"],
    ['it.each([1]).skip("a", () => {});', ".skip"],
    ["const options = { retry: 3 };", "retry"],
  ])("refuses in a test %s", (text, problem) => {
    expect(checkTests([{ path: "test/x.test.ts", text }])).toEqual([`test/x.test.ts:1 ${problem}`]);
  });

  it("accepts ordinary tests", () => {
    const text = 'it.each([1])("a", () => {}); stream.skip(1); const a = { retry: 0 }; const b = { retry: "no" };';
    expect(checkTests([{ path: "test/x.test.ts", text }])).toEqual([]);
  });
});
