import fc from "fast-check";

/** What one of four owners does next, genesis being the first; most moves are wrong somewhere. */
export interface Move {
  readonly owner: number;
  readonly other: number;
  readonly act: "send" | "receive" | "change" | "confirm" | "replay" | "child first";
  readonly amount: number;
  /** What is wrong with it, or "nothing"; a "rival" stands beside the head. */
  readonly flaw: "nothing" | "rival" | "stale" | "unknown previous" | "other chain" | "balance" | "signature" | "first";
  readonly force: boolean;
}

export const moves = (minLength: number, maxLength: number): fc.Arbitrary<Move[]> =>
  fc.array(
    fc.record({
      owner: fc.nat(3),
      other: fc.nat(3),
      act: fc.constantFrom("send", "send", "receive", "receive", "change", "confirm", "replay", "child first"),
      amount: fc.integer({ min: 0, max: 50 }),
      flaw: fc.oneof(
        { weight: 5, arbitrary: fc.constant("nothing" as const) },
        {
          weight: 3,
          arbitrary: fc.constantFrom(
            ...(["rival", "stale", "unknown previous", "other chain", "balance", "signature", "first"] as const),
          ),
        },
      ),
      force: fc.boolean(),
    }),
    { minLength, maxLength },
  );
