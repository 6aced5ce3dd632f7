import { isFinal } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { Asked, Limits } from "./ask-once.js";
import { type AttemptTools, attempt } from "./attempt.js";
import type { Member } from "./member.js";
import { firstOf, followSignal } from "./race.js";

export interface AskAround<Result> extends AttemptTools {
  /** In the order in which they are asked. */
  readonly members: readonly [Member, ...Member[]];
  readonly limits: Limits;
  /**
   * `false`: another endpoint may have a better answer, and then this one is behind; where none has, the first one's
   * counts. Default: every answer is as good as any other.
   */
  readonly isEnough?: ((result: Result) => boolean) | undefined;
}

/**
 * Asks one endpoint after the other, and the next one beside it where one is late. An answer of the ledger is final, a
 * fault of a provider is not. Only for questions that may be repeated.
 */
export async function askAround<Result>(
  question: Question<Result>,
  options: AskAround<Result>,
): Promise<Asked<Result>> {
  const { members, limits, isEnough = () => true } = options;
  const { stop, unlink } = followSignal(limits.signal);
  const own: Limits = { signal: stop.signal, attemptMs: limits.attemptMs };
  const waiting = [...members];
  const running = new Map<Member, Promise<Asked<Result>>>();
  let best: Asked<Result> | undefined;
  try {
    for (;;) {
      const member = waiting.shift();
      if (member !== undefined) running.set(member, attempt(member, question, own, options));
      const patienceMs = member === undefined ? undefined : patienceFor(member, waiting[0], question);
      const asked = await firstOf(running, patienceMs, options);
      if (asked === undefined) continue;
      running.delete(asked.member);
      if (asked.ok && isEnough(asked.result)) {
        noteSlow(asked.member, members, running);
        if (best?.ok === true) best.member.noteLag();
        if (options.isEnough !== undefined) asked.member.noteKnowledge();
        return asked;
      }
      if (best?.ok !== true) best = asked;
      if (!asked.ok && isFinal(asked.fault)) return asked;
      if (limits.attemptMs() <= 0) waiting.length = 0;
      if (waiting.length === 0 && running.size === 0) return best;
    }
  } finally {
    unlink();
    stop.abort();
  }
}

/** undefined where nobody is there to be asked beside it. */
function patienceFor<Result>(
  member: Member,
  next: Member | undefined,
  { action, isRead }: Question<Result>,
): number | undefined {
  const isFree = isRead && next?.waitMs() === 0 && next.isReady(action);
  return isFree ? member.latencies.patienceMs() : undefined;
}

/** Who was asked before the one that has answered, and is still at it, is slow. */
function noteSlow(answered: Member, members: readonly Member[], running: ReadonlyMap<Member, unknown>): void {
  for (const member of members.slice(0, members.indexOf(answered))) if (running.has(member)) member.noteSlow();
}
