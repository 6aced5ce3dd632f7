import {
  ACCOUNT,
  type Bench,
  codeOf,
  count,
  HASH,
  hex,
  OTHER_HASH,
  PREVIOUS,
  toBroadcasting,
  verifyOf,
} from "./kit.js";

const CALLERS = 200;

export function describeClaims({ describe, test }: Bench): void {
  describe("a verify's claim", () => {
    test("one of 200 callers at once wins the hash", async (room) => {
      const calls = Array.from({ length: CALLERS }, () => room.store.claim(verifyOf(room, { previous: PREVIOUS })));
      const results = await Promise.all(calls);
      room.expect(count(results, ({ outcome }) => outcome === "claimed")).toEqual(1);
      room.expect(count(results, ({ outcome }) => outcome === "in_progress")).toEqual(CALLERS - 1);
    });

    test("one of 200 blocks at once wins their common previous", async (room) => {
      const calls = Array.from({ length: CALLERS }, (_, index) =>
        room.store.claim(verifyOf(room, { hash: hex(index), previous: PREVIOUS })),
      );
      const results = await Promise.all(calls);
      room.expect(count(results, ({ outcome }) => outcome === "claimed")).toEqual(1);
      room.expect(count(results, ({ outcome }) => outcome === "previous_taken")).toEqual(CALLERS - 1);
    });

    test("other hashes without a common previous are free", async (room) => {
      await room.take(verifyOf(room, { previous: PREVIOUS }));
      room.expect(await room.outcomeOf(verifyOf(room, { hash: OTHER_HASH, previous: hex(0xf1) }))).toEqual("claimed");
      room.expect(await room.outcomeOf(verifyOf(room, { hash: hex(0xa3) }))).toEqual("claimed");
    });

    test("is in progress while a lease is open, whatever the payment and whatever the token", async (room) => {
      const token = await room.take(verifyOf(room));
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
      room.expect(await room.outcomeOf(verifyOf(room, { paymentId: "another" }))).toEqual("in_progress");
      room.expect(await room.outcomeOf(verifyOf(room, { token }))).toEqual("in_progress");
    });

    test("names the block that holds the previous", async (room) => {
      await room.take(verifyOf(room, { previous: PREVIOUS }));
      room
        .expect(await room.store.claim(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS })))
        .toEqual({ outcome: "previous_taken", byHash: HASH });
    });

    test("takes nothing where it is refused", async (room) => {
      await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.store.claim(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS }));
      room.expect((await room.store.get({ account: ACCOUNT, hash: OTHER_HASH })).state).toEqual("free");
    });

    test("yields a token of account, hash and 32 bytes that differ each time", async (room) => {
      const tokens = [await room.take(verifyOf(room)), await room.take(verifyOf(room, { hash: OTHER_HASH }))];
      const [[account, hash, secret], [, otherHash, otherSecret]] = [splitToken(tokens[0]), splitToken(tokens[1])];
      room.expect([account, hash, otherHash]).toEqual([ACCOUNT, HASH, OTHER_HASH]);
      room.expect([secret, otherSecret].every((part) => /^[0-9a-f]{64}$/.test(part ?? ""))).toEqual(true);
      room.expect(secret === otherSecret).toEqual(false);
    });

    test("refuses a second spelling of a key, and a lease that would never be open", async (room) => {
      const upperCase = "AB".repeat(32);
      for (const changes of [{ hash: upperCase }, { account: upperCase }, { previous: upperCase }, { hash: "a1" }]) {
        room.expect(await codeOf(room.store.claim(verifyOf(room, changes)))).toEqual("invalid_hex");
        room.expect(await codeOf(room.store.get(verifyOf(room, changes)))).toEqual("invalid_hex");
      }
      for (const leaseMs of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
        room.expect(await codeOf(room.store.claim(verifyOf(room, { leaseMs })))).toEqual("invalid_configuration");
      }
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("free");
      const token = await room.take(verifyOf(room));
      const step = toBroadcasting(Number.NaN);
      room.expect(await codeOf(room.store.advance(token, step))).toEqual("invalid_configuration");
    });
  });

  describe("a look", () => {
    test("sees nothing of a free hash", async (room) => {
      room.expect(await room.store.get({ account: ACCOUNT, hash: HASH, previous: PREVIOUS })).toEqual({
        state: "free",
        leaseOpen: false,
        token: undefined,
        paymentId: undefined,
        previousTakenBy: undefined,
        result: undefined,
      });
    });

    test("sees a reserved hash, and from another hash who took the previous", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      room.expect(await room.store.get({ account: ACCOUNT, hash: HASH, previous: PREVIOUS })).toEqual({
        state: "reserved",
        leaseOpen: true,
        token,
        paymentId: "payment",
        previousTakenBy: undefined,
        result: undefined,
      });
      const other = await room.store.get({ account: ACCOUNT, hash: OTHER_HASH, previous: PREVIOUS });
      room.expect([other.state, other.previousTakenBy]).toEqual(["free", HASH]);
    });
  });

  describe("a closed store", () => {
    test("decides nothing", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.store.close();
      const calls = [
        room.store.claim(verifyOf(room, { hash: OTHER_HASH })),
        room.store.advance(token, { to: "redeemed", result: "" }),
        room.store.release(token),
        room.store.get({ account: ACCOUNT, hash: HASH }),
        room.store.listOpen(),
      ];
      room.expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => "store_unavailable"));
    });
  });
}

function splitToken(token: string | undefined): string[] {
  return (token ?? "").split(".");
}
