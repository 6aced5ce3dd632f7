import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** A file of this repository; `path` counts from its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface ImportEdge {
  readonly specifier: string;
  /** `type`: gone after compilation; `dynamic`: loaded when that line runs. */
  readonly kind: "value" | "type" | "dynamic";
  readonly line: number;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CODE = /\.(?:ts|mts|js|mjs)$/;
const NOT_OURS = new Set(["node_modules", "dist"]);

/** Every code file below `folder`; none where the folder does not exist. */
export function readSourceFiles(folder: string): SourceFile[] {
  return listFiles(folder)
    .filter((path) => CODE.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

export function parse(file: SourceFile): ts.SourceFile {
  return ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2022, true);
}

/** Calls `visit` for every node below `node`, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  node.forEachChild((child) => {
    walk(child, visit);
  });
}

export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/**
 * What a file imports, in any way the language has. `import { type A }` counts as a value: with `verbatimModuleSyntax`
 * the import stays in the output. A specifier that is computed cannot be judged, so it is given as `<computed>`.
 */
export function readImports(file: SourceFile): ImportEdge[] {
  const source = parse(file);
  const edges: ImportEdge[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, kind: ImportEdge["kind"]): void => {
    const text = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : "<computed>";
    edges.push({ specifier: text, kind, line: lineOf(source, node) });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly === true ? "type" : "value");
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node, node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, "type");
    } else if (ts.isExternalModuleReference(node)) {
      add(node, node.expression, "value");
    } else if (ts.isCallExpression(node) && isLoad(node.expression)) {
      add(node, node.arguments[0], "dynamic");
    }
  });
  return edges;
}

/** The files of `files` that a specifier of this repository leads to; undefined for a package. */
export function resolveImport(from: string, specifier: string, files: ReadonlySet<string>): string[] | undefined {
  if (specifier.startsWith("#")) {
    const variants = [`/${specifier.slice(1)}.node.ts`, `/${specifier.slice(1)}.browser.ts`];
    return [...files].filter((path) => variants.some((variant) => path.endsWith(variant)));
  }
  if (!specifier.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(from), specifier);
  return [specifier.endsWith(".js") ? target.replace(/\.js$/, ".ts") : target];
}

/** `import(…)`, `require(…)`, `createRequire(…)(…)`. */
function isLoad(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isIdentifier(callee)) return callee.text === "require";
  return (
    ts.isCallExpression(callee) && ts.isIdentifier(callee.expression) && callee.expression.text === "createRequire"
  );
}

function listFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !NOT_OURS.has(entry.name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? listFiles(path) : [path];
    });
}
