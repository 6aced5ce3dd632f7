import { isNanoError } from "../../errors/index.js";
import type { Advance, Claim, ClaimResult, LeaseToken, RedemptionStore } from "../port.js";

/** What is used of a test runner; those of vitest and jest fit as they are. */
export interface ContractHarness {
  readonly describe: (name: string, body: () => void) => void;
  readonly test: (name: string, body: () => Promise<void>) => void;
  readonly expect: (actual: unknown) => { toEqual(expected: unknown): void };
}

export interface ContractSubject {
  readonly name: string;
  /** An empty store, which runs on `clock` where `pass` is left out. The suite closes it. */
  readonly create: (clock: () => number) => RedemptionStore | Promise<RedemptionStore>;
  /** For a store whose leases run on another clock: really waits. The tests that turn the clock back are left out. */
  readonly pass?: (ms: number) => Promise<void>;
  /** How long a lease of the tests lasts; 30 s, shorter where `pass` waits. */
  readonly leaseMs?: number;
  /** For a durable store: what a process finds that starts after `store`'s was killed, without a `close`. */
  readonly crash?: (store: RedemptionStore, clock: () => number) => Promise<RedemptionStore>;
  /** Takes away what `store` writes to, and brings it back. Left out, the tests of outages are too. */
  readonly cutOff?: (store: RedemptionStore) => Promise<{ readonly restore: () => Promise<void> }>;
}

/** A store under test and what a test says often about it. */
export interface Room {
  /** The one that is open now: another one after a crash. */
  readonly store: RedemptionStore;
  readonly crash: () => Promise<void>;
  readonly cutOff: () => Promise<{ readonly restore: () => Promise<void> }>;
  readonly leaseMs: number;
  readonly expect: ContractHarness["expect"];
  /** Lets time pass. */
  readonly pass: (ms: number) => Promise<void>;
  /** Sets the clock back. */
  readonly turnBack: (ms: number) => void;
  /** Claims and returns the token; fails the test where the claim is refused. */
  readonly take: (claim: Claim) => Promise<LeaseToken>;
  readonly outcomeOf: (claim: Claim) => Promise<ClaimResult["outcome"]>;
  readonly journal: (token: LeaseToken, block?: string) => Promise<void>;
}

export interface Bench {
  readonly describe: ContractHarness["describe"];
  readonly test: RoomTest;
  /** Only for stores that run on the clock they are given. */
  readonly clockTest: RoomTest;
  readonly canCrash: boolean;
  readonly canBeCutOff: boolean;
}

type RoomTest = (name: string, body: (room: Room) => Promise<void>) => void;

const START_MS = 1_750_000_000_000;

export function createBench(harness: ContractHarness, subject: ContractSubject): Bench {
  const test: RoomTest = (name, body) => {
    harness.test(name, async () => {
      const room = await openRoom(harness, subject);
      try {
        await body(room);
      } finally {
        await room.store.close();
      }
    });
  };
  return {
    describe: harness.describe,
    test,
    clockTest: subject.pass === undefined ? test : () => undefined,
    canCrash: subject.crash !== undefined,
    canBeCutOff: subject.cutOff !== undefined,
  };
}

async function openRoom({ expect }: ContractHarness, subject: ContractSubject): Promise<Room> {
  let nowMs = START_MS;
  const clock = (): number => nowMs;
  let store = await subject.create(clock);
  const leaseMs = subject.leaseMs ?? 30_000;
  return {
    get store() {
      return store;
    },
    leaseMs,
    expect,
    async pass(ms) {
      if (subject.pass === undefined) nowMs += ms;
      else await subject.pass(ms);
    },
    turnBack(ms) {
      nowMs -= ms;
    },
    async crash() {
      store = (await subject.crash?.(store, clock)) ?? store;
    },
    cutOff: async () => (await subject.cutOff?.(store)) ?? { restore: async () => undefined },
    async take(claim) {
      const result = await store.claim(claim);
      expect(result.outcome).toEqual("claimed");
      return result.outcome === "claimed" ? result.token : "";
    },
    outcomeOf: async (claim) => (await store.claim(claim)).outcome,
    async journal(token, block = "{}") {
      expect(await store.advance(token, toBroadcasting(leaseMs, block))).toEqual(ADVANCED);
    },
  };
}

/** A step that succeeded, with a block that was not in the journal, or was. */
export const ADVANCED = { outcome: "advanced", wasJournalled: false };
export const JOURNALLED_BEFORE = { outcome: "advanced", wasJournalled: true };

/** 64 hexadecimal digits: `hex(0xa1)` is a hash, an account or a secret. */
export function hex(number: number): string {
  return number.toString(16).padStart(64, "0");
}

export const ACCOUNT = hex(0xacc);
export const HASH = hex(0xa1);
export const OTHER_HASH = hex(0xa2);
export const PREVIOUS = hex(0xf0);

export function verifyOf(room: Room, changes: Partial<Claim> = {}): Claim {
  return { purpose: "verify", account: ACCOUNT, hash: HASH, paymentId: "payment", leaseMs: room.leaseMs, ...changes };
}

export function settleOf(room: Room, changes: Partial<Claim> = {}): Claim {
  return { ...verifyOf(room), purpose: "settle", ...changes };
}

export function toBroadcasting(leaseMs: number, block = "{}"): Advance {
  return { to: "broadcasting", block, leaseMs };
}

export function toRedeemed(result: string): Advance {
  return { to: "redeemed", result };
}

export const CLOSED: Advance = { to: "closed", as: "void", by: "holder" };
export const CLOSED_BY_RECOVERY: Advance = { to: "closed", as: "void", by: "recovery" };

/** The code of the NanoError that a call fails with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "no error";
  } catch (error) {
    return isNanoError(error) ? error.code : "another error";
  }
}

export function count<Value>(values: readonly Value[], isCounted: (value: Value) => boolean): number {
  return values.filter(isCounted).length;
}
