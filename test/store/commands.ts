import fc from "fast-check";
import { expect } from "vitest";
import type { Advance, Claim, RedemptionStore } from "../../src/store/index.js";

const HASHES = 4;
const PREVIOUSES = 2;
const LEASE_MS = 1_000;
const hex = (number: number): string => number.toString(16).padStart(64, "0");

/** What the rules say about one hash. */
interface Ownership {
  token: string | undefined;
  untilMs: number;
  holder: "verify" | "settle";
  paymentId: string;
  /** What the lease was claimed with: Track A takes it, Track B does not. */
  previous: string | undefined;
  journalled: { readonly previous: string | undefined } | undefined;
  redeemedBy: string | undefined;
  result: string | undefined;
}

export interface Actors {
  nowMs: number;
  readonly owned: Map<string, Ownership>;
  /** Every token that was ever given out, lost ones too: attackers keep them. */
  readonly tokens: string[];
}

export interface World {
  readonly store: RedemptionStore;
  readonly clock: { nowMs: number };
  readonly seen: Set<string>;
}

type Command = fc.AsyncCommand<Actors, World>;

export function createWorld(
  create: (clock: () => number) => RedemptionStore,
  seen = new Set<string>(),
): { model: Actors; real: World } {
  const clock = createCommandClock();
  return createWorldOn(
    create(() => clock.nowMs),
    clock,
    seen,
  );
}

/** The time that the commands move. */
export function createCommandClock(): { nowMs: number } {
  return { nowMs: 1_000_000 };
}

/** An empty store that runs on `clock`. */
export function createWorldOn(
  store: RedemptionStore,
  clock: { nowMs: number },
  seen = new Set<string>(),
): { model: Actors; real: World } {
  const model: Actors = { nowMs: clock.nowMs, owned: new Map(), tokens: [] };
  return { model, real: { store, clock, seen } };
}

function isOpen(model: Actors, owned: Ownership | undefined): boolean {
  return owned?.token !== undefined && owned.redeemedBy === undefined && model.nowMs < owned.untilMs;
}

/** Found by looking at everybody: the store keeps an index, which may be wrong. */
function takerOf(model: Actors, hash: string, previous: string | undefined): string | undefined {
  const takers = [...model.owned]
    .filter(([other, owned]) => other !== hash && owned.previous === previous && isOpen(model, owned))
    .map(([other]) => other);
  expect(previous === undefined ? 0 : takers.length).toBeLessThan(2);
  return previous === undefined ? undefined : takers[0];
}

function claimCommand(claim: Claim, tokenIndex: number | undefined): Command {
  return {
    check: () => true,
    toString: () => `${claim.purpose} ${claim.hash.slice(-2)} by ${claim.paymentId}, token ${tokenIndex ?? "none"}`,
    async run(model, { store, seen }) {
      const token =
        tokenIndex === undefined ? undefined : model.tokens.at(-1 - (tokenIndex % (model.tokens.length || 1)));
      const owned = model.owned.get(claim.hash);
      const result = await store.claim({ ...claim, token });
      const offered = claim.purpose === "settle" ? token : undefined;
      if (owned?.redeemedBy !== undefined) {
        const byThisToken = offered === owned.redeemedBy;
        expect(result).toEqual({ outcome: "redeemed", byThisToken, result: byThisToken ? owned.result : undefined });
        seen.add("claim redeemed");
        return;
      }
      const continues = offered !== undefined && offered === owned?.token;
      const isSamePayment = owned?.holder === "verify" && owned.paymentId === claim.paymentId;
      const takesOver = claim.purpose === "settle" && offered === undefined && isSamePayment;
      if (isOpen(model, owned) && !continues && !takesOver) {
        expect(result).toEqual({ outcome: "in_progress" });
        seen.add("claim in_progress");
        return;
      }
      const previous = claim.previous ?? (continues ? owned.previous : undefined);
      const byHash = takerOf(model, claim.hash, previous);
      if (byHash !== undefined) {
        expect(result).toEqual({ outcome: "previous_taken", byHash });
        seen.add("claim previous_taken");
        return;
      }
      expect(result.outcome).toBe("claimed");
      if (result.outcome !== "claimed") return;
      expect(result.state).toBe(owned?.journalled !== undefined ? "broadcasting" : "reserved");
      if (continues) expect(result.token).toBe(offered);
      else expect(model.tokens).not.toContain(result.token);
      seen.add(
        continues
          ? "claim continued"
          : takesOver && isOpen(model, owned)
            ? "claim took over"
            : `claim claimed ${claim.purpose}`,
      );
      if (!continues) model.tokens.push(result.token);
      model.owned.set(claim.hash, {
        token: result.token,
        untilMs: Math.max(model.nowMs + claim.leaseMs, continues ? owned.untilMs : 0),
        holder: claim.purpose,
        paymentId: claim.paymentId,
        previous,
        journalled: owned?.journalled,
        redeemedBy: undefined,
        result: undefined,
      });
    },
  };
}

function advanceCommand(step: Advance, tokenIndex: number): Command {
  return {
    check: ({ tokens }) => tokens.length > 0,
    toString: () => `advance to ${step.to}, token ${tokenIndex}`,
    async run(model, { store, seen }) {
      const { token, hash, owned } = pickToken(model, tokenIndex);
      const result = await store.advance(token, step);
      if (owned?.redeemedBy !== undefined) {
        const byThisToken = token === owned.redeemedBy;
        expect(result).toEqual({ outcome: "redeemed", byThisToken, result: byThisToken ? owned.result : undefined });
        seen.add("advance redeemed");
        return;
      }
      const previous = owned?.previous ?? owned?.journalled?.previous;
      const isTaken = step.to === "broadcasting" && takerOf(model, hash, previous) !== undefined;
      const isAtWork = step.to === "closed" && step.by === "recovery" && isOpen(model, owned);
      const isNothing = isAtWork || (step.to === "closed" && owned?.journalled === undefined);
      if (owned?.token !== token || isTaken || isNothing) {
        expect(result).toEqual({ outcome: "lost" });
        seen.add("advance lost");
        return;
      }
      expect(result).toEqual({ outcome: "advanced", wasJournalled: owned.journalled !== undefined });
      seen.add(`advance advanced ${step.to}`);
      if (step.to === "closed") model.owned.delete(hash);
      if (step.to === "redeemed")
        Object.assign(owned, { redeemedBy: token, result: step.result, journalled: undefined });
      if (step.to !== "broadcasting") return;
      Object.assign(owned, { previous, holder: "settle", journalled: { previous } });
      owned.untilMs = Math.max(owned.untilMs, model.nowMs + step.leaseMs);
    },
  };
}

function releaseCommand(tokenIndex: number): Command {
  return {
    check: ({ tokens }) => tokens.length > 0,
    toString: () => `release token ${tokenIndex}`,
    async run(model, { store, seen }) {
      const { token, hash, owned } = pickToken(model, tokenIndex);
      const holds = owned?.token === token && owned.redeemedBy === undefined;
      expect(await store.release(token)).toBe(holds);
      seen.add(`release ${String(holds)}`);
      if (!holds) return;
      if (owned.journalled !== undefined) owned.untilMs = model.nowMs;
      else model.owned.delete(hash);
    },
  };
}

/** Time passes; a step back is seen by the store, and is no time. */
function passCommand(ms: number): Command {
  return {
    check: () => true,
    toString: () => `${ms} ms pass`,
    async run(model, { store, clock }) {
      clock.nowMs += ms;
      model.nowMs += Math.max(ms, 0);
      await store.listOpen();
      await store.get({ account: hex(0xacc), hash: hex(0) });
    },
  };
}

/** The whole state, as a look and the journal show it. */
function lookCommand(): Command {
  return {
    check: () => true,
    toString: () => "look",
    async run(model, { store }) {
      for (const [hash, owned] of model.owned) {
        const view = await store.get({ account: hex(0xacc), hash, previous: owned.previous });
        const state = owned.journalled !== undefined ? "broadcasting" : "reserved";
        expect(view).toEqual({
          state: owned.redeemedBy === undefined ? state : "redeemed",
          leaseOpen: isOpen(model, owned),
          token: owned.token,
          paymentId: owned.paymentId,
          previousTakenBy: takerOf(model, hash, owned.previous),
          result: owned.result,
        });
      }
      const open = [...model.owned].flatMap(([hash, { journalled }]) =>
        journalled === undefined ? [] : [`${hash} on ${journalled.previous ?? "nothing"}`],
      );
      const listed = (await store.listOpen()).map(({ hash, previous }) => `${hash} on ${previous ?? "nothing"}`);
      expect(listed.sort()).toEqual(open.sort());
    },
  };
}

function pickToken(model: Actors, index: number): { token: string; hash: string; owned: Ownership | undefined } {
  const token = model.tokens.at(-1 - (index % model.tokens.length)) ?? "";
  const hash = token.split(".")[1] ?? "";
  return { token, hash, owned: model.owned.get(hash) };
}

const hashNumber = fc.nat({ max: HASHES - 1 });
const tokenIndex = fc.nat({ max: 5 });
const leaseMs = fc.integer({ min: 1, max: LEASE_MS });
const claim = fc
  .record({
    purpose: fc.constantFrom("verify" as const, "settle" as const),
    hashNumber,
    hasPrevious: fc.boolean(),
    paymentId: fc.constantFrom("one", "two"),
    leaseMs,
  })
  .map(
    ({ purpose, hashNumber: number, hasPrevious, paymentId, leaseMs: ms }): Claim => ({
      purpose,
      account: hex(0xacc),
      hash: hex(number),
      previous: hasPrevious ? hex(0xf0 + (number % PREVIOUSES)) : undefined,
      paymentId,
      leaseMs: ms,
    }),
  );
const step = fc.oneof(
  leaseMs.map((ms): Advance => ({ to: "broadcasting", block: "{}", leaseMs: ms })),
  fc.nat().map((number): Advance => ({ to: "redeemed", result: `result ${number}` })),
  fc.constantFrom("holder" as const, "recovery" as const).map((by): Advance => ({ to: "closed", as: "void", by })),
);

export const commands = [
  fc.tuple(claim, fc.option(tokenIndex, { nil: undefined })).map(([given, index]) => claimCommand(given, index)),
  fc.tuple(claim, fc.constant(undefined)).map(([given, index]) => claimCommand(given, index)),
  fc.tuple(step, tokenIndex).map(([given, index]) => advanceCommand(given, index)),
  tokenIndex.map(releaseCommand),
  fc.integer({ min: -2 * LEASE_MS, max: LEASE_MS }).map(passCommand),
  fc.constant(lookCommand()),
];
