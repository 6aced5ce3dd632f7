/** How often a fault strikes. */
export interface FaultLimits {
  /** How many it spoils before it is used up; default: every one, until it is stopped. */
  readonly times?: number | undefined;
  /** How many it lets pass first; default 0. */
  readonly skip?: number | undefined;
}

/** A fault that lies in wait. */
export interface PlannedFault {
  /** How many requests, messages or connections it has spoiled. */
  readonly hits: number;
  /** Takes it away. What it has struck already stays so: a late answer is still late. */
  stop(): void;
}

export interface PlanOptions<Effect> extends FaultLimits {
  readonly effect: Effect;
  /** Default: any. */
  readonly applies?: (action: string) => boolean;
  /** When it is used up or stopped. */
  readonly onEnd?: () => void;
}

interface Plan<Effect> {
  readonly effect: Effect;
  readonly applies: (action: string) => boolean;
  readonly stop: () => void;
  skipsLeft: number;
  timesLeft: number;
  hits: number;
}

/** Faults of one sort. The oldest that applies strikes; those with `times`, planned one after the other, come in turn. */
export class Plans<Effect> {
  readonly #plans = new Set<Plan<Effect>>();
  readonly #onHit: () => void;

  constructor(onHit: () => void) {
    this.#onHit = onHit;
  }

  get isEmpty(): boolean {
    return this.#plans.size === 0;
  }

  add({ effect, applies = () => true, onEnd, times = Infinity, skip = 0 }: PlanOptions<Effect>): PlannedFault {
    const stop = (): void => {
      if (this.#plans.delete(plan)) onEnd?.();
    };
    const plan: Plan<Effect> = { effect, applies, stop, skipsLeft: skip, timesLeft: times, hits: 0 };
    this.#plans.add(plan);
    return {
      get hits() {
        return plan.hits;
      },
      stop,
    };
  }

  /** Hands the effect of the one that strikes to `use`; undefined where none does. */
  strike<Result>(use: (effect: Effect) => Result, action = ""): Result | undefined {
    for (const plan of this.#plans) {
      if (!plan.applies(action) || plan.timesLeft === 0) continue;
      if (plan.skipsLeft > 0) {
        plan.skipsLeft -= 1;
        continue;
      }
      plan.timesLeft -= 1;
      plan.hits += 1;
      this.#onHit();
      const result = use(plan.effect);
      if (plan.timesLeft === 0) plan.stop();
      return result;
    }
    return undefined;
  }

  clear(): void {
    for (const plan of [...this.#plans]) plan.stop();
  }
}
