import { isFinal } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { Asked } from "./ask-once.js";
import type { Member } from "./member.js";
import { isFree } from "./rank.js";
import { Round, type RoundOptions } from "./round.js";

export interface AskAround<Result> extends RoundOptions {
  /**
   * `false`: another endpoint may have a better answer, and then this one is behind; where none has, the first one's
   * counts. Default: every answer is as good as any other.
   */
  readonly isEnough?: ((result: Result) => boolean) | undefined;
}

/** How long a better answer is waited for, at least. A busy node takes its time. */
const LAST_WORD_MS = 2_000;

/**
 * Asks one endpoint after the other, and the next one beside it where one is late. An answer of the ledger is final, a
 * fault of a provider is not. Only for questions that may be repeated.
 */
export async function askAround<Result>(
  question: Question<Result>,
  options: AskAround<Result>,
): Promise<Asked<Result>> {
  const { isEnough } = options;
  const round = new Round(question, options);
  const isWell = (member: Member): boolean => isFree(member, question);
  const behind: Member[] = [];
  let newest = options.members[0];
  let best: Asked<Result> | undefined;
  let isLate = false;
  try {
    for (;;) {
      // A better answer is sought from all who may be asked now, those who rest too: a refusal may hang on it.
      if (best?.ok === true) round.keep((member) => member.waitMs() === 0);
      const isSettled = isLate && best?.ok === true && round.waiting.length === 0;
      newest = round.askNext(isLate && best?.ok !== true ? isWell : undefined) ?? newest;
      if (best !== undefined && (isSettled || round.running === 0)) return best;
      const asked = await round.next(patienceFor(question, newest, round.waiting, best));
      isLate = asked === undefined;
      if (asked === undefined) continue;
      if (asked.ok && isEnough?.(asked.result) !== false) {
        round.noteSlow();
        for (const member of behind) member.noteLag();
        return asked;
      }
      if (!asked.ok && isFinal(asked.fault)) return asked;
      if (asked.ok) behind.push(asked.member);
      if (best?.ok !== true || (asked.ok && best.result === undefined && asked.result !== undefined)) best = asked;
    }
  } finally {
    round.end();
  }
}

/** undefined: it is waited for as long as it takes. */
function patienceFor(
  question: Question<unknown>,
  newest: Member,
  waiting: readonly Member[],
  best: Asked<unknown> | undefined,
): number | undefined {
  if (!question.isRead) return undefined;
  if (waiting.some((member) => isFree(member, question))) return newest.patienceMs();
  // And not for ever: who is silent must not hold up the answer that there is.
  if (best?.ok === true) return Math.max(newest.longPatienceMs(), LAST_WORD_MS);
  return waiting.length > 0 ? newest.longPatienceMs() : undefined;
}
