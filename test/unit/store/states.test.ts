import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { MOVES, STATE_NAMES, STATES } from "../../../src/store/states.js";

const ARCHITECTURE = readFileSync(new URL("../../../ARCHITECTURE.md", import.meta.url), "utf8");

/** The table is data; the contract suite makes every move of it on every store. Here: people read the same one. */
describe("ARCHITECTURE.md", () => {
  test.each(STATE_NAMES)("says what %s is, and what follows a crash in it", (state) => {
    const { is, afterCrash } = STATES[state];
    expect(ARCHITECTURE).toContain(`| \`${state}\` | ${is} | ${afterCrash} |`);
  });

  test.each(MOVES.map((move) => [`${move.name} (${move.by})`, move] as const))("has the row of: %s", (_, move) => {
    const cells = STATE_NAMES.map((state) => {
      const [answer, next] = move.cells[state];
      return next === undefined ? answer : `**${answer}** → ${next}`;
    });
    expect(ARCHITECTURE).toContain(`| ${move.name} | ${move.by} | ${cells.join(" | ")} |`);
  });

  test("has no row of a move that there is not", () => {
    const rows = ARCHITECTURE.split("\n").filter((line) =>
      /\| (?:holder|stranger|anybody|recovery|.* payment) \|/.test(line),
    );
    expect(rows).toHaveLength(MOVES.length);
  });
});

test("the names are those of the states, in the order of a payment's life", () => {
  expect([...STATE_NAMES].sort()).toEqual(Object.keys(STATES).sort());
});
