import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli } from "../../../src/service/index.js";

const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

function run(...args: string[]): { code: number; out: string; err: string } {
  const written = { out: "", err: "" };
  const code = runCli(args, {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

describe("runCli", () => {
  it("prints the version of package.json and nothing else", () => {
    expect(run("--version")).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" });
    expect(run("-v").out).toBe(`${manifest.version}\n`);
  });

  it.each([[[]], [["--help"]], [["-h"]], [["--help", "--version"]]])("shows the help for %j", (args) => {
    const { code, out, err } = run(...args);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("Usage:");
  });

  it("names every subpath, and nothing else", () => {
    const subpaths = Object.keys(manifest.exports)
      .filter((path) => path !== "./package.json")
      .map((path) => path.replace(".", "x402-nano"));
    const named = [...run("--help").out.matchAll(/^ {2}(x402-nano(?:\/\S+)?) {2,}[a-z]/gm)].map((match) => match[1]);
    expect(named).toEqual(subpaths);
  });

  it.each([[["serve"]], [["--port", "80"]], [["--version", "extra"]]])("refuses %j with exit code 2", (args) => {
    const { code, out, err } = run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("--help");
  });
});
