import { describe, expect, test } from "vitest";
import type { FacilitatorOptions } from "x402-nano/facilitator";
import { CHALLENGE_SECRET, PAY_TO } from "../../support/world.js";
import { openWithoutIo } from "./no-io.js";

/** What a facilitator is told about its offers is refused when it starts, not when the first buyer comes. */

function refusalOf(options: Record<string, unknown>): { code?: unknown; facts?: unknown; message: string } {
  try {
    openWithoutIo(options as Partial<FacilitatorOptions>);
  } catch (error) {
    return error as { message: string };
  }
  throw new TypeError("nothing was refused");
}

describe("payTo", () => {
  test("serves nobody as an empty list, which is a mistake", () => {
    expect(refusalOf({ payTo: [] })).toMatchObject({ code: "invalid_configuration", facts: { setting: "payTo" } });
  });

  test.each(["", "nano_", PAY_TO.toUpperCase(), `${PAY_TO}1`, PAY_TO.replace("h56", "h57"), "nano%5F1h56"])(
    "is an address: %j",
    (payTo) => {
      expect(refusalOf({ payTo })).toMatchObject({ code: "invalid_configuration", facts: { setting: "payTo" } });
      expect(refusalOf({ payTo: [PAY_TO, payTo] })).toMatchObject({
        code: "invalid_configuration",
        facts: { setting: "payTo" },
      });
    },
  );

  test("is an address, or a list of them, in either spelling", () => {
    for (const payTo of [PAY_TO, [PAY_TO], PAY_TO.replace("nano_", "xrb_"), [PAY_TO, PAY_TO]]) {
      expect(openWithoutIo({ payTo }).engine.accepts([])).toEqual([]);
    }
  });
});

describe("maxTimeoutSeconds", () => {
  test.each([0, -1, 0.5, 60.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "60"])(
    "%j is refused with its name",
    (maxTimeoutSeconds) => {
      expect(refusalOf({ maxTimeoutSeconds })).toMatchObject({
        code: "invalid_configuration",
        facts: { setting: "maxTimeoutSeconds", accepted: expect.stringContaining("at least 1") },
      });
    },
  );

  test.each([1, 60, 86_400])("%j is taken", (maxTimeoutSeconds) => {
    expect(openWithoutIo({ maxTimeoutSeconds }).engine.supported().kinds).toHaveLength(1);
  });
});

describe("a secret", () => {
  test.each(["", "short", "ab".repeat(31), `${"ab".repeat(32)}c`, []])(
    "that is none is refused: %j",
    (challengeSecret) => {
      expect(refusalOf({ challengeSecret })).toMatchObject({ facts: { setting: "challengeSecret" } });
    },
  );

  test("is not in the error about something else", () => {
    const { message, facts } = refusalOf({ challengeSecret: CHALLENGE_SECRET, payTo: [] });
    expect(JSON.stringify({ message, facts })).not.toContain(CHALLENGE_SECRET);
  });
});
