import fc from "fast-check";
import { expect, it, test } from "vitest";
import { memoryResponseStore } from "x402-nano/server";
import {
  decodeRecord,
  encodeRecord,
  isServed,
  type KeptResponse,
  keepResponse,
} from "../../../src/adapters/x402/payment-identifier/kept-response.js";
import { encodeHeader } from "../../../src/protocol/index.js";
import { createTestClock } from "../../support/clock.js";

const MINUTE = 60_000;

it("keeps a response for its time, and not a millisecond longer", async () => {
  const clock = createTestClock();
  const store = memoryResponseStore({ clock });
  await store.put("a", "1", MINUTE);
  clock.advanceSeconds(59.999);
  expect(await store.get("a")).toBe("1");
  clock.advanceSeconds(0.001);
  expect(await store.get("a")).toBeUndefined();
  await store.put("a", "2", MINUTE);
  expect(await store.get("a")).toBe("2");
});

it("keeps the first of two, until its time is over", async () => {
  const clock = createTestClock();
  const store = memoryResponseStore({ clock });
  await store.put("a", "1", MINUTE);
  await store.put("a", "2", 10 * MINUTE);
  expect(await store.get("a")).toBe("1");
  clock.advanceSeconds(60);
  await store.put("a", "2", MINUTE);
  expect(await store.get("a")).toBe("2");
});

it("lets go of what was asked for longest ago", async () => {
  const store = memoryResponseStore({ maxEntries: 2 });
  await store.put("a", "1", MINUTE);
  await store.put("b", "2", MINUTE);
  await store.get("a");
  await store.put("c", "3", MINUTE);
  expect([await store.get("a"), await store.get("b"), await store.get("c")]).toEqual(["1", undefined, "3"]);
});

it("holds no more bytes than it may, keys included, and gives space back", async () => {
  const clock = createTestClock();
  const store = memoryResponseStore({ clock, maxTotalBytes: 20 });
  await store.put("a", "x".repeat(9), MINUTE);
  await store.put("b", "x".repeat(9), MINUTE);
  expect([await store.get("a"), await store.get("b")]).not.toContain(undefined);
  await store.put("c", "x", MINUTE);
  expect([await store.get("a"), await store.get("b"), await store.get("c")]).toEqual([undefined, "x".repeat(9), "x"]);
  await store.put("d", "x".repeat(20), MINUTE);
  expect([await store.get("d"), await store.get("b")]).toEqual([undefined, "x".repeat(9)]);
  clock.advanceSeconds(60);
  expect([await store.get("b"), await store.get("c")]).toEqual([undefined, undefined]);
  await store.put("e", "x".repeat(19), MINUTE);
  expect(await store.get("e")).toHaveLength(19);
});

test("never more than it may, and never anything but the first value, whatever the order", async () => {
  const step = fc.record({
    key: fc.constantFrom("a", "b", "c", "d"),
    length: fc.integer({ min: 0, max: 12 }),
    seconds: fc.integer({ min: 0, max: 3 }),
    isPut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = createTestClock();
      const store = memoryResponseStore({ clock, maxEntries: 3, maxTotalBytes: 24 });
      const put = new Map<string, { value: string; untilMs: number }>();
      for (const [index, { key, length, seconds, isPut }] of steps.entries()) {
        clock.advanceSeconds(seconds);
        const before = await store.get(key);
        if (before !== undefined) {
          expect(put.get(key)?.value).toBe(before);
          expect(put.get(key)?.untilMs).toBeGreaterThan(clock());
        }
        if (!isPut) continue;
        const value = String(index).padEnd(length, ".");
        await store.put(key, value, 5000);
        const after = await store.get(key);
        if (before !== undefined) expect(after).toBe(before);
        else {
          expect(after).toBe(value);
          put.set(key, { value, untilMs: clock() + 5000 });
        }
        const all = await Promise.all(["a", "b", "c", "d"].map((name) => store.get(name)));
        const kept = all.filter((text) => text !== undefined);
        expect(kept.length).toBeLessThanOrEqual(3);
        expect(kept.reduce((total, text) => total + text.length + 1, 0)).toBeLessThanOrEqual(24);
      }
    }),
    { numRuns: 200 },
  );
});

it.each([{ maxEntries: 0 }, { maxEntries: Number.NaN }, { maxTotalBytes: -1 }])("refuses %j", (options) => {
  expect(() => memoryResponseStore(options)).toThrow(/accepted/);
});

test("a record is read as it was written", () => {
  const headers = fc.array(fc.tuple(fc.string(), fc.string()));
  fc.assert(
    fc.property(
      fc.integer({ min: 200, max: 399 }),
      headers,
      fc.uint8Array({ maxLength: 300 }),
      (status, lines, body) => {
        const record = { fingerprint: "f", untilMs: 5, response: { status, headers: lines, body } };
        expect(decodeRecord(encodeRecord(record))).toEqual(record);
      },
    ),
  );
  const body = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
  const long = { fingerprint: "f", untilMs: 5, response: { status: 200, headers: [], body } };
  expect(decodeRecord(encodeRecord(long))?.response.body).toEqual(body);
});

it.each([
  "",
  "null",
  "{}",
  '{"version":2,"fingerprint":"f","untilMs":1,"status":200,"headers":[],"body":""}',
  '{"version":1,"fingerprint":"f","untilMs":1,"status":500,"headers":[],"body":""}',
  '{"version":1,"fingerprint":"f","untilMs":1,"status":200,"headers":[["a"]],"body":""}',
  '{"version":1,"fingerprint":"f","untilMs":1,"status":200,"headers":[],"body":"%"}',
])("no record: %s", (text) => {
  expect(decodeRecord(text)).toBeUndefined();
});

it.each([
  [200, encodeHeader({ success: true }), true],
  [302, encodeHeader({ success: true }), true],
  [400, encodeHeader({ success: true }), false],
  [500, encodeHeader({ success: true }), false],
  [200, encodeHeader({ success: false }), false],
  [200, encodeHeader({ success: "true" }), false],
  [200, encodeHeader({}), false],
  [200, "%%%", false],
  [200, undefined, false],
])("status %s with settlement %s: served %s", (status, settlement, isKept) => {
  const headers: KeptResponse["headers"] = settlement === undefined ? [] : [["PAYMENT-Response", settlement]];
  expect(isServed(status, headers)).toBe(isKept);
});

it("leaves out what belongs to the connection", () => {
  const headers: [string, string][] = [
    ["Content-Type", "a/b"],
    ["Date", "today"],
    ["Transfer-Encoding", "chunked"],
    ["connection", "close"],
    ["Keep-Alive", "timeout=5"],
    ["Content-Length", "3"],
    ["Set-Cookie", "a"],
    ["Set-Cookie", "b"],
  ];
  const kept = keepResponse(200, headers, new Uint8Array(3)).headers;
  expect(kept.map(([name]) => name)).toEqual(["Content-Type", "Content-Length", "Set-Cookie", "Set-Cookie"]);
  expect(keepResponse(200, headers, new Uint8Array(4)).headers.map(([name]) => name)).not.toContain("Content-Length");
});
