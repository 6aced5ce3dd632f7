import {
  ACCOUNT,
  type Bench,
  count,
  HASH,
  hex,
  JOURNALLED_BEFORE,
  OTHER_HASH,
  PREVIOUS,
  settleOf,
  toBroadcasting,
  toRedeemed,
  verifyOf,
} from "./kit.js";

const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;
const CALLERS = 200;

export function describeRedemption({ describe, test, clockTest }: Bench): void {
  describe("a redemption", () => {
    test("happens once, however often its token asks, and the first result stays", async (room) => {
      const token = await room.take(settleOf(room));
      const calls = Array.from({ length: CALLERS }, (_, index) => room.store.advance(token, toRedeemed(`${index}`)));
      const results = await Promise.all(calls);
      room.expect(count(results, ({ outcome }) => outcome === "advanced")).toEqual(1);
      const again = results.filter((result) => result.outcome === "redeemed");
      room.expect(count(again, ({ byThisToken }) => byThisToken)).toEqual(CALLERS - 1);
      room.expect(new Set(again.map(({ result }) => result)).size).toEqual(1);
      const stored = (await room.store.get({ account: ACCOUNT, hash: HASH })).result;
      room.expect(again[0]?.result === stored).toEqual(true);
    });

    test("gives its result again to the settle with its token, and to nobody else", async (room) => {
      const token = await room.take(settleOf(room));
      await room.store.advance(token, toRedeemed("done"));
      const mine = { outcome: "redeemed", byThisToken: true, result: "done" };
      const others = { outcome: "redeemed", byThisToken: false, result: undefined };
      const stranger = `${ACCOUNT}.${HASH}.${hex(0xbad)}`;
      room.expect(await room.store.claim(settleOf(room, { token }))).toEqual(mine);
      room.expect(await room.store.claim(settleOf(room, { token: stranger }))).toEqual(others);
      room.expect(await room.store.claim(settleOf(room))).toEqual(others);
      room.expect(await room.store.claim(verifyOf(room))).toEqual(others);
      room.expect(await room.store.claim(verifyOf(room, { token }))).toEqual(others);
      room.expect(await room.store.advance(stranger, toRedeemed("mine"))).toEqual(others);
      room.expect(await room.store.advance(token, toBroadcasting(room.leaseMs))).toEqual(mine);
    });

    test("shows the state and the result to a look", async (room) => {
      const token = await room.take(settleOf(room));
      await room.store.advance(token, toRedeemed("done"));
      const view = await room.store.get({ account: ACCOUNT, hash: HASH });
      room.expect([view.state, view.leaseOpen, view.token, view.result]).toEqual(["redeemed", false, token, "done"]);
    });

    test("takes the block out of the journal and frees the previous", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.journal(token);
      room.expect(await room.store.advance(token, toRedeemed("done"))).toEqual(JOURNALLED_BEFORE);
      room.expect(await room.store.listOpen()).toEqual([]);
      room.expect(await room.outcomeOf(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS }))).toEqual("claimed");
    });

    test("holds against every track, payment and previous", async (room) => {
      await room.store.advance(await room.take(settleOf(room)), toRedeemed("done"));
      for (const changes of [{ previous: PREVIOUS }, { paymentId: "another" }, {}]) {
        room.expect(await room.outcomeOf(verifyOf(room, changes))).toEqual("redeemed");
        room.expect(await room.outcomeOf(settleOf(room, changes))).toEqual("redeemed");
      }
    });

    clockTest("is not forgotten in ten years", async (room) => {
      await room.store.advance(await room.take(settleOf(room)), toRedeemed("done"));
      await room.pass(TEN_YEARS_MS);
      for (let index = 0; index < CALLERS; index += 1) await room.take(verifyOf(room, { hash: hex(0x1000 + index) }));
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("redeemed");
    });
  });
}
