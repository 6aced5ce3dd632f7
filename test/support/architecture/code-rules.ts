import ts from "typescript";
import { lineOf, parse, type SourceFile, walk } from "./source-file.js";

const MAX_FILE_LINES = 450;
const MAX_ENTRY_LINES = 40;
const ENTRY = /^src\/[^/]+\.ts$/;
const COMMAND_ENTRY = "src/bin.ts";
const SILENCERS = /eslint-disable|biome-ignore|@ts-(?:ignore|expect-error|nocheck)|v8 ignore|istanbul ignore/;
const PLAIN_ERRORS = new Set(["Error", "TypeError", "RangeError", "SyntaxError", "AggregateError"]);
/** The one name under which the system's random source may be wrapped, to be injected. */
const RANDOM_WRAPPER = "systemRandomBytes";

type Judge = (node: ts.Node) => string | undefined;

export function checkLengths(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const lines = countLines(file.text);
    const limit = ENTRY.test(file.path) ? MAX_ENTRY_LINES : MAX_FILE_LINES;
    return lines > limit ? [`${file.path}: ${lines} lines, ${limit} allowed`] : [];
  });
}

/** Entry files re-export and do nothing else, so that reading them tells the whole public API. */
export function checkEntries(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => ENTRY.test(file.path) && file.path !== COMMAND_ENTRY)
    .flatMap((file) => {
      const source = parse(file);
      return source.statements
        .filter((statement) => !isReExport(statement))
        .map((statement) => `${file.path}:${lineOf(source, statement)} is no re-export`);
    });
}

/** Casts, plain errors, the clock, the random source, top-level await, silenced checks: none of it in `src`. */
export function checkCode(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const judges = [judgeTypes, judgeErrors, judgeTopLevelAwait];
    if (!file.path.startsWith("src/service/")) judges.push(judgeClock, judgeRandom);
    return [...judgeNodes(file, judges), ...judgeComments(file)];
  });
}

/** A test that is skipped, focused or retried proves nothing. */
export function checkTests(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => judgeNodes(file, [judgeTestModifier, judgeRetry]));
}

function judgeNodes(file: SourceFile, judges: readonly Judge[]): string[] {
  const source = parse(file);
  const problems: string[] = [];
  walk(source, (node) => {
    for (const judge of judges) {
      const problem = judge(node);
      if (problem !== undefined) problems.push(`${file.path}:${lineOf(source, node)} ${problem}`);
    }
  });
  return problems;
}

function judgeTypes(node: ts.Node): string | undefined {
  if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) return "cast";
  if (ts.isTypeAssertionExpression(node) && !ts.isConstTypeReference(node.type)) return "cast";
  if (ts.isNonNullExpression(node)) return "non-null assertion";
  return node.kind === ts.SyntaxKind.AnyKeyword ? "any" : undefined;
}

function judgeErrors(node: ts.Node): string | undefined {
  if (!ts.isThrowStatement(node) || !ts.isNewExpression(node.expression)) return undefined;
  const thrown = node.expression.expression;
  return ts.isIdentifier(thrown) && PLAIN_ERRORS.has(thrown.text) ? "plain error thrown" : undefined;
}

function judgeTopLevelAwait(node: ts.Node): string | undefined {
  const isAwait = ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier !== undefined);
  return isAwait && ts.findAncestor(node, ts.isFunctionLike) === undefined ? "top-level await" : undefined;
}

/** Reading the clock; `Date.now` as the default of an injected clock is not called, so it may stand. */
function judgeClock(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && isNamed(node.expression, "Date") && (node.arguments ?? []).length === 0) {
    return "the clock";
  }
  if (!ts.isCallExpression(node)) return undefined;
  if (isNamed(node.expression, "Date")) return "the clock";
  return isMember(node.expression, "Date", "now") || isMember(node.expression, "performance", "now")
    ? "the clock"
    : undefined;
}

function judgeRandom(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  if (isMember(node, "Math", "random") || node.name.text === "randomUUID") return "the random source";
  if (node.name.text !== "getRandomValues") return undefined;
  const wrapper = ts.findAncestor(
    node,
    (ancestor) =>
      (ts.isFunctionDeclaration(ancestor) || ts.isVariableDeclaration(ancestor)) &&
      ancestor.name !== undefined &&
      isNamed(ancestor.name, RANDOM_WRAPPER),
  );
  return wrapper === undefined ? "the random source" : undefined;
}

function judgeTestModifier(node: ts.Node): string | undefined {
  if (!ts.isPropertyAccessExpression(node)) return undefined;
  if (!["skip", "only", "todo", "skipIf", "runIf", "fails"].includes(node.name.text)) return undefined;
  return /^(?:it|test|describe|suite|context)\b/.test(node.expression.getText()) ? `.${node.name.text}` : undefined;
}

/** The runner's option is a number; the refusal table has a field of the same name. */
function judgeRetry(node: ts.Node): string | undefined {
  if (!ts.isPropertyAssignment(node) || !isNamed(node.name, "retry")) return undefined;
  const { initializer } = node;
  const isNone = !ts.isNumericLiteral(initializer) || initializer.text === "0";
  return isNone ? undefined : "retry";
}

function judgeComments(file: SourceFile): string[] {
  return file.text
    .split("\n")
    .flatMap((line, index) => (SILENCERS.test(line) ? [`${file.path}:${index + 1} silenced check`] : []));
}

function isReExport(statement: ts.Statement): boolean {
  if (!ts.isExportDeclaration(statement)) return false;
  const { exportClause } = statement;
  const isEmpty = exportClause !== undefined && ts.isNamedExports(exportClause) && exportClause.elements.length === 0;
  return statement.moduleSpecifier !== undefined || isEmpty;
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

function isMember(node: ts.Node, object: string, member: string): boolean {
  return ts.isPropertyAccessExpression(node) && isNamed(node.expression, object) && node.name.text === member;
}

function countLines(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
