import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "../support/nano.js";
import { hashIn, leaseIn } from "./bodies.js";
import type { KeptProcess } from "./kept-process.js";
import type { Killer, Moment } from "./killer.js";
import { type Exchange, type Fate, startRelay } from "./relay.js";

/**
 * What stands between shops and facilitators, as a load balancer does: it has one URL while they come and go, and holds
 * requests while nobody is there. It sees what is asked and answered, and asks nobody's books.
 */
export interface Front {
  readonly url: string;
  /** How often a verify of this block was accepted and the shop heard of it: so often its handler may run. */
  timesVerified(hash: string): number;
  /**
   * A settle is on its way that was asked before, and got no answer: R9's window is closed by this one alone, so a crash that hits
   * it too loses the response. `except`: a block whose settle is known not to have redeemed yet.
   */
  hasLastChance(except?: string): boolean;
  /** Blocks that a settle has redeemed, whoever heard of it, and those of them whose first answer was lost. */
  readonly redeemed: ReadonlySet<string>;
  readonly lostSuccesses: ReadonlySet<string>;
  /** What settles were told that shops repeated with the lease, in the order of the answers. */
  readonly repeats: readonly Repeat[];
  close(): Promise<void>;
}

export interface Repeat {
  readonly hash: string;
  readonly atMs: number;
  /** Of a refusal. */
  readonly reason: unknown;
}

export interface FrontOptions {
  /** Taken in turn; those that are away are left out. */
  readonly facilitators: readonly [KeptProcess, ...KeptProcess[]];
  readonly random: Random;
  readonly killer?: Pick<Killer, "sees" | "aimsAt">;
}

export async function openFront({ facilitators, random, killer }: FrontOptions): Promise<Front> {
  const verified = new Map<string, number>();
  const tokens = new Set<string>();
  const repeated = new WeakSet<Exchange>();
  const lastChances = new Map<Exchange, string>();
  const redeemed = new Set<string>();
  const lostSuccesses = new Set<string>();
  const repeats: Repeat[] = [];
  let turn = 0;

  const see = (moment: Moment, hash?: string): Fate => (killer?.sees(moment, hash) === true ? "lose" : "pass");

  const relay = await startRelay({
    async target(exchange) {
      const lease = exchange.path === "/settle" ? leaseIn(exchange.body) : undefined;
      const isAgain = lease !== undefined && tokens.has(lease);
      if (isAgain) repeated.add(exchange);
      // One that is turned away counts too: a shop asks twice, and no more.
      if (lease !== undefined) tokens.add(lease);
      // What kills it now must not hit a last chance, so those come a little later.
      while (isAgain && killer?.aimsAt("it has just started") === true) await pause(1);
      const up = facilitators.filter(({ isUp }) => isUp);
      turn += 1;
      const next = up[turn % up.length] ?? facilitators[turn % facilitators.length] ?? facilitators[0];
      // Most wait for it to come back, some are told that nobody is there: a release would leave a lease of 17 s.
      const waits = isAgain || exchange.path === "/release" || random.below(4) > 0;
      return next.isUp || waits ? next.origin() : undefined;
    },
    onRequest(exchange) {
      switch (exchange.path) {
        case "/verify":
          return see("it was asked to verify");
        case "/settle":
          if (repeated.has(exchange)) lastChances.set(exchange, hashIn(exchange.body));
          return see("it was asked to settle");
        case "/release":
          return see("it was asked to release");
        default:
          return "pass";
      }
    },
    onAnswer(exchange, answer) {
      if (exchange.path === "/settle" && answer.success === true) {
        redeemed.add(hashIn(exchange.body));
        const fate = see("it has settled, and the answer is lost");
        if (fate === "lose") lostSuccesses.add(hashIn(exchange.body));
        return fate;
      }
      if (exchange.path === "/verify" && answer.isValid === true) return see("it has verified, and the answer is lost");
      return "pass";
    },
    onAnswered(exchange, answer) {
      const hash = lastChances.get(exchange);
      if (hash !== undefined) repeats.push({ hash, atMs: performance.now(), reason: answer.errorReason });
      lastChances.delete(exchange);
      if (exchange.path === "/settle" && answer.success === true) see("it has settled, and the answer has arrived");
      if (exchange.path !== "/verify" || answer.isValid !== true) return;
      const verifiedHash = hashIn(exchange.body);
      verified.set(verifiedHash, (verified.get(verifiedHash) ?? 0) + 1);
      see("it has verified, and the answer has arrived");
    },
    onCut(exchange) {
      lastChances.delete(exchange);
    },
  });
  return {
    url: relay.url,
    timesVerified: (hash) => verified.get(hash) ?? 0,
    hasLastChance: (except) => [...lastChances.values()].some((hash) => hash !== except),
    redeemed,
    lostSuccesses,
    repeats,
    close: () => relay.close(),
  };
}
