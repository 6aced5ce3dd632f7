import type { BlockInfo } from "../port.js";
import { isFinal } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import type { AskAround } from "./ask-around.js";
import type { Asked, Limits } from "./ask-once.js";
import { attempt } from "./attempt.js";
import type { Member } from "./member.js";
import { firstOf, followSignal } from "./race.js";

type Found = BlockInfo | undefined;
type Answered = Asked<Found> & { readonly ok: true };

/**
 * Asks as many endpoints as it takes until `count` of them agree about a block. Only "confirmed" makes a payment count,
 * so that is what takes all of them; one that shows the block is enough for "it is there".
 */
export async function askAgreed(
  question: Question<Found>,
  count: number,
  options: Omit<AskAround<Found>, "isEnough">,
): Promise<Asked<Found>> {
  const { members, limits } = options;
  const { stop, unlink } = followSignal(limits.signal);
  const own: Limits = { signal: stop.signal, attemptMs: limits.attemptMs };
  const waiting = [...members];
  const running = new Map<Member, Promise<Asked<Found>>>();
  const answers: Answered[] = [];
  let fault: Asked<Found> | undefined;
  const startNext = (): boolean => {
    const member = waiting.shift();
    if (member !== undefined) running.set(member, attempt(member, question, own, options));
    return member !== undefined;
  };
  try {
    while (running.size < count && startNext());
    for (;;) {
      const [slowest] = running.keys();
      const patienceMs = waiting.length > 0 ? slowest?.latencies.patienceMs() : undefined;
      const asked = await firstOf(running, patienceMs, options);
      if (asked === undefined) {
        startNext();
        continue;
      }
      running.delete(asked.member);
      if (asked.ok) answers.push(asked);
      else if (isFinal(asked.fault)) return asked;
      else fault = asked;
      const agreed = agree(answers, count, waiting.length + running.size);
      if (agreed !== undefined) return agreed;
      if (limits.attemptMs() <= 0) waiting.length = 0;
      if (running.size > 0 || startNext()) continue;
      return answers.length < count ? (fault ?? disagreement(members[0])) : settleFor(answers, members[0]);
    }
  } finally {
    unlink();
    stop.abort();
  }
}

/** undefined: more of them have to be asked. */
function agree(answers: readonly Answered[], count: number, left: number): Answered | undefined {
  const groups = groupsOf(answers);
  const confirmed = groups.find((group) => group.filter(isConfirmed).length >= count);
  if (confirmed !== undefined) return merge(confirmed, true);
  const canBecome = groups.some((group) => group.filter(isConfirmed).length + left >= count);
  const settled = groups.find((group) => group.length >= count);
  if (settled !== undefined && !canBecome) return merge(settled, false);
  return groups.length === 0 && answers.length >= count ? answers[0] : undefined;
}

/** Everybody was asked. One that shows the block is enough for "it is there", and not for more than that. */
function settleFor(answers: readonly Answered[], member: Member): Asked<Found> {
  const [group, other] = groupsOf(answers);
  return group === undefined || other !== undefined
    ? disagreement(member)
    : (merge(group, false) ?? disagreement(member));
}

/** Those who show the block with the same account, amount and subtype; its contents are bound to its hash. */
function groupsOf(answers: readonly Answered[]): readonly (readonly Answered[])[] {
  const groups = new Map<string, Answered[]>();
  for (const answer of answers) {
    const { result } = answer;
    if (result === undefined) continue;
    const key = `${result.account} ${String(result.amountRaw)} ${result.subtype ?? ""} ${result.block === undefined ? "legacy" : ""}`;
    groups.set(key, [...(groups.get(key) ?? []), answer]);
  }
  return [...groups.values()];
}

/** The oldest first sight counts, and one that nobody remembers is older than all (SPEC R5). */
function merge(group: readonly Answered[], confirmed: boolean): Answered | undefined {
  const [first] = group;
  if (first?.result === undefined) return undefined;
  const seen = group.map(({ result }) => result?.localTimestampSeconds ?? 0);
  const successor = group.find(({ result }) => result?.successor !== undefined)?.result?.successor;
  return { ...first, result: { ...first.result, confirmed, successor, localTimestampSeconds: Math.min(...seen) } };
}

function isConfirmed({ result }: Answered): boolean {
  return result?.confirmed === true;
}

function disagreement(member: Member): Asked<Found> {
  return { ok: false, member, fault: { kind: "no agreement", sent: true } };
}
