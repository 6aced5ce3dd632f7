import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** An empty project with the packed package and no optional dependency: what it says it needs must do. */
    aloneProject: string;
    /** The same beside stock express and `@x402/express`. */
    expressProject: string;
    /** The same beside Faremeter, and what its declarations name. */
    faremeterProject: string;
    /** What lies in the tarball, paths from the package's root. */
    packedFiles: string[];
  }
}

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** npm gives its own settings to what it starts; an install elsewhere must not inherit them. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
/** The newest viem wants an `ox` that the registry lacks (decisions/registry-surprises.md). */
const OVERRIDES = { viem: "2.56.0" };

/** core's declarations name `Buffer`; whoever compiles against them on Node has these. */
const NODE_TYPES = { "@types/node": "^20.19.0" };

/** vitest's global set-up: packs `dist` as it is and installs the tarball once for all files. */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "x402-nano-package-"));
  const [packed] = JSON.parse(npm(ROOT, "pack", "--json", "--ignore-scripts", "--pack-destination", folder));
  const tarball = join(folder, packed.filename);
  project.provide("packedFiles", packed.files.map((file: { path: string }) => file.path).sort());
  project.provide("aloneProject", install(join(folder, "alone"), { "x402-nano": tarball }, ["--omit=optional"]));
  project.provide(
    "expressProject",
    install(join(folder, "express"), {
      "x402-nano": tarball,
      "@x402/express": "^2.27.0",
      express: "^5.0.0",
      ...NODE_TYPES,
    }),
  );
  project.provide(
    "faremeterProject",
    install(join(folder, "faremeter"), {
      "x402-nano": tarball,
      "@faremeter/fetch": "^0.22.0",
      "@faremeter/middleware": "^0.22.0",
      "@faremeter/types": "^0.22.0",
      "@types/express": "^5.0.0",
      ...NODE_TYPES,
    }),
  );
  return () => rm(folder, { recursive: true, force: true });
}

function install(folder: string, dependencies: Record<string, string>, flags: readonly string[] = []): string {
  mkdirSync(folder);
  const manifest = { name: "consumer", private: true, dependencies, overrides: OVERRIDES };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  npm(folder, "install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error", ...flags);
  return folder;
}

function npm(folder: string, ...args: string[]): string {
  return execFileSync("npm", args, {
    cwd: folder,
    env: ENVIRONMENT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
