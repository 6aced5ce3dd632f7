import type { Advance, AdvanceResult, Claim, ClaimResult, EntryKey, EntryView, LeaseToken, OpenEntry } from "./port.js";
import { hashOfToken } from "./token.js";

/** A hash that somebody holds, or held and may still come back to (R4). `previous`: what this lease was claimed with. */
export interface Held extends EntryKey {
  readonly token: LeaseToken;
  readonly paymentId: string;
  readonly holder: Claim["purpose"];
  readonly untilMs: number;
  readonly journal: Journal | undefined;
}

/** Stays while leases come and go, until the ledger has decided. */
export interface Journal {
  readonly block: string;
  readonly previous: string | undefined;
  readonly sinceMs: number;
  readonly order: number;
}

export interface Redeemed {
  readonly token: LeaseToken;
  readonly paymentId: string;
  readonly result: string;
}

/** Where the decisions are written down. What throws here leaves the leases in a state that must be restored. */
export interface LeaseRecords {
  findRedeemed(hash: string): Redeemed | undefined;
  /** For ever (R1): nothing takes it out. */
  saveRedeemed(hash: string, redeemed: Redeemed): void;
  saveHeld(held: Held, nowMs: number): void;
  deleteHeld(hash: string): void;
}

type RedeemedAnswer = Extract<ClaimResult, { outcome: "redeemed" }>;

/** How long the token of a lapsed lease is remembered. */
const KEEP_LAPSED_MS = 3_600_000;
/** Two looks for one new entry: the sweep is faster than what it sweeps, without a timer. */
const SWEEP_STEPS = 2;

/** The moves of `states.ts`; each method is one synchronous step. A hash is held or redeemed, never both. */
export class Leases {
  private readonly held = new Map<string, Held>();
  /** `previous` → the hash that took it last; it is taken while that one's lease is open. */
  private readonly takers = new Map<string, string>();
  private sweeper = this.held.values();
  private nextOrder = 0;
  private nowMs = 0;

  constructor(
    private readonly createToken: (key: EntryKey) => LeaseToken,
    private readonly records: LeaseRecords,
  ) {}

  /** What the records hold takes the place of what is remembered. */
  restore(all: Iterable<Held>): void {
    this.held.clear();
    this.takers.clear();
    this.nextOrder = 0;
    for (const held of all) {
      this.keep(held);
      this.nextOrder = Math.max(this.nextOrder, (held.journal?.order ?? -1) + 1);
    }
    this.sweeper = this.held.values();
  }

  /** One time for the whole of the step that follows. */
  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  claim(claim: Claim): ClaimResult {
    this.sweepSome();
    const token = claim.purpose === "settle" ? claim.token : undefined;
    const held = this.held.get(claim.hash);
    const redeemed = held === undefined ? this.records.findRedeemed(claim.hash) : undefined;
    if (redeemed !== undefined) return alreadyRedeemed(redeemed, token);
    const own = held?.token === token ? held : undefined;
    const isInTheWay = held !== undefined && own === undefined && this.isOpen(held) && !mayTakeOver(claim, held);
    if (isInTheWay) return { outcome: "in_progress" };
    const { account, hash, previous = own?.previous } = claim;
    const byHash = this.takerOf({ account, hash, previous });
    if (byHash !== undefined) return { outcome: "previous_taken", byHash };
    const taken: Held = {
      account,
      hash,
      previous,
      token: own?.token ?? this.createToken(claim),
      paymentId: claim.paymentId,
      holder: claim.purpose,
      untilMs: Math.max(this.nowMs + claim.leaseMs, own?.untilMs ?? 0),
      journal: held?.journal,
    };
    this.take(taken);
    return { outcome: "claimed", token: taken.token, state: stateOf(taken) };
  }

  advance(token: LeaseToken, step: Advance): AdvanceResult {
    const held = this.heldBy(token);
    if (held === undefined) return this.answerWithoutLease(token);
    const advanced = { outcome: "advanced", wasJournalled: held.journal !== undefined } as const;
    switch (step.to) {
      case "broadcasting": {
        const previous = held.previous ?? held.journal?.previous;
        // Our lease had lapsed and another block took the frontier: broadcasting both would be a fork of our making.
        if (this.takerOf({ ...held, previous }) !== undefined) return { outcome: "lost" };
        const { sinceMs, order } = held.journal ?? { sinceMs: this.nowMs, order: this.nextOrder++ };
        const untilMs = Math.max(this.nowMs + step.leaseMs, held.untilMs);
        this.take({
          ...held,
          holder: "settle",
          previous,
          untilMs,
          journal: { block: step.block, previous, sinceMs, order },
        });
        return advanced;
      }
      case "redeemed":
        this.records.saveRedeemed(held.hash, { token, paymentId: held.paymentId, result: step.result });
        this.drop(held);
        return advanced;
      case "closed":
        if (held.journal === undefined || (step.by === "recovery" && this.isOpen(held))) return { outcome: "lost" };
        this.drop(held);
        return advanced;
    }
  }

  release(token: LeaseToken): boolean {
    const held = this.heldBy(token);
    if (held === undefined) return false;
    if (held.journal === undefined) this.drop(held);
    else this.take({ ...held, untilMs: Math.min(this.nowMs, held.untilMs) });
    return true;
  }

  view(key: EntryKey): EntryView {
    const held = this.held.get(key.hash);
    const redeemed = held === undefined ? this.records.findRedeemed(key.hash) : undefined;
    return {
      state: redeemed !== undefined ? "redeemed" : held !== undefined ? stateOf(held) : "free",
      leaseOpen: held !== undefined && this.isOpen(held),
      token: redeemed?.token ?? held?.token,
      paymentId: redeemed?.paymentId ?? held?.paymentId,
      previousTakenBy: this.takerOf(key),
      result: redeemed?.result,
    };
  }

  listJournal(): OpenEntry[] {
    return [...this.held.values()]
      .flatMap((held) => (held.journal === undefined ? [] : [{ held, journal: held.journal }]))
      .sort((left, right) => left.journal.order - right.journal.order)
      .map(({ held, journal }) => ({
        account: held.account,
        hash: held.hash,
        previous: journal.previous,
        token: held.token,
        block: journal.block,
        leaseOpen: this.isOpen(held),
        ageMs: Math.max(0, this.nowMs - journal.sinceMs),
        idleMs: Math.max(0, this.nowMs - held.untilMs),
      }));
  }

  private isOpen(held: Held): boolean {
    return this.nowMs < held.untilMs;
  }

  /** What a token hears that holds nothing: it comes from the network, and may be no token at all. */
  private answerWithoutLease(token: LeaseToken): AdvanceResult {
    const hash = hashOfToken(token);
    const redeemed = hash === undefined || this.held.has(hash) ? undefined : this.records.findRedeemed(hash);
    return redeemed === undefined ? { outcome: "lost" } : alreadyRedeemed(redeemed, token);
  }

  private heldBy(token: LeaseToken): Held | undefined {
    const held = this.held.get(hashOfToken(token) ?? "");
    return held?.token === token ? held : undefined;
  }

  /** Another hash whose open lease was claimed with the same `previous`. */
  private takerOf({ hash, previous }: EntryKey): string | undefined {
    const taker = previous === undefined ? undefined : this.held.get(this.takers.get(previous) ?? "");
    return taker !== undefined && taker.hash !== hash && this.isOpen(taker) ? taker.hash : undefined;
  }

  private take(held: Held): void {
    this.forget(this.held.get(held.hash));
    this.keep(held);
    this.records.saveHeld(held, this.nowMs);
  }

  private drop(held: Held): void {
    this.forget(held);
    this.records.deleteHeld(held.hash);
  }

  private keep(held: Held): void {
    this.held.set(held.hash, held);
    if (held.previous !== undefined && this.isOpen(held)) this.takers.set(held.previous, held.hash);
  }

  private forget(held: Held | undefined): void {
    if (held === undefined) return;
    this.held.delete(held.hash);
    const { previous } = held;
    if (previous !== undefined && this.takers.get(previous) === held.hash) this.takers.delete(previous);
  }

  private sweepSome(): void {
    for (let step = 0; step < SWEEP_STEPS; step += 1) {
      const { done, value } = this.sweeper.next();
      if (done === true) this.sweeper = this.held.values();
      else if (value.journal === undefined && this.nowMs >= value.untilMs + KEEP_LAPSED_MS) this.drop(value);
    }
  }
}

function stateOf(held: Held): "reserved" | "broadcasting" {
  return held.journal === undefined ? "reserved" : "broadcasting";
}

/** A host that hands no token back settles what its verify reserved, but never what another settle is working on (R3). */
function mayTakeOver(claim: Claim, held: Held): boolean {
  const isUntold = claim.purpose === "settle" && claim.token === undefined;
  return isUntold && held.holder === "verify" && held.paymentId === claim.paymentId;
}

function alreadyRedeemed(redeemed: Redeemed, token: LeaseToken | undefined): RedeemedAnswer {
  const byThisToken = redeemed.token === token;
  return { outcome: "redeemed", byThisToken, result: byThisToken ? redeemed.result : undefined };
}
