import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedSet } from "../../src/dev-ledger/sorted-set.js";

test("keeps order through any adding and removing, and starts anywhere", () => {
  const text = fc.integer({ min: 0, max: 3000 }).map((number) => number.toString(16).padStart(3, "0"));
  const change = fc.record({ text, add: fc.constantFrom(true, true, false) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1500, maxLength: 3000 }), text, (changes, start) => {
      const set = new SortedSet();
      const model = new Set<string>();
      for (const { text: item, add } of changes) {
        if (add) set.add(item);
        else set.delete(item);
        if (add) model.add(item);
        else model.delete(item);
      }
      const sorted = [...model].toSorted();
      expect(set.size).toBe(sorted.length);
      expect([...set.from("")]).toEqual(sorted);
      expect([...set.from(start)]).toEqual(sorted.filter((item) => item >= start));
    }),
    { numRuns: 20, seed: 20 },
  );
});

test("emptied and filled again, upwards and downwards", () => {
  const set = new SortedSet();
  const items = Array.from({ length: 2000 }, (_, index) => index.toString().padStart(4, "0"));
  for (const order of [items, items.toReversed()]) {
    for (const item of order) set.add(item);
    for (const item of order) set.add(item);
    expect([...set.from("")]).toEqual(items);
    expect([...set.from("1999")]).toEqual(["1999"]);
    expect([...set.from("1999x")]).toEqual([]);
    for (const item of order) set.delete(item);
    set.delete("0000");
    expect([set.size, ...set.from("")]).toEqual([0]);
  }
});
