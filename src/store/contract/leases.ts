import { ACCOUNT, ADVANCED, type Bench, HASH, OTHER_HASH, PREVIOUS, settleOf, toRedeemed, verifyOf } from "./kit.js";

const HOUR_MS = 3_600_000;

export function describeLeases({ describe, test, clockTest }: Bench): void {
  describe("a lease that has lapsed", () => {
    test("lets another verify take the hash, and its token is lost", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.pass(room.leaseMs * 2);
      const next = await room.take(verifyOf(room));
      room.expect(await room.store.advance(token, toRedeemed("late"))).toEqual({ outcome: "lost" });
      room.expect(await room.store.release(token)).toEqual(false);
      room.expect(await room.store.advance(next, toRedeemed("done"))).toEqual(ADVANCED);
    });

    test("lets another block take the previous", async (room) => {
      await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.pass(room.leaseMs * 2);
      const other = { hash: OTHER_HASH, previous: PREVIOUS };
      room.expect((await room.store.get({ account: ACCOUNT, ...other })).previousTakenBy).toEqual(undefined);
      room.expect(await room.outcomeOf(verifyOf(room, other))).toEqual("claimed");
    });

    test("can still be seen, and redeemed with its token (R4)", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.pass(room.leaseMs * 2);
      const view = await room.store.get({ account: ACCOUNT, hash: HASH });
      room.expect([view.leaseOpen, view.token, view.paymentId]).toEqual([false, token, "payment"]);
      room.expect(await room.store.advance(token, toRedeemed("done"))).toEqual(ADVANCED);
    });
  });

  describe("a release", () => {
    test("frees the hash and the previous at once, and only once", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      room.expect(await room.store.release(token)).toEqual(true);
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("free");
      room.expect(await room.store.release(token)).toEqual(false);
      const other = verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS });
      await room.store.release(await room.take(other));
      room.expect(await room.outcomeOf(verifyOf(room, { previous: PREVIOUS }))).toEqual("claimed");
    });

    test("of a settle in progress stops it before it can redeem", async (room) => {
      const token = await room.take(settleOf(room));
      room.expect(await room.store.release(token)).toEqual(true);
      room.expect(await room.store.advance(token, toRedeemed("late"))).toEqual({ outcome: "lost" });
    });

    test("does nothing for a redeemed hash", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.store.advance(token, toRedeemed("done"));
      room.expect(await room.store.release(token)).toEqual(false);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("redeemed");
    });
  });

  describe("a clock that is set back", () => {
    clockTest("does not revive a lease that has lapsed", async (room) => {
      await room.take(verifyOf(room));
      await room.pass(room.leaseMs * 2);
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).leaseOpen).toEqual(false);
      room.turnBack(room.leaseMs * 2);
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).leaseOpen).toEqual(false);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("claimed");
    });

    clockTest("neither cuts a lease short nor makes it last longer", async (room) => {
      await room.take(verifyOf(room));
      room.turnBack(24 * HOUR_MS);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
      await room.pass(room.leaseMs - 1);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
      await room.pass(2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("claimed");
    });

    clockTest("does not forget what was redeemed", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.store.advance(token, toRedeemed("done"));
      room.turnBack(24 * HOUR_MS);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("redeemed");
    });
  });
}
