import {
  ACCOUNT,
  type Bench,
  codeOf,
  count,
  HASH,
  hex,
  OTHER_HASH,
  PREVIOUS,
  settleOf,
  toRedeemed,
  verifyOf,
} from "./kit.js";

export function describeDurability({ describe, test, canCrash, canBeCutOff }: Bench): void {
  if (canCrash) describeCrashes(describe, test);
  if (canBeCutOff) describeOutages(describe, test);
}

function describeCrashes(describe: Bench["describe"], test: Bench["test"]): void {
  describe("a crash", () => {
    test("leaves what was redeemed, its result and its token", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      await room.store.advance(token, toRedeemed("done"));
      await room.crash();
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("redeemed");
      const again = await room.store.claim(settleOf(room, { token }));
      room.expect(again).toEqual({ outcome: "redeemed", byThisToken: true, result: "done" });
    });

    test("leaves an open lease to its holder, until it ends", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.crash();
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
      const rival = { hash: OTHER_HASH, previous: PREVIOUS };
      room.expect(await room.outcomeOf(verifyOf(room, rival))).toEqual("previous_taken");
      const continued = await room.store.claim(settleOf(room, { token }));
      room.expect(continued).toEqual({ outcome: "claimed", token, state: "reserved" });
      await room.pass(room.leaseMs * 2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("claimed");
    });

    test("leaves the journal, in its order, with the tokens that resume", async (room) => {
      const tokens = [await room.take(settleOf(room)), await room.take(settleOf(room, { hash: OTHER_HASH }))];
      for (const token of tokens.reverse()) {
        await room.journal(token, `{"of":"${token.slice(65, 129)}"}`);
        await room.pass(1);
      }
      await room.crash();
      const listed = await room.store.listOpen();
      room.expect(listed.map(({ hash, token }) => [hash, token])).toEqual([
        [OTHER_HASH, tokens[0]],
        [HASH, tokens[1]],
      ]);
      room.expect(listed.map(({ block }) => block)).toEqual([`{"of":"${OTHER_HASH}"}`, `{"of":"${HASH}"}`]);
      const third = await room.take(settleOf(room, { hash: hex(0xa3) }));
      await room.journal(third);
      room.expect((await room.store.listOpen()).map(({ hash }) => hash)).toEqual([OTHER_HASH, HASH, hex(0xa3)]);
    });

    test("leaves nothing of what was released", async (room) => {
      await room.store.release(await room.take(verifyOf(room)));
      await room.crash();
      room.expect((await room.store.get({ account: ACCOUNT, hash: HASH })).state).toEqual("free");
    });

    test("does not make the store younger or older", async (room) => {
      const { bornAtSeconds } = room.store;
      await room.pass(5_000);
      await room.crash();
      room.expect(room.store.bornAtSeconds).toEqual(bornAtSeconds);
    });

    test("amid 200 claims leaves each answered one, and no hash with two owners", async (room) => {
      const claims = Array.from({ length: 200 }, (_, index) => verifyOf(room, { hash: hex(0x100 + (index % 50)) }));
      const results = await Promise.all(claims.map((claim) => room.store.claim(claim)));
      await room.crash();
      room.expect(count(results, ({ outcome }) => outcome === "claimed")).toEqual(50);
      const outcomes = await Promise.all(claims.slice(0, 50).map((claim) => room.outcomeOf(claim)));
      room.expect(new Set(outcomes)).toEqual(new Set(["in_progress"]));
    });
  });
}

function describeOutages(describe: Bench["describe"], test: Bench["test"]): void {
  describe("a store that cannot write", () => {
    test("decides nothing, and goes on where it was once it can", async (room) => {
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      const { restore } = await room.cutOff();
      const calls = [
        room.store.claim(verifyOf(room, { hash: OTHER_HASH })),
        room.store.advance(token, toRedeemed("done")),
        room.store.release(token),
      ];
      room.expect(await Promise.all(calls.map(codeOf))).toEqual(calls.map(() => "store_unavailable"));
      await restore();
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
      room.expect((await room.store.advance(token, toRedeemed("done"))).outcome).toEqual("advanced");
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("redeemed");
      room.expect(await room.outcomeOf(verifyOf(room, { hash: OTHER_HASH }))).toEqual("claimed");
    });
  });
}
