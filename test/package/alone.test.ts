import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { hexToBytes, isWorkValid } from "../../src/nano/index.js";
import { installedManifest, namesInEntryFile, run, runScript, subpathsOf } from "./support.js";

const project = inject("aloneProject");
const packedFiles = inject("packedFiles");
const subpaths = subpathsOf(project);

const ENTRIES = ["client", "facilitator", "faremeter", "rpc", "server", "testing"];

describe("the tarball", () => {
  it("holds the build and the papers, nothing else", () => {
    const papers = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    expect(packedFiles.filter((path) => !path.startsWith("dist/"))).toEqual(papers);
    expect(packedFiles).toContain("dist/index.js");
    expect(packedFiles.filter((path) => !/\.(?:js|d\.ts)$/.test(path) && path.startsWith("dist/"))).toEqual([]);
  });

  it("names every entry in exports", () => {
    expect([...subpaths].sort()).toEqual(["x402-nano", ...ENTRIES.map((name) => `x402-nano/${name}`)]);
  });
});

describe("installed alone, without optional dependencies", () => {
  it("imports every subpath, each with the names its entry file lists", async () => {
    const script = `
      const names = {};
      for (const path of ${JSON.stringify(subpaths)}) names[path] = Object.keys(await import(path)).sort();
      console.log(JSON.stringify(names));`;
    const expected = Object.fromEntries(subpaths.map((path) => [path, namesInEntryFile(path)]));
    expect(await runScript(project, "import.mjs", script)).toEqual(expected);
  });

  it("is loaded by CommonJS servers with require(): nothing awaits at the top level", async () => {
    const script = `
      const loaded = ${JSON.stringify(subpaths)}.filter((path) => typeof require(path) === "object");
      console.log(JSON.stringify(loaded));`;
    expect(await runScript(project, "require.cjs", script, ["--no-warnings"])).toEqual(subpaths);
  });

  it("has one NanoError, whichever subpath it comes from and however it was loaded", async () => {
    const script = `
      const classes = [];
      for (const path of ${JSON.stringify(subpaths)}) classes.push((await import(path)).NanoError);
      const { createRequire } = await import("node:module");
      classes.push(createRequire(import.meta.url)("x402-nano").NanoError);
      const present = classes.filter((one) => one !== undefined);
      console.log(JSON.stringify({ present: present.length, distinct: new Set(present).size }));`;
    const { present, distinct } = Object(await runScript(project, "identity.mjs", script, ["--no-warnings"]));
    expect(present).toBeGreaterThan(3);
    expect(distinct).toBe(1);
  });

  it("signs and verifies with the WASM build", async () => {
    const script = `
      import { cryptoReady, derivePublicKey, signNoms, verifyNoms } from "x402-nano";
      await cryptoReady();
      const secret = new Uint8Array(32).fill(7);
      const signature = signNoms("hello", secret);
      const key = derivePublicKey(secret);
      console.log(JSON.stringify([verifyNoms(signature, "hello", key), verifyNoms(signature, "hallo", key)]));`;
    expect(await runScript(project, "sign.mjs", script)).toEqual([true, false]);
  });

  it("finds work in threads, and computes ahead", async () => {
    const script = `
      import { cachedWork, localWork } from "x402-nano/rpc";
      const work = cachedWork(localWork({ threads: 2 }));
      const root = "11".repeat(32);
      work.prepareWork(root, 0xff00000000000000n);
      const found = await work.generateWork(root, 0xff00000000000000n);
      await work.close();
      console.log(JSON.stringify(found));`;
    const work = String(await runScript(project, "work.mjs", script));
    expect(isWorkValid(hexToBytes(work, 8), new Uint8Array(32).fill(0x11), 0xff00000000000000n)).toBe(true);
  });

  it("says what to install for a store whose package is not there", async () => {
    const script = `
      import { redisStore, sqliteStore } from "x402-nano/facilitator";
      const stores = [sqliteStore("redemptions.db"), redisStore("redis://127.0.0.1:1")];
      const reasons = (await Promise.allSettled(stores)).map(({ reason }) => [reason.code, reason.facts.install]);
      console.log(JSON.stringify(reasons));`;
    expect(await runScript(project, "stores.mjs", script)).toEqual([
      ["missing_dependency", "npm install libsql"],
      ["missing_dependency", "npm install ioredis"],
    ]);
  });

  it("brings no host, no database and no second chain", () => {
    const installed = readdirSync(join(project, "node_modules"));
    expect(installed).toContain("undici");
    for (const name of [
      "sodium-native",
      "express",
      "hono",
      "libsql",
      "ioredis",
      "viem",
      "nanocurrency",
      "@faremeter",
    ]) {
      expect(installed).not.toContain(name);
    }
  });

  it("has a command that tells its version", async () => {
    const command = join(project, "node_modules/.bin/x402-nano");
    expect(await run(project, command, "--version")).toBe(`${installedManifest(project).version}\n`);
    expect(await run(project, command, "--help")).toContain("Usage:");
  });

  it("names Faremeter in no line that runs: its licence is LGPL", () => {
    const root = join(project, "node_modules/x402-nano");
    const scripts = packedFiles.filter((path) => path.endsWith(".js"));
    expect(scripts.length).toBeGreaterThan(8);
    for (const path of scripts) expect(readFileSync(join(root, path), "utf8")).not.toMatch(/["']@faremeter\//);
  });
});
