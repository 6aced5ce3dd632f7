import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Writes a script into a project and runs it there as its user would; what it prints as JSON is given back. */
export async function runScript(
  project: string,
  name: string,
  script: string,
  nodeFlags: readonly string[] = [],
): Promise<unknown> {
  writeFileSync(join(project, name), script);
  return JSON.parse(await run(project, process.execPath, ...nodeFlags, name));
}

/** What the command printed; rejects with it when the command fails. */
export function run(project: string, command: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { cwd: project }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stdout}\n${stderr}`, { cause: error }));
    });
    child.stdin?.end();
  });
}

export function installedManifest(project: string): { version: string; exports: Record<string, unknown> } {
  return JSON.parse(readFileSync(join(project, "node_modules/x402-nano/package.json"), "utf8"));
}

/** The names a user may import: `x402-nano`, `x402-nano/client`, … */
export function subpathsOf(project: string): string[] {
  return Object.keys(installedManifest(project).exports)
    .filter((path) => path !== "./package.json")
    .map((path) => path.replace(/^\./, "x402-nano"));
}

/** What `src/<entry>.ts` exports at run time, sorted. */
export function namesInEntryFile(subpath: string): string[] {
  const name = subpath === "x402-nano" ? "index" : subpath.replace("x402-nano/", "");
  const text = readFileSync(new URL(`../../src/${name}.ts`, import.meta.url), "utf8");
  const source = ts.createSourceFile(`${name}.ts`, text, ts.ScriptTarget.ES2022);
  return source.statements
    .flatMap((statement) =>
      ts.isExportDeclaration(statement) && !statement.isTypeOnly ? [statement.exportClause] : [],
    )
    .flatMap((clause) => (clause !== undefined && ts.isNamedExports(clause) ? [...clause.elements] : []))
    .flatMap((element) => (element.isTypeOnly ? [] : [element.name.text]))
    .sort();
}
