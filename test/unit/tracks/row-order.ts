import { describe, expect, test } from "vitest";
import type { Reason } from "../../../src/protocol/index.js";
import type { RequirementsJson } from "../../support/payments.js";
import type { Verdict } from "./scenarios.js";

/** One way to break a payment in the making. */
export interface Violation<Draft> {
  /** The row of SPEC 3; a fraction where the row itself has an order. */
  readonly row: number;
  readonly what: string;
  readonly reason: Reason;
  readonly apply: (draft: Draft) => void;
}

export interface RowOrder<Draft> {
  readonly violations: readonly Violation<Draft>[];
  /** Lays the violations over an honest payment, signs it, and judges it by all rows. */
  readonly violate: (...violations: readonly Violation<Draft>[]) => Verdict;
  readonly payer: string;
  /** From this row on the signature was checked, so the payer is in the refusal (SPEC 6). */
  readonly firstRowWithPayer: number;
}

/** Of any two violations of different rows the earlier row answers. */
export function describeRowOrder<Draft>(order: RowOrder<Draft>): void {
  const { violations, violate, payer, firstRowWithPayer } = order;

  describe.each(violations)("row $row: $what", (earlier) => {
    test(`alone is ${earlier.reason}`, () => {
      expect(violate(earlier)).toMatchObject({ ok: false, reason: earlier.reason });
    });

    test("names the payer exactly when the signature was checked before", () => {
      const verdict = violate(earlier);
      expect("payer" in verdict).toBe(earlier.row >= firstRowWithPayer);
      if ("payer" in verdict && earlier.reason !== "sender_mismatch") expect(verdict.payer).toBe(payer);
    });

    const later = violations.filter(({ row }) => row > earlier.row);
    test(`answers before each of the ${later.length} violations of later rows`, () => {
      for (const other of later) {
        expect(violate(other, earlier), other.what).toMatchObject({ reason: earlier.reason });
      }
    });
  });
}

/** Changes the requirements and what the client echoes alike. */
export function rewriteTerms(field: "scheme" | "network" | "asset", value: string) {
  return (draft: { requirements: RequirementsJson; accepted: RequirementsJson }): void => {
    draft.requirements = { ...draft.requirements, [field]: value };
    draft.accepted = { ...draft.accepted, [field]: value };
  };
}

/** Changes what the client echoes. */
export function accept(change: Partial<RequirementsJson>) {
  return (draft: { accepted: RequirementsJson }): void => {
    draft.accepted = { ...draft.accepted, ...change, extra: { ...draft.accepted.extra, ...change.extra } };
  };
}
