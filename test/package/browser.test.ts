import { join } from "node:path";
import { type BuildOptions, build, type Metafile, stop } from "esbuild";
import { afterAll, describe, expect, inject, it } from "vitest";
import { runScript } from "./support.js";

const project = inject("aloneProject");

/** esbuild keeps a process of its own. */
afterAll(() => stop());

/** Bundles one line of user code the way a front-end's bundler does: nothing external, nothing of Node. */
async function bundle(contents: string, outfile = "unused.js", changes: BuildOptions = {}): Promise<Metafile> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: project, loader: "js" },
    bundle: true,
    format: "esm",
    platform: "browser",
    conditions: ["browser"],
    outfile: join(project, outfile),
    logLevel: "silent",
    ...changes,
    metafile: true,
  });
  return metafile;
}

/** The packages that a bundle holds, and what it still imports from outside. */
function contentsOf(metafile: Metafile): { packages: string[]; outside: string[] } {
  const names = Object.keys(metafile.inputs).flatMap((path) => {
    const after = path.split("node_modules/").at(-1) ?? path;
    return path.includes("node_modules/") ? [/^(?:@[^/]+\/)?[^/]+/.exec(after)?.[0] ?? after] : [];
  });
  const outside = Object.values(metafile.outputs).flatMap((output) => output.imports.map((edge) => edge.path));
  return { packages: [...new Set(names)].sort(), outside };
}

const BROWSER_ENTRIES = ["x402-nano", "x402-nano/client", "x402-nano/faremeter", "x402-nano/rpc"];
const BROWSER_PACKAGES = [
  "@noble/hashes",
  "@scure/base",
  "@scure/bip39",
  "@x402/core",
  "libsodium-sumo",
  "libsodium-wrappers-sumo",
  "x402-nano",
  "zod",
];

describe.each(BROWSER_ENTRIES)("%s in a browser bundle", (entry) => {
  it("needs nothing of Node, and holds nothing that a browser has no use for", async () => {
    const { packages, outside } = contentsOf(await bundle(`export * from ${JSON.stringify(entry)};`));
    expect(packages).toContain("x402-nano");
    expect(packages.filter((name) => !BROWSER_PACKAGES.includes(name))).toEqual([]);
    expect(outside).toEqual([]);
  });

  it("takes the browser's side of each #import", async () => {
    const { inputs } = await bundle(`export * from ${JSON.stringify(entry)};`);
    const parts = Object.keys(inputs).filter((path) => /\.(?:node|browser)\.js$/.test(path));
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.filter((path) => path.endsWith(".node.js"))).toEqual([]);
  });
});

it("x402-nano/client asks for little on Node too: no database, no web framework, no HTTP server", async () => {
  const onNode: BuildOptions = { platform: "node", conditions: ["node"], packages: "external" };
  const contents = await bundle('export * from "./node_modules/x402-nano/dist/client.js";', "unused.js", onNode);
  const edges = Object.values(contents.outputs).flatMap(({ imports }) => imports);
  const packagesOf = (isOnUse: boolean): string[] => {
    const paths = edges.filter(({ kind }) => (kind === "dynamic-import") === isOnUse).map(({ path }) => path);
    return [...new Set(paths.map((path) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path))].sort();
  };
  const builtIn = ["node:fs", "node:module", "node:net", "node:path"];
  expect(packagesOf(false).filter((name) => !builtIn.includes(name))).toEqual(["@noble/hashes", "undici", "zod"]);
  // A journal in a file and a mnemonic are loaded by whoever asks for them.
  expect(packagesOf(true).filter((name) => name.includes("libsql") || name.includes("scure"))).toEqual([
    "@scure/bip39",
    "libsql",
  ]);
});

describe("the same look at other bundles", () => {
  it("sees a package that does not belong: the probe can fail", async () => {
    await expect(bundle('export * from "undici";')).rejects.toThrow(/node:/);
    const { packages } = contentsOf(await bundle('export * from "@x402/core/server"; export * from "zod";'));
    expect(packages).toContain("@x402/core");
  });
});

it("signs in the bundle: the WASM build came along", async () => {
  const code = `
    import { cryptoReady, derivePublicKey, signNoms, verifyNoms } from "x402-nano";
    await cryptoReady();
    const secret = new Uint8Array(32).fill(7);
    console.log(JSON.stringify(verifyNoms(signNoms("hello", secret), "hello", derivePublicKey(secret))));`;
  await bundle(code, "bundled.mjs");
  expect(await runScript(project, "run-bundle.mjs", 'await import("./bundled.mjs");')).toBe(true);
});
