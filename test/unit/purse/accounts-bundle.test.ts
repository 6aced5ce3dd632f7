import { fileURLToPath } from "node:url";
import { build, stop } from "esbuild";
import { afterAll, expect, test } from "vitest";

/** esbuild keeps a process of its own. */
afterAll(stop);

test("the list of words is loaded with the first mnemonic, not with the purse", async () => {
  const { metafile } = await build({
    entryPoints: { purse: fileURLToPath(new URL("../../../src/purse/index.ts", import.meta.url)) },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    external: ["#*"],
    outdir: "out",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const outputs = new Map(Object.entries(metafile.outputs));
  const loadedWith = (path: string, seen = new Set<string>()): Set<string> => {
    const output = outputs.get(path);
    if (output === undefined || seen.has(path)) return seen;
    seen.add(path);
    for (const { path: next, kind } of output.imports) if (kind === "import-statement") loadedWith(next, seen);
    return seen;
  };
  const holding = (paths: Iterable<string>): string[] =>
    [...paths].filter((path) => Object.keys(outputs.get(path)?.inputs ?? {}).some((input) => /@scure/.test(input)));
  expect(loadedWith("out/purse.js").size).toBeGreaterThan(1);
  expect(holding(loadedWith("out/purse.js"))).toEqual([]);
  expect(holding(outputs.keys()).length).toBeGreaterThanOrEqual(2);
});
