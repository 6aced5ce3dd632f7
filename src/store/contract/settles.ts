import {
  ACCOUNT,
  ADVANCED,
  type Bench,
  HASH,
  hex,
  OTHER_HASH,
  PREVIOUS,
  settleOf,
  toRedeemed,
  verifyOf,
} from "./kit.js";

const UNKNOWN_TOKEN = `${ACCOUNT}.${HASH}.${hex(0xbad)}`;

export function describeSettles({ describe, test }: Bench): void {
  describe("a settle's claim", () => {
    test("takes a free hash without a verify before it", async (room) => {
      room.expect(await room.outcomeOf(settleOf(room))).toEqual("claimed");
    });

    test("with the verify's token continues its lease", async (room) => {
      const token = await room.take(verifyOf(room));
      const result = await room.store.claim(settleOf(room, { token }));
      room.expect(result).toEqual({ outcome: "claimed", token, state: "reserved" });
    });

    test("with the verify's token and no previous keeps the one that verify took", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.take(settleOf(room, { token }));
      const rival = verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS });
      room.expect(await room.outcomeOf(rival)).toEqual("previous_taken");
      await room.store.advance(token, toRedeemed("done"));
      room.expect(await room.outcomeOf(rival)).toEqual("claimed");
    });

    test("with a token that has lapsed continues, as long as nobody took the hash", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.pass(room.leaseMs * 2);
      const result = await room.store.claim(settleOf(room, { token, previous: PREVIOUS }));
      room.expect(result).toEqual({ outcome: "claimed", token, state: "reserved" });
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
    });

    test("with a token that has lapsed fails once another took the hash, or the previous", async (room) => {
      const token = await room.take(verifyOf(room, { previous: PREVIOUS }));
      await room.pass(room.leaseMs * 2);
      const rival = await room.take(verifyOf(room, { hash: OTHER_HASH, previous: PREVIOUS }));
      const claim = settleOf(room, { token, previous: PREVIOUS });
      room.expect(await room.store.claim(claim)).toEqual({ outcome: "previous_taken", byHash: OTHER_HASH });
      await room.store.release(rival);
      await room.take(verifyOf(room, { paymentId: "another" }));
      room.expect(await room.outcomeOf(claim)).toEqual("in_progress");
    });

    test("without a token takes over a verify's open lease of the same payment, whose token is lost", async (room) => {
      const old = await room.take(verifyOf(room, { previous: PREVIOUS }));
      const token = await room.take(settleOf(room, { previous: PREVIOUS }));
      room.expect(token === old).toEqual(false);
      room.expect(await room.store.advance(old, toRedeemed("stolen"))).toEqual({ outcome: "lost" });
      room.expect(await room.store.release(old)).toEqual(false);
      room.expect(await room.store.advance(token, toRedeemed("done"))).toEqual(ADVANCED);
    });

    test("without a token does not take over another payment's lease", async (room) => {
      const token = await room.take(verifyOf(room));
      room.expect(await room.outcomeOf(settleOf(room, { paymentId: "another" }))).toEqual("in_progress");
      room.expect(await room.store.advance(token, toRedeemed("done"))).toEqual(ADVANCED);
    });

    test("without a token never takes over a settle's lease", async (room) => {
      await room.take(settleOf(room));
      room.expect(await room.outcomeOf(settleOf(room))).toEqual("in_progress");
    });

    test("without a token never takes over a verify's lease that a settle continues", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.take(settleOf(room, { token }));
      room.expect(await room.outcomeOf(settleOf(room))).toEqual("in_progress");
    });

    test("with an unknown token is in progress while a lease is open, and judged in full after", async (room) => {
      await room.take(verifyOf(room));
      room.expect(await room.outcomeOf(settleOf(room, { token: UNKNOWN_TOKEN }))).toEqual("in_progress");
      await room.pass(room.leaseMs * 2);
      const token = await room.take(settleOf(room, { token: UNKNOWN_TOKEN }));
      room.expect(token === UNKNOWN_TOKEN).toEqual(false);
    });

    test("with a token of no form at all is treated as one with an unknown token", async (room) => {
      const malformed = [
        "",
        ".",
        "a.b.c",
        `${UNKNOWN_TOKEN}.`,
        UNKNOWN_TOKEN.toUpperCase(),
        "\u0000",
        "x".repeat(10_000),
      ];
      await room.take(verifyOf(room));
      for (const token of malformed) {
        room.expect(await room.outcomeOf(settleOf(room, { token }))).toEqual("in_progress");
        room.expect(await room.store.advance(token, toRedeemed("stolen"))).toEqual({ outcome: "lost" });
        room.expect(await room.store.release(token)).toEqual(false);
      }
      const free = settleOf(room, { hash: OTHER_HASH, token: "no token" });
      room.expect(await room.outcomeOf(free)).toEqual("claimed");
    });

    test("never shortens the lease that it continues", async (room) => {
      const token = await room.take(verifyOf(room, { leaseMs: room.leaseMs * 4 }));
      await room.take(settleOf(room, { token }));
      await room.pass(room.leaseMs * 2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
    });

    test("renews the lease that it continues", async (room) => {
      const token = await room.take(verifyOf(room));
      await room.take(settleOf(room, { token, leaseMs: room.leaseMs * 4 }));
      await room.pass(room.leaseMs * 2);
      room.expect(await room.outcomeOf(verifyOf(room))).toEqual("in_progress");
    });
  });
}
