import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cryptoReady } from "../../../src/nano/index.js";
import { createMemoryJournal, type Journal, type JournalEntry } from "../../../src/purse/journal.js";
import { createPlace, makeEntry, NOW_MS, readJournal, removePlaces } from "./journal-support.js";

beforeAll(cryptoReady);
afterAll(removePlaces);

const number = fc.nat({ max: 7 });
const text = fc.string({ unit: "binary", maxLength: 12 });
const reservation = fc.record({
  day: fc.integer({ min: 0, max: 3 }),
  amountRaw: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  host: fc.option(text, { nil: undefined }),
});
const changes = fc.record(
  {
    sighting: fc.constantFrom("unknown", "absent", "landed", "confirmed"),
    isServed: fc.boolean(),
    inFlightUntilMs: fc.array(fc.double({ min: 0, max: 1e13, noNaN: true }), { maxLength: 3 }),
    presented: fc.nat(),
    lastReason: fc.option(text, { nil: undefined }),
  },
  { requiredKeys: [] },
);
const write = fc.oneof(
  fc.record({ kind: fc.constant("add"), number, resource: fc.option(text, { nil: undefined }), reservation }),
  fc.record({ kind: fc.constant("change"), number, changes }),
  fc.record({ kind: fc.constant("remove"), number, end: fc.constantFrom("spent", "void") }),
);
type Write = typeof write extends fc.Arbitrary<infer Value> ? Value : never;
/** What is asked for at the same moment, and what comes after it. */
const step = fc.record({
  writes: fc.array(write, { minLength: 1, maxLength: 6 }),
  next: fc.constantFrom("go on", "go on", "close and open", "lose power", "disk full"),
});

function act(journal: Journal, { entry, ...asked }: Write & { readonly entry: JournalEntry }): Promise<void> {
  if ("reservation" in asked) {
    const { resource } = asked;
    return journal.add({ ...entry, resource, reservation: { ...asked.reservation, payTo: entry.payTo } });
  }
  if ("changes" in asked) return journal.change(entry.hash, asked.changes);
  return journal.remove(entry.hash, asked.end);
}

test("whatever is asked of it, a journal in a file shows what one in memory shows, across reopening and loss of power", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      let nowMs = NOW_MS;
      const clock = (): number => (nowMs += 0.5);
      let place = createPlace();
      let file = await place.open({ clock });
      const memory = createMemoryJournal({ clock });
      for (const { writes, next } of steps) {
        const asked = writes.map((each) => ({ ...each, entry: makeEntry(each.number) }));
        const startMs = nowMs;
        if (next === "disk full") {
          place.disk.failing = /COMMIT/;
          await Promise.allSettled(asked.map((each) => act(file, each)));
          place.disk.failing = undefined;
        } else {
          const written = asked.map((each) => act(file, each));
          nowMs = startMs;
          const remembered = asked.map((each) => act(memory, each));
          expect(file.list()).toEqual(memory.list());
          await Promise.all([...written, ...remembered]);
        }
        expect(await readJournal(file)).toEqual(await readJournal(memory));
        if (next === "close and open") {
          await file.close();
          file = await place.open({ clock });
        }
        if (next === "lose power") {
          const crashed = place.afterCrash();
          await file.close();
          place = crashed;
          file = await place.open({ clock });
        }
        expect(await readJournal(file)).toEqual(await readJournal(memory));
      }
      await file.close();
    }),
    { numRuns: process.env["X402_NANO_LONG"] === undefined ? 15 : 300, seed: 20_261_120 },
  );
});
