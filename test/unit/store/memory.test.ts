import { describe, expect, test } from "vitest";
import type { Claim } from "../../../src/store/index.js";
import { memoryStore } from "../../../src/store/index.js";

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;
const hex = (number: number): string => number.toString(16).padStart(64, "0");
const verify = (hash: string, changes: Partial<Claim> = {}): Claim => ({
  purpose: "verify",
  account: hex(0xacc),
  hash,
  paymentId: "payment",
  leaseMs: LEASE_MS,
  ...changes,
});

function storeAt(startMs: number) {
  let nowMs = startMs;
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { store: memoryStore({ clock: () => nowMs }), pass };
}

describe("birth (R6)", () => {
  test.each([
    [1_750_000_000_000, 1_750_000_000],
    [1_750_000_000_999, 1_750_000_000],
    [1_750_000_001_000, 1_750_000_001],
  ])("at %i ms is in second %i", (nowMs, seconds) => {
    expect(memoryStore({ clock: () => nowMs }).bornAtSeconds).toBe(seconds);
  });

  test("does not move with the clock", () => {
    const { store, pass } = storeAt(1_750_000_000_000);
    pass(HOUR_MS);
    expect(store.bornAtSeconds).toBe(1_750_000_000);
  });
});

describe("tokens", () => {
  test("end in the 32 bytes of the random source", async () => {
    const asked: number[] = [];
    const store = memoryStore({
      randomBytes: (length) => {
        asked.push(length);
        return Uint8Array.from({ length }, (_, index) => index);
      },
    });
    const result = await store.claim(verify(hex(1)));
    const bytes = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    expect(result).toEqual({ outcome: "claimed", token: `${hex(0xacc)}.${hex(1)}.${bytes}`, state: "reserved" });
    expect(asked).toEqual([32]);
  });

  test("of the platform's random source do not repeat", async () => {
    const store = memoryStore();
    const secrets = new Set<string>();
    for (let index = 0; index < 1_000; index += 1) {
      const result = await store.claim(verify(hex(index)));
      if (result.outcome === "claimed") secrets.add(result.token.slice(-64));
    }
    expect(secrets.size).toBe(1_000);
  });
});

describe("what is kept in memory", () => {
  /** Enough claims for the sweep to come round. */
  async function bustle({ store }: ReturnType<typeof storeAt>, count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await store.claim(verify(hex(0x10_000 + index)));
  }

  test("a lapsed lease's token is known for an hour and forgotten after", async () => {
    const room = storeAt(1_750_000_000_000);
    await room.store.claim(verify(hex(1)));
    room.pass(LEASE_MS + HOUR_MS - 1);
    await bustle(room, 10);
    expect((await room.store.get({ account: hex(0xacc), hash: hex(1) })).state).toBe("reserved");
    room.pass(1);
    await bustle(room, 30);
    expect((await room.store.get({ account: hex(0xacc), hash: hex(1) })).state).toBe("free");
  });

  test("10,000 unpaid verifications an hour leave nothing behind", async () => {
    const room = storeAt(1_750_000_000_000);
    await bustle(room, 10_000);
    room.pass(LEASE_MS + HOUR_MS);
    for (let index = 0; index < 10_000; index += 1) await room.store.claim(verify(hex(1 + index)));
    const states = await Promise.all(
      Array.from({ length: 10_000 }, (_, index) =>
        room.store.get({ account: hex(0xacc), hash: hex(0x10_000 + index) }),
      ),
    );
    expect(states.filter(({ state }) => state !== "free")).toEqual([]);
  });

  test("a journalled block is never swept", async () => {
    const room = storeAt(1_750_000_000_000);
    const result = await room.store.claim(verify(hex(1), { purpose: "settle" }));
    const token = result.outcome === "claimed" ? result.token : "";
    await room.store.advance(token, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    room.pass(100 * HOUR_MS);
    await bustle(room, 100);
    expect((await room.store.listOpen()).map(({ hash }) => hash)).toEqual([hex(1)]);
    expect(await room.store.advance(token, { to: "redeemed", result: "done" })).toMatchObject({ outcome: "advanced" });
  });
});

describe("a Track B claim on a journalled block whose previous another block holds", () => {
  test("does not let a third block take that previous", async () => {
    const room = storeAt(1_750_000_000_000);
    const previous = hex(0xf0);
    const result = await room.store.claim(verify(hex(1), { purpose: "settle", previous }));
    const token = result.outcome === "claimed" ? result.token : "";
    await room.store.advance(token, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    room.pass(2 * LEASE_MS);
    await room.store.claim(verify(hex(2), { previous, leaseMs: 10 * LEASE_MS }));
    await room.store.claim(verify(hex(1)));
    room.pass(2 * LEASE_MS);
    expect(await room.store.claim(verify(hex(3), { previous }))).toEqual({
      outcome: "previous_taken",
      byHash: hex(2),
    });
  });
});
