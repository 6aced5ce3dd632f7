import { hashBlock, type SignedBlock } from "../../nano/index.js";
import type { BlockSubtype, ProcessResult } from "../port.js";
import { isFinal } from "../rpc/fault.js";
import { isGap } from "../rpc/node-errors.js";
import { askProcess, type Question } from "../rpc/questions.js";
import { type Asked, askOnce, type Limits } from "./ask-once.js";
import { type AttemptTools, takeTurn } from "./attempt.js";
import type { Member } from "./member.js";
import { firstOf, followSignal } from "./race.js";

export interface HandIn extends AttemptTools {
  readonly members: readonly [Member, ...Member[]];
  readonly limits: Limits;
  /** Whether any endpoint shows the block. */
  readonly isThere: () => Promise<boolean>;
}

/** `sent`: some endpoint got the block, whatever it said. */
export type HandedIn = Asked<ProcessResult> & { readonly sent: boolean };

/** A node takes a block within milliseconds; reads, which its patience is learned from, are faster still. */
const PATIENCE_FACTOR = 4;
const SHORTEST_PATIENCE_MS = 500;

/**
 * `process` at one endpoint, and at the next where the first could not be reached, lags behind, or said nothing usable.
 * It is the same block everywhere, so it can land but once; before it is given to another endpoint somebody is asked
 * whether it is there already, and what a later endpoint refuses is told together with `mayHaveLanded` (SPEC R10).
 */
export async function handIn(block: SignedBlock, subtype: BlockSubtype, options: HandIn): Promise<HandedIn> {
  const { members, limits, isThere } = options;
  const question = askProcess(block, subtype);
  const { stop, unlink } = followSignal(limits.signal);
  const own: Limits = { signal: stop.signal, attemptMs: limits.attemptMs };
  const accepted: ProcessResult = { outcome: "accepted", hash: hashBlock(block) };
  const waiting = [...members];
  const running = new Map<Member, Promise<Asked<ProcessResult>>>();
  let sent = false;
  let last: Asked<ProcessResult> | undefined;
  try {
    for (;;) {
      const member = waiting.shift();
      if (member !== undefined) {
        if (sent && (await isThere())) return { ok: true, member, result: accepted, sent };
        running.set(member, handToOne(member, question, own, options));
      }
      const patienceMs = member === undefined || waiting.length === 0 ? undefined : patienceFor(member);
      const asked = await firstOf(running, patienceMs, options);
      if (asked === undefined) {
        sent = true;
        continue;
      }
      running.delete(asked.member);
      if (asked.ok) {
        if (asked.result.outcome === "accepted") return { ...asked, sent: true };
        if (!isGap(asked.result.nodeError)) return refused(asked, sent || running.size > 0);
        // It does not know what the block stands on, and does not keep it: another one may.
        asked.member.noteLag();
      } else if (asked.fault.sent) sent = true;
      if (last?.ok !== true) last = asked;
      if (!asked.ok && isFinal(asked.fault)) return { ...asked, sent };
      if (limits.attemptMs() <= 0) waiting.length = 0;
      if (waiting.length > 0 || running.size > 0) continue;
      if (sent && members.length > 1 && (await isThere())) {
        return { ok: true, member: asked.member, result: accepted, sent };
      }
      return last.ok ? refused(last, sent) : { ...last, sent };
    }
  } finally {
    unlink();
    stop.abort();
  }
}

/** On a fresh connection: what is written on one that is dead may be lost, or not, and must not be repeated there. */
async function handToOne(
  member: Member,
  question: Question<ProcessResult>,
  limits: Limits,
  tools: AttemptTools,
): Promise<Asked<ProcessResult>> {
  const refusal = await takeTurn(member, question.action, limits, tools);
  if (refusal !== undefined) return { ok: false, member, fault: refusal };
  const { signal, attemptMs } = limits;
  const call = askOnce(member, question, { signal, timeoutMs: attemptMs(), connection: "fresh" });
  member.begin(question.action, call);
  const asked = await call;
  if (asked.ok) member.noteAnswer(question, 0);
  else member.noteFault(question.action, asked.fault);
  return asked;
}

function patienceFor(member: Member): number {
  return Math.max(PATIENCE_FACTOR * member.latencies.patienceMs(), SHORTEST_PATIENCE_MS);
}

function refused(asked: Asked<ProcessResult> & { readonly ok: true }, mayHaveLanded: boolean): HandedIn {
  const { member, result } = asked;
  if (result.outcome !== "refused") return { ...asked, sent: true };
  return {
    ok: true,
    member,
    sent: true,
    result: { ...result, at: member.name, ...(mayHaveLanded && { mayHaveLanded }) },
  };
}
