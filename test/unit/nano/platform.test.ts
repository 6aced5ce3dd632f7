import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * The client entry runs in browsers, and CommonJS servers load the package with `require()` (DESIGN): what both reach
 * here imports nothing of Node's, uses none of its globals, and never awaits at top level.
 */
const MAY_IMPORT = ["#sodium-native", "@noble/hashes/blake2.js", "libsodium-wrappers-sumo", "../errors/index.js"];
const NODE_GLOBALS = ["Buffer", "process", "require", "__dirname", "__filename", "global", "setImmediate"];

function sourceFiles(folder: string): [string, ts.SourceFile][] {
  const directory = new URL(`../../../src/${folder}/`, import.meta.url);
  return readdirSync(directory)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => {
      const text = readFileSync(new URL(name, directory), "utf8");
      return [`${folder}/${name}`, ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true)];
    });
}

function findNodes<Kind extends ts.Node>(root: ts.Node, is: (node: ts.Node) => node is Kind, skip = isNothing): Kind[] {
  const found: Kind[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    if (!skip(node)) ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

function isNothing(_node: ts.Node): boolean {
  return false;
}

function importedModules(file: ts.SourceFile): string[] {
  const isTypeOnly = (literal: ts.StringLiteral): boolean =>
    ts.isImportDeclaration(literal.parent) && literal.parent.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
  return findNodes(file, ts.isStringLiteral)
    .filter(({ parent }) => {
      const isDynamic = ts.isCallExpression(parent) && parent.expression.kind === ts.SyntaxKind.ImportKeyword;
      return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || isDynamic;
    })
    .filter((literal) => !isTypeOnly(literal))
    .map(({ text }) => text);
}

const files = [...sourceFiles("nano"), ...sourceFiles("errors")];
const portable = files.filter(([name]) => !name.endsWith(".node.ts"));

test("the folders are read", () => {
  expect(portable.length).toBeGreaterThan(15);
  expect(files.length - portable.length).toBe(1);
  const everything = portable.flatMap(([, file]) => importedModules(file));
  expect(MAY_IMPORT.filter((name) => !everything.includes(name))).toEqual([]);
});

describe.each(portable)("%s", (_name, file) => {
  test("imports its neighbours and what is allowed", () => {
    const isNeighbour = (name: string): boolean => /^\.\/[a-z0-9-]+\.js$/.test(name);
    expect(importedModules(file).filter((name) => !isNeighbour(name) && !MAY_IMPORT.includes(name))).toEqual([]);
  });

  test("uses no global of Node", () => {
    const names = findNodes(file, ts.isIdentifier).map(({ text }) => text);
    expect(names.filter((name) => NODE_GLOBALS.includes(name))).toEqual([]);
  });

  test("does not await at top level", () => {
    expect(findNodes(file, ts.isAwaitExpression, ts.isFunctionLike)).toEqual([]);
  });
});
