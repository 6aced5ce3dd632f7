import type { Advance, AdvanceResult, Claim, ClaimResult, EntryKey, EntryView, LeaseToken, OpenEntry } from "./port.js";
import { hashOfToken } from "./token.js";

/** A hash that somebody holds, or held and may still come back to (R4). `previous`: what this lease was claimed with. */
interface Held extends EntryKey {
  readonly token: LeaseToken;
  readonly paymentId: string;
  readonly holder: Claim["purpose"];
  readonly untilMs: number;
  readonly journal: Journal | undefined;
}

/** Stays while leases come and go, until the ledger has decided. */
interface Journal {
  readonly block: string;
  readonly previous: string | undefined;
  readonly sinceMs: number;
  readonly order: number;
}

interface Redeemed {
  readonly token: LeaseToken;
  readonly paymentId: string;
  readonly result: string;
}

/** How long the token of a lapsed lease is remembered. */
const KEEP_LAPSED_MS = 3_600_000;
/** Two looks for one new entry: the sweep is faster than what it sweeps, without a timer. */
const SWEEP_STEPS = 2;

/** The states of SPEC 4; each method is one synchronous step. */
export class MemoryLeases {
  private readonly held = new Map<string, Held>();
  /** For ever (R1): nothing takes an entry out. */
  private readonly redeemed = new Map<string, Redeemed>();
  /** `previous` → the hash that took it last; it is taken while that one's lease is open. */
  private readonly takers = new Map<string, string>();
  private sweeper = this.held.values();
  private nextOrder = 0;
  private nowMs = 0;

  constructor(private readonly createToken: (key: EntryKey) => LeaseToken) {}

  /** One time for the whole of the step that follows. */
  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this;
  }

  claim(claim: Claim): ClaimResult {
    this.sweepSome();
    const token = claim.purpose === "settle" ? claim.token : undefined;
    const redeemed = this.redeemed.get(claim.hash);
    if (redeemed !== undefined) return alreadyRedeemed(redeemed, token);
    const held = this.held.get(claim.hash);
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
    const redeemed = this.redeemed.get(hashOfToken(token) ?? "");
    if (redeemed !== undefined) return alreadyRedeemed(redeemed, token);
    const held = this.heldBy(token);
    if (held === undefined) return { outcome: "lost" };
    switch (step.to) {
      case "broadcasting": {
        const previous = held.previous ?? held.journal?.previous;
        // Our lease had lapsed and another block took the frontier: broadcasting both would be a fork of our making.
        if (this.takerOf({ ...held, previous }) !== undefined) return { outcome: "lost" };
        const { sinceMs, order } = held.journal ?? { sinceMs: this.nowMs, order: this.nextOrder++ };
        const untilMs = Math.max(this.nowMs + step.leaseMs, held.untilMs);
        this.take({ ...held, previous, untilMs, journal: { block: step.block, previous, sinceMs, order } });
        return { outcome: "advanced" };
      }
      case "redeemed":
        this.redeemed.set(held.hash, { token, paymentId: held.paymentId, result: step.result });
        this.drop(held);
        return { outcome: "advanced" };
      case "closed":
        if (held.journal === undefined) return { outcome: "lost" };
        this.drop(held);
        return { outcome: "advanced" };
    }
  }

  release(token: LeaseToken): boolean {
    const held = this.heldBy(token);
    if (held === undefined) return false;
    if (held.journal === undefined) this.drop(held);
    else this.held.set(held.hash, { ...held, untilMs: this.nowMs });
    return true;
  }

  view(key: EntryKey): EntryView {
    const redeemed = this.redeemed.get(key.hash);
    const held = this.held.get(key.hash);
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
        sinceMs: journal.sinceMs,
      }));
  }

  private isOpen(held: Held): boolean {
    return this.nowMs < held.untilMs;
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
    this.drop(this.held.get(held.hash));
    this.held.set(held.hash, held);
    if (held.previous !== undefined) this.takers.set(held.previous, held.hash);
  }

  private drop(held: Held | undefined): void {
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

function alreadyRedeemed(redeemed: Redeemed, token: LeaseToken | undefined): AdvanceResult & ClaimResult {
  const byThisToken = redeemed.token === token;
  return { outcome: "redeemed", byThisToken, result: byThisToken ? redeemed.result : undefined };
}
