import type { Deadlines } from "../deadlines.js";
import type { Fault } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import { type Asked, askTwice, type Limits } from "./ask-once.js";
import type { Member } from "./member.js";

export interface AttemptTools {
  readonly deadlines: Deadlines;
  readonly now: () => number;
}

/** One question to one endpoint, when its turn has come; what it did is noted. */
export async function attempt<Result>(
  member: Member,
  question: Question<Result>,
  limits: Limits,
  tools: AttemptTools,
): Promise<Asked<Result>> {
  const refusal = await takeTurn(member, question.action, limits, tools);
  if (refusal !== undefined) return { ok: false, member, fault: refusal };
  const startedMs = tools.now();
  const call = askTwice(member, question, limits);
  member.begin(question.action, call);
  const asked = await call;
  if (asked.ok) member.noteAnswer(question, tools.now() - startedMs);
  else member.noteFault(question.action, asked.fault);
  return asked;
}

/** A fault where the turn does not come in time. What waits is in the queue: it has its turn already. */
export async function takeTurn(
  member: Member,
  action: string,
  { signal, attemptMs }: Limits,
  { deadlines }: AttemptTools,
): Promise<Fault | undefined> {
  const waitMs = member.waitMs();
  if (waitMs > 0 && waitMs >= attemptMs()) {
    return { kind: "rate limited", sent: false, facts: { freeInMs: Math.ceil(waitMs) } };
  }
  member.budget.take();
  if (waitMs > 0) await pause(waitMs, signal, deadlines);
  const trial = member.isReady(action) ? undefined : member.trialOf(action);
  if (trial !== undefined && signal?.aborted !== true) {
    // Somebody else is finding out whether it is back.
    await Promise.race([trial, pause(attemptMs(), signal, deadlines)]);
    if (!member.isReady(action)) return { kind: "unreachable", sent: false, facts: { detail: "resting" } };
  }
  if (signal?.aborted !== true) return undefined;
  member.budget.giveBack();
  return { kind: "aborted", sent: false };
}

function pause(ms: number, signal: AbortSignal | undefined, deadlines: Deadlines): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = deadlines.in(ms, end);
    signal?.addEventListener("abort", end, { once: true });
  });
}
