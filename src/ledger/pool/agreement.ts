import type { BlockInfo } from "../port.js";
import type { Question } from "../rpc/questions.js";
import type { Asked } from "./ask-once.js";
import type { Member } from "./member.js";
import { Round, type RoundOptions } from "./round.js";

type Found = BlockInfo | undefined;
type Answered = Asked<Found> & { readonly ok: true };

export interface AskAgreed extends RoundOptions {
  /** How many must agree. */
  readonly count: number;
  /** "Not found" is not believed before all the others were asked. */
  readonly anywhere: boolean;
}

/**
 * Asks as many endpoints as it takes until `count` of them agree about a block. Only "confirmed" makes a payment count,
 * so that is what takes all of them; one that shows the block is enough for "it is there".
 */
export async function askAgreed(question: Question<Found>, options: AskAgreed): Promise<Asked<Found>> {
  const { count, members } = options;
  const round = new Round(question, options);
  const answers: Answered[] = [];
  let fault: Asked<Found> | undefined;
  let newest = members[0];
  let isLate = false;
  try {
    for (;;) {
      // Enough have answered: who is late now must not hold up "not yet".
      const isOver = isLate && round.waiting.length === 0 && answers.length >= count;
      const verdict = judge(answers, isOver ? 0 : round.waiting.length + round.running, options);
      if (verdict !== undefined) {
        round.noteSlow();
        return verdict === "too few" ? (fault ?? disagreement(members[0])) : verdict;
      }
      const missing = count - (round.running === 0 ? mostConfirmed(answers) : answers.length + round.running);
      for (let more = isLate ? 1 : missing; more > 0; more -= 1) newest = round.askNext() ?? newest;
      const asked = await round.next(round.waiting.length > 0 ? newest.patienceMs() : newest.longPatienceMs());
      isLate = asked === undefined;
      if (asked?.ok === true) answers.push(asked);
      else if (asked !== undefined) fault = asked;
    }
  } finally {
    round.end();
  }
}

/** undefined: whoever is left may change it. With nobody left there is always a verdict. */
function judge(
  answers: readonly Answered[],
  left: number,
  { count, anywhere, members }: AskAgreed,
): Asked<Found> | "too few" | undefined {
  const groups = groupsOf(answers);
  const confirmed = groups.find((group) => group.filter(isConfirmed).length >= count);
  if (confirmed !== undefined) return merge(confirmed, count, true);
  const agreed = groups.find((group) => group.length >= count);
  const most = agreed === undefined ? Math.max(0, ...groups.map((group) => group.length)) : mostConfirmed(answers);
  if (most + left >= count) return undefined;
  if (agreed !== undefined) return merge(agreed, count, false);
  if (answers.length < count) return answers.length + left >= count ? undefined : "too few";
  const [group, other] = groups;
  if (group === undefined) return anywhere && left > 0 ? undefined : answers[0];
  return other === undefined ? merge(group, count, false) : disagreement(members[0]);
}

interface Shown {
  readonly member: Member;
  readonly result: BlockInfo;
}

/** Those who show the block with the same account, amount and subtype; its contents are bound to its hash. */
function groupsOf(answers: readonly Answered[]): readonly (readonly [Shown, ...Shown[]])[] {
  const groups = new Map<string, [Shown, ...Shown[]]>();
  for (const { member, result } of answers) {
    if (result === undefined) continue;
    const { account, amountRaw, block, subtype } = result;
    const key = JSON.stringify([account, amountRaw.toString(), subtype, block === undefined]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ member, result }]);
    else group.push({ member, result });
  }
  return [...groups.values()];
}

/** The oldest first sight counts, and one that nobody remembers is older than all (SPEC R5). */
function merge(group: readonly [Shown, ...Shown[]], count: number, confirmed: boolean): Asked<Found> {
  const [{ member, result }] = group;
  const localTimestampSeconds = Math.min(...group.map((shown) => shown.result.localTimestampSeconds));
  const successors = group.map((shown) => shown.result.successor);
  // One liar could void a payment with a block that does not exist.
  const successor = successors.find((hash) => successors.filter((other) => other === hash).length >= count);
  return { ok: true, member, result: { ...result, confirmed, successor, localTimestampSeconds } };
}

function mostConfirmed(answers: readonly Answered[]): number {
  return Math.max(0, ...groupsOf(answers).map((group) => group.filter(isConfirmed).length));
}

function isConfirmed({ result }: Shown): boolean {
  return result.confirmed;
}

function disagreement(member: Member): Asked<Found> {
  return { ok: false, member, fault: { kind: "no agreement", sent: true } };
}
