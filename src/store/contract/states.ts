import type { Claim, LeaseToken } from "../port.js";
import { MOVES, type Move, STATE_NAMES, type State } from "../states.js";
import {
  ACCOUNT,
  type Bench,
  CLOSED,
  CLOSED_BY_RECOVERY,
  HASH,
  hex,
  type Room,
  settleOf,
  toBroadcasting,
  toRedeemed,
  verifyOf,
} from "./kit.js";

const STRANGER = `${ACCOUNT}.${HASH}.${hex(0xbad)}`;

/** Every move of the table in every state. */
export function describeStates({ describe, test }: Bench): void {
  describe("a move", () => {
    for (const move of MOVES) {
      for (const state of STATE_NAMES) {
        const [answer, next] = move.cells[state];
        test(`${move.name} (${move.by}), ${state}: ${answer}`, async (room) => {
          const token = await reach(state, room);
          room.expect(await look(room)).toEqual(SIGHTS[state]);
          room.expect(await make(move, token, room)).toEqual(answer);
          room.expect(await look(room)).toEqual(SIGHTS[next ?? state]);
        });
      }
    }
  });
}

/** Brings the hash into the state; the token is the holder's. */
async function reach(state: State, room: Room): Promise<LeaseToken> {
  if (state === "free") return `${ACCOUNT}.${HASH}.${hex(0x401d)}`;
  const token = await room.take(state === "reserved" || state === "lapsed" ? verifyOf(room) : settleOf(room));
  if (state === "broadcasting" || state === "left") await room.journal(token);
  if (state === "lapsed" || state === "left") await room.pass(room.leaseMs * 2);
  if (state === "redeemed") await room.store.advance(token, toRedeemed("done"));
  return token;
}

async function make({ step, by }: Move, holder: LeaseToken, room: Room): Promise<string> {
  const { store } = room;
  const token = by === "stranger" ? STRANGER : holder;
  switch (step) {
    case "verify":
      return room.outcomeOf(verifyOf(room));
    case "settle":
      return room.outcomeOf(settleOf(room, settleChanges(by, token)));
    case "journal":
      return (await store.advance(token, toBroadcasting(room.leaseMs))).outcome;
    case "redeem":
      return (await store.advance(token, toRedeemed("again"))).outcome;
    case "close":
      return (await store.advance(token, by === "recovery" ? CLOSED_BY_RECOVERY : CLOSED)).outcome;
    case "release":
      return String(await store.release(token));
  }
}

function settleChanges(by: Move["by"], token: LeaseToken): Partial<Claim> {
  if (by === "another payment") return { paymentId: "another" };
  return by === "same payment" ? {} : { token };
}

async function look({ store }: Room): Promise<unknown> {
  const { state, leaseOpen } = await store.get({ account: ACCOUNT, hash: HASH });
  return { state, leaseOpen, journalled: (await store.listOpen()).length };
}

const reserved = { state: "reserved", journalled: 0 };
const broadcasting = { state: "broadcasting", journalled: 1 };
/** What a look and the journal show of each state. */
const SIGHTS: Readonly<Record<State, unknown>> = {
  free: { state: "free", leaseOpen: false, journalled: 0 },
  reserved: { ...reserved, leaseOpen: true },
  settling: { ...reserved, leaseOpen: true },
  lapsed: { ...reserved, leaseOpen: false },
  broadcasting: { ...broadcasting, leaseOpen: true },
  left: { ...broadcasting, leaseOpen: false },
  redeemed: { state: "redeemed", leaseOpen: false, journalled: 0 },
};
