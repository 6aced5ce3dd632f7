import type { Random } from "../support/nano.js";

/**
 * When a process is killed: "it" is the facilitator, whoever dies. `lost`: what is on its way at that moment never
 * arrives; else it is killed a few milliseconds later, which may be before or after anything else.
 */
export const MOMENTS = {
  "it asks the node to process, which never hears of it": { lost: true },
  "the node has processed, and the answer is lost": { lost: true },
  "it has settled, and the answer is lost": { lost: true },
  "a block has just been confirmed": { lost: false, withinMs: 3 },
  "it has verified, and the answer is lost": { lost: true },
  "it was asked to settle": { lost: false, withinMs: 12 },
  "it has verified, and the answer has arrived": { lost: false, withinMs: 3 },
  "it was asked to verify": { lost: false, withinMs: 8 },
  "the node has processed, and the answer has arrived": { lost: false, withinMs: 6 },
  "it asks the node for a block": { lost: false, withinMs: 3 },
  "it was asked to release": { lost: false, withinMs: 3, isRare: true },
  "it has settled, and the answer has arrived": { lost: false, withinMs: 0 },
  "the handler runs": { lost: false, withinMs: 12 },
  "it is starting": { lost: false, withinMs: 250, isRare: true },
  "it has just started": { lost: false, withinMs: 40, isRare: true },
} satisfies Record<string, How>;

type How = { readonly lost: true } | { readonly lost: false; readonly withinMs: number; readonly isRare?: true };

export type Moment = keyof typeof MOMENTS;

/** The first half of them is what a short test gets to. */
export const FACILITATOR_DIES: readonly Moment[] = [
  "it asks the node to process, which never hears of it",
  "the node has processed, and the answer is lost",
  "it has settled, and the answer is lost",
  "a block has just been confirmed",
  "it has verified, and the answer is lost",
  "it was asked to settle",
  "it has settled, and the answer has arrived",
  "it has just started",
  "it is starting",
  "it has verified, and the answer has arrived",
  "it was asked to verify",
  "the node has processed, and the answer has arrived",
  "it asks the node for a block",
  "it was asked to release",
];
export const SHOP_DIES: readonly Moment[] = [
  "the handler runs",
  "it was asked to settle",
  "it has settled, and the answer is lost",
  "it has verified, and the answer has arrived",
  "it was asked to verify",
  "it has settled, and the answer has arrived",
];

/** What comes seldom is not waited for: so many looks while it is up, and it is killed anyway. */
const LOOK_MS = 50;
const LOOKS = { rare: 20, usual: 400 };

export interface Strike {
  /** When it was killed; or what was waited for in vain. */
  readonly moment: Moment | `not: ${Moment}`;
  /** The block it was about. */
  readonly hash: string | undefined;
  readonly atMs: number;
}

export interface Killer {
  /** Something has happened. True: it was waited for, the process is dead, and what was on its way must be lost. */
  sees(moment: Moment, hash?: string): boolean;
  /** Resolves after so many kills. */
  kill(times: number): Promise<void>;
  /** The next kill is to be at this moment. */
  aimsAt(moment: Moment): boolean;
  readonly strikes: readonly Strike[];
}

export interface KillerOptions {
  /** In this order at first, then again and again in a random one. */
  readonly moments: readonly Moment[];
  readonly random: Random;
  readonly kill: () => void;
  readonly isUp: () => boolean;
  /** Whether it may die now; `hash` is what the moment is about. */
  readonly mayKill: (hash?: string) => boolean;
}

/** Moments in turn, and each time a random one of those to come. */
export function createKiller({ moments, random, kill, isUp, mayKill }: KillerOptions): Killer {
  const strikes: Strike[] = [];
  let plan: { moment: Moment; skip: number } | undefined;
  let done: (() => void) | undefined;
  let round = [...moments];

  const strike = (moment: Strike["moment"], hash?: string): void => {
    plan = undefined;
    strikes.push({ moment, hash, atMs: performance.now() });
    kill();
    done?.();
  };
  /** A delay only picks the moment: whatever has happened by then, it is one. */
  const strikeSoon = (moment: Moment, withinMs: number, hash?: string): void => {
    const armed = plan;
    const strikeOrWait = (): void => {
      if (plan !== armed) return;
      if (mayKill()) strike(moment, hash);
      else setTimeout(strikeOrWait, 1);
    };
    if (withinMs === 0) strikeOrWait();
    else setTimeout(strikeOrWait, random.below(withinMs * 10) / 10);
  };
  const killOnce = async (): Promise<void> => {
    if (round.length === 0) round = shuffle(moments, random);
    const moment = round.shift();
    if (moment === undefined) throw new TypeError("no moments");
    const how: How = MOMENTS[moment];
    const isRare = "isRare" in how;
    plan = { moment, skip: isRare ? 0 : random.below(4) };
    let looks = 0;
    const hurry = setInterval(() => {
      looks += isUp() ? 1 : 0;
      if (looks >= LOOKS[isRare ? "rare" : "usual"] && plan !== undefined && mayKill()) strike(`not: ${moment}`);
    }, LOOK_MS);
    await new Promise<void>((resolve) => {
      done = resolve;
    });
    clearInterval(hurry);
  };

  return {
    strikes,
    aimsAt: (moment) => plan?.moment === moment,
    sees(moment, hash) {
      if (plan?.moment !== moment) return false;
      if (plan.skip > 0) {
        plan.skip -= 1;
        return false;
      }
      const how: How = MOMENTS[moment];
      if (!how.lost) {
        strikeSoon(moment, how.withinMs, hash);
        return false;
      }
      if (!mayKill(hash)) return false;
      strike(moment, hash);
      return true;
    },
    async kill(times) {
      for (let count = 0; count < times; count += 1) await killOnce();
    },
  };
}

/** How often it was killed when. */
export function tallyOf({ strikes }: Killer): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { moment } of strikes) tally[moment] = (tally[moment] ?? 0) + 1;
  return tally;
}

function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(random.below(left.length), 1));
}
