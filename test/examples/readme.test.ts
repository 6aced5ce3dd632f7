import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const README = read("README.md");

/** What a reader copies; the examples add only how a private network is told from the live one. */
function readmePart(example: string, name = "readme"): string {
  const source = read(`examples/${example}.ts`);
  const region = new RegExp(`^( *)// #region ${name}\\n([\\s\\S]*?)\\n *// #endregion`, "m").exec(source);
  expect(region, `examples/${example}.ts marks a part for README`).not.toBeNull();
  const [, indent = "", part = ""] = region ?? [];
  const code = part.replaceAll(new RegExp(`^${indent}`, "gm"), "");
  return code.replace("  ...devNetwork(),\n", "").replace(", ...devNetwork()", "");
}

const linesMarkedNano = (code: string) => code.split("\n").filter((line) => line.endsWith("// nano"));

describe("README shows what run-examples.test.ts runs", () => {
  test.each([
    ["seller", "readme"],
    ["buyer", "readme"],
    ["facilitator", "readme"],
    ["replayed-responses", "readme"],
    ["faremeter-server", "readme"],
    ["faremeter-server", "readme-remote"],
    ["faremeter-client", "readme"],
  ])("%s: %s", (example, region) => {
    expect(README).toContain(`\`\`\`ts\n${readmePart(example, region)}\n\`\`\``);
  });
});

test("an existing stock server gains at most six lines, and without them it is the server it was", () => {
  const code = readmePart("seller");
  expect(linesMarkedNano(code).length).toBeGreaterThan(0);
  expect(linesMarkedNano(code).length).toBeLessThanOrEqual(6);
  const before = code
    .split("\n")
    .filter((line) => !line.endsWith("// nano"))
    .join("\n");
  expect(before).not.toMatch(/nano/i);
});

test("a stock client gains at most four lines", () => {
  const code = readmePart("buyer");
  expect(linesMarkedNano(code).length).toBeGreaterThan(0);
  expect(linesMarkedNano(code).length).toBeLessThanOrEqual(4);
});

test("the two commands stand in the first fifteen lines", () => {
  const top = README.split("\n").slice(0, 15).join("\n");
  expect(top).toContain("npm install && npm run demo");
  expect(top).toContain("npm install && npm test");
});
