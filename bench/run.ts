/**
 * `npm run bench`: every file of this folder, one after the other, each in a process of its own; `npm run bench work`
 * runs one. Use the ratios: absolute figures move from machine to machine.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMachine } from "./report.js";

const PARTS = new Set(["run.ts", "report.ts"]);
const folder = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !PARTS.has(name));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !files.includes(`${name}.ts`));
if (unknown.length > 0) {
  console.error(
    `No such benchmark: ${unknown.join(", ")}. There are: ${files.map((name) => basename(name, ".ts")).join(", ")}.`,
  );
  process.exit(2);
}

console.log(describeMachine());
for (const name of files.filter((file) => wanted.length === 0 || wanted.includes(basename(file, ".ts")))) {
  const { status } = spawnSync(process.execPath, ["--import", "tsx", `${folder}${name}`], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
