import type { Deadlines } from "../deadlines.js";
import type { Fault } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";
import { type Ask, type Asked, askTwice, type Limits } from "./ask-once.js";
import type { Closing } from "./closing.js";
import type { Kind } from "./kind.js";
import type { Member } from "./member.js";
import { firstOf } from "./race.js";

export interface AttemptTools {
  readonly deadlines: Deadlines;
  readonly now: () => number;
  /** Whoever waits for a turn then is sent home. */
  readonly closing: Closing;
}

/** One question to one endpoint, when its turn has come; what it did is noted. */
export async function attempt<Result>(
  member: Member,
  question: Question<Result>,
  limits: Limits,
  tools: AttemptTools,
  ask: Ask = askTwice,
): Promise<Asked<Result>> {
  const turn = await waitForTurn(member, question, limits, tools);
  if ("fault" in turn) return { ok: false, member, fault: turn.fault };
  let told: Fault | undefined;
  try {
    const startedMs = tools.now();
    const asked = await ask(member, question, limits);
    const tookMs = tools.now() - startedMs;
    if (asked.ok) member.noteAnswer(question, tookMs);
    else if (member.noteFault(question, asked.fault, tookMs)) told = asked.fault;
    return asked;
  } finally {
    turn.end(told);
  }
}

type Turn = { readonly end: (fault: Fault | undefined) => void } | { readonly fault: Fault };

async function waitForTurn(member: Member, kind: Kind, limits: Limits, tools: AttemptTools): Promise<Turn> {
  const { signal, attemptMs } = limits;
  const { closing, deadlines, now } = tools;
  const untilMs = now() + attemptMs();
  const turnMs = member.takeTurn();
  const leave = (fault: Fault): Turn => {
    member.giveTurnBack();
    return { fault: { ...fault, sent: false } };
  };
  for (;;) {
    if (signal?.aborted === true) return leave({ kind: "aborted", sent: false });
    if (closing.isClosed) return leave({ kind: "closed", sent: false });
    const leftMs = Math.min(attemptMs(), untilMs - now());
    if (leftMs <= 0) return leave({ kind: "too late", sent: false });
    const waitMs = Math.max(turnMs - now(), member.closedMs());
    const trial = member.trialOf(kind.action);
    if (waitMs >= leftMs) return leave({ kind: "rate limited", sent: false, facts: { freeInMs: Math.ceil(waitMs) } });
    if (waitMs <= 0 && trial === undefined) return { end: member.begin(kind) };
    // Somebody else is finding out whether it is back.
    const calls = waitMs <= 0 && trial !== undefined ? [trial] : [];
    const ms = waitMs > 0 ? waitMs : leftMs;
    const fault = await firstOf(calls, { deadlines, ms, signal, closing });
    if (fault !== undefined) return leave(fault);
  }
}
