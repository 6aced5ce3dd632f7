import {
  ACCOUNT,
  type Bench,
  CLOSED,
  CLOSED_BY_RECOVERY,
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

export function describeJournal({ describe, test }: Bench): void {
  describe("a journalled block", () => {
    test("is listed with all that recovery needs", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.journal(token, '{"type":"state"}');
      const [entry, ...others] = await room.store.listOpen();
      room.expect(others).toEqual([]);
      room.expect(entry).toEqual({
        account: ACCOUNT,
        hash: HASH,
        previous: PREVIOUS,
        token,
        block: '{"type":"state"}',
        leaseOpen: true,
        ageMs: entry?.ageMs,
        idleMs: 0,
      });
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("broadcasting");
    });

    test("is listed in the order of the journal, not of the claims", async (room) => {
      const tokens = [
        await room.take(settleOf(room, { hash: hex(1) })),
        await room.take(settleOf(room, { hash: hex(2) })),
        await room.take(settleOf(room, { hash: hex(3) })),
      ];
      for (const token of tokens.reverse()) {
        await room.journal(token);
        await room.pass(1);
      }
      await room.take(settleOf(room, { hash: hex(4) }));
      const listed = await room.store.listOpen();
      room.expect(listed.map(({ hash }) => hash)).toEqual([hex(3), hex(2), hex(1)]);
    });

    test("keeps its place and renews its lease when it is journalled again", async (room) => {
      const token = await room.take(settleOf(room));
      await room.journal(token, "first");
      await room.pass(1);
      await room.journal(await room.take(settleOf(room, { hash: OTHER_HASH })));
      const again = await room.store.advance(token, toBroadcasting(room.leaseMs * 4, "again"));
      room.expect(again).toEqual(JOURNALLED_BEFORE);
      const [first, second] = await room.store.listOpen();
      room.expect([first?.hash, first?.block, second?.hash]).toEqual([HASH, "again", OTHER_HASH]);
      room.expect((first?.ageMs ?? 0) > (second?.ageMs ?? 0)).toEqual(true);
      await room.pass(room.leaseMs * 2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
    });

    test("never has its lease shortened", async (room) => {
      const token = await room.take(settleOf(room, { leaseMs: room.leaseMs * 4 }));
      await room.journal(token);
      await room.pass(room.leaseMs * 2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
    });

    test("stays listed after its lease, and holds its previous no longer", async (room) => {
      await room.journal(await room.take(settleOf(room, { previous: PREVIOUS })));
      await room.pass(room.leaseMs * 2);
      room.expect((await room.store.listOpen()).map(({ leaseOpen }) => leaseOpen)).toEqual([false]);
      room.expect(await room.outcomeOf(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS }))).toEqual("claimed");
    });

    test("is not broadcast by a lapsed lease while another block holds the previous", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.pass(room.leaseMs * 2);
      await room.take(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS }));
      room.expect(await room.store.advance(token, toBroadcasting(room.leaseMs))).toEqual({ outcome: "lost" });
      room.expect(await room.store.listOpen()).toEqual([]);
    });

    test("is closed by whoever took it over, and is then free for that one", async (room) => {
      const old = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.journal(old);
      await room.pass(room.leaseMs * 2);
      const heir = await room.take(verifyOf(room));
      room.expect(await room.store.advance(heir, CLOSED)).toEqual(JOURNALLED_BEFORE);
      room.expect(await room.store.listOpen()).toEqual([]);
      room.expect(await room.store.advance(old, toRedeemed("late"))).toEqual({ outcome: "lost" });
      const next = await room.store.claim(verifyOf(room));
      room.expect([next.outcome, "state" in next ? next.state : ""]).toEqual(["claimed", "reserved"]);
    });

    test("can be claimed once its lease has lapsed, and stays in the journal", async (room) => {
      const old = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.journal(old, "the block");
      await room.pass(room.leaseMs * 2);
      const claim = verifyOf(room, { paymentId: "track B" });
      const result = await room.store.claim(claim);
      room.expect([result.outcome, "state" in result ? result.state : ""]).toEqual(["claimed", "broadcasting"]);
      const [entry] = await room.store.listOpen();
      room.expect([entry?.block, entry?.previous, entry?.leaseOpen]).toEqual(["the block", PREVIOUS, true]);
      room.expect(await room.store.advance(old, toRedeemed("late"))).toEqual({ outcome: "lost" });
      room.expect(await room.store.advance(entry?.token ?? "", toRedeemed("done"))).toEqual(JOURNALLED_BEFORE);
      room.expect(await room.store.listOpen()).toEqual([]);
    });

    test("survives the release of its lease, whose token goes on being known", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.journal(token);
      room.expect(await room.store.release(token)).toEqual(true);
      const view = await room.store.get({ account: ACCOUNT, hash: HASH });
      room.expect([view.state, view.leaseOpen, view.token]).toEqual(["broadcasting", false, token]);
      room.expect((await room.store.listOpen()).length).toEqual(1);
      const resumed = await room.store.claim(settleOf(room, { token, previous: PREVIOUS }));
      room.expect(resumed).toEqual({ outcome: "claimed", token, state: "broadcasting" });
    });

    test("frees its hash and its previous when it is closed, and its token is forgotten", async (room) => {
      for (const as of ["landed", "void"] as const) {
        const token = await room.take(settleOf(room, { previous: PREVIOUS }));
        await room.journal(token);
        room.expect(await room.store.advance(token, { to: "closed", as, by: "holder" })).toEqual(JOURNALLED_BEFORE);
        room.expect(await room.store.listOpen()).toEqual([]);
        room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("free");
        room.expect(await room.store.advance(token, toRedeemed("late"))).toEqual({ outcome: "lost" });
        const other = verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS });
        await room.store.release(await room.take(other));
      }
    });

    test("says how long ago its lease ended, and is closed by recovery only after that", async (room) => {
      const token = await room.take(settleOf(room));
      await room.journal(token);
      room.expect(await room.store.advance(token, CLOSED_BY_RECOVERY)).toEqual({ outcome: "lost" });
      const [open] = await room.store.listOpen();
      room.expect([open?.leaseOpen, open?.idleMs]).toEqual([true, 0]);
      await room.pass(room.leaseMs * 3);
      const [idle] = await room.store.listOpen();
      const { ageMs = 0, idleMs = 0, leaseOpen } = idle ?? {};
      room.expect(leaseOpen).toEqual(false);
      room.expect(idleMs >= room.leaseMs && ageMs >= idleMs + room.leaseMs).toEqual(true);
      room.expect(await room.store.advance(token, CLOSED_BY_RECOVERY)).toEqual(JOURNALLED_BEFORE);
      room.expect(await room.store.listOpen()).toEqual([]);
      room.expect(await room.store.advance(token, toRedeemed("late"))).toEqual({ outcome: "lost" });
    });

    test("that a settle takes up again is not closed by recovery", async (room) => {
      const token = await room.take(settleOf(room));
      await room.journal(token);
      await room.pass(room.leaseMs * 2);
      await room.take(settleOf(room, { token }));
      room.expect(await room.store.advance(token, CLOSED_BY_RECOVERY)).toEqual({ outcome: "lost" });
      room.expect(await room.store.advance(token, toRedeemed("done"))).toEqual(JOURNALLED_BEFORE);
    });

    test("is the only thing that can be closed", async (room) => {
      const token = await room.take(settleOf(room));
      room.expect(await room.store.advance(token, CLOSED)).toEqual({ outcome: "lost" });
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("reserved");
      await room.store.advance(token, toRedeemed("done"));
      const closed = await room.store.advance(token, CLOSED);
      room.expect(closed).toEqual({ outcome: "redeemed", byThisToken: true, result: "done" });
    });
  });
}
