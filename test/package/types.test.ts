import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, it } from "vitest";
import { run } from "./support.js";

const COMPILER = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const RESOLUTIONS = [
  { module: "NodeNext", moduleResolution: "NodeNext" },
  { module: "ESNext", moduleResolution: "Bundler" },
];

/** How a user's project is set up; `skipLibCheck` off, so that our own declarations are judged too. */
const OPTIONS = {
  target: "ES2022",
  lib: ["ES2022", "DOM", "DOM.Iterable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: false,
};

/** Compiles a file of test/types against the packed declarations, and gives back what the compiler says. */
function compile(project: string, name: string, options: Readonly<Record<string, unknown>>): Promise<string> {
  copyFileSync(new URL(`../types/${name}.ts`, import.meta.url), join(project, `${name}.mts`));
  const config = { compilerOptions: { ...OPTIONS, ...options }, files: [`${name}.mts`] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  return run(project, process.execPath, COMPILER, "-p", ".");
}

it.each(RESOLUTIONS)("types resolve with $moduleResolution", async (resolution) => {
  expect(await compile(inject("expressProject"), "user-code", resolution)).toBe("");
});

/** The stricter of the two; `npm run typecheck` compiles the same file as a bundler would. */
it("fit Faremeter's handlers, without a cast", async () => {
  const nodeNext = { module: "NodeNext", moduleResolution: "NodeNext" };
  expect(await compile(inject("faremeterProject"), "faremeter-code", nodeNext)).toBe("");
});
