import { expect } from "vitest";
import { attack } from "./attack.js";

attack("two blocks on one frontier, to two facilitators: one of them is held", async ({ engine, other, payTrackA }) => {
  const [first, second] = [await payTrackA(), await payTrackA({ amountRaw: 10n ** 26n })];
  expect(second.block.previous).toBe(first.block.previous);
  const answers = await Promise.all([engine.verify(first.request), other.verify(second.request)]);
  expect(answers.filter(({ isValid }) => isValid)).toHaveLength(1);
  expect(answers.find(({ isValid }) => !isValid)).toMatchObject({ invalidReason: "duplicate_frontier" });
});
