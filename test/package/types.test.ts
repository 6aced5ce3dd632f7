import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, it } from "vitest";
import { run } from "./support.js";

const project = inject("expressProject");
const COMPILER = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const USER_CODE = fileURLToPath(new URL("../types/user-code.ts", import.meta.url));

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

it.each([
  { module: "NodeNext", moduleResolution: "NodeNext" },
  { module: "ESNext", moduleResolution: "Bundler" },
])("types resolve with $moduleResolution", async (resolution) => {
  copyFileSync(USER_CODE, join(project, "user-code.mts"));
  const config = { compilerOptions: { ...OPTIONS, ...resolution }, files: ["user-code.mts"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  expect(await run(project, process.execPath, COMPILER, "-p", ".")).toBe("");
});
