import { hashBlock, type SignedBlock } from "../../nano/index.js";
import type { BlockSubtype, ProcessResult } from "../port.js";
import { type Fault, isFinal } from "../rpc/fault.js";
import { isGap } from "../rpc/node-errors.js";
import { askProcess } from "../rpc/questions.js";
import { type Ask, type Asked, askOnce } from "./ask-once.js";
import type { Member } from "./member.js";
import { Round, type RoundOptions } from "./round.js";

export interface HandIn extends RoundOptions {
  /** Whether any endpoint shows the block; undefined where nobody could be asked. */
  readonly isThere: () => Promise<boolean | undefined>;
}

type Refused = { readonly member: Member; readonly nodeError: string };
type Failed = { readonly member: Member; readonly fault: Fault };

/**
 * `process` at one endpoint, and at the next where the first could not be reached, lags behind, or said nothing usable.
 * It is the same block everywhere, so it can land but once. As long as somebody may have it, it is looked for before
 * another endpoint gets it, which does so only where it is known not to be there; and whatever comes of it is told
 * together with `mayHaveLanded` (SPEC R10).
 */
export async function handIn(
  block: SignedBlock,
  subtype: BlockSubtype,
  options: HandIn,
): Promise<Asked<ProcessResult>> {
  const { members, isThere } = options;
  /** Who has it, may have it, or may be getting it. */
  const holders = new Set<Member>();
  const hold: Ask = (member, question, limits) => {
    holders.add(member);
    return askOnce(member, question, limits);
  };
  const accepted: Asked<ProcessResult> = {
    ok: true,
    member: members[0],
    result: { outcome: "accepted", hash: hashBlock(block) },
  };
  const round = new Round(askProcess(block, subtype), options, hold);
  const gaps: Refused[] = [];
  let refused: Refused | undefined;
  let failed: Failed | undefined;
  try {
    while (refused === undefined && !hasGone(failed)) {
      if (holders.size > 0 && round.waiting.length > 0) {
        const isKnown = await isThere();
        if (isKnown === true) return accepted;
        if (isKnown === undefined) round.keep(() => false);
      }
      const newest = round.askNext();
      if (round.running === 0) break;
      const asked = await round.next(round.waiting.length > 0 ? newest?.longPatienceMs() : undefined);
      if (asked === undefined) continue;
      const { member } = asked;
      if (!asked.ok) {
        failed = asked;
        if (!asked.fault.sent) holders.delete(member);
      } else if (asked.result.outcome === "accepted") {
        for (const gap of gaps) gap.member.noteLag();
        return asked;
      } else {
        const { nodeError } = asked.result;
        holders.delete(member);
        // It does not know what the block stands on, and does not keep it: another one may.
        if (isGap(nodeError)) gaps.push({ member, nodeError });
        else refused = { member, nodeError };
      }
    }
    const isInDoubt = holders.size > 0;
    if (isInDoubt && members.length > 1 && !hasGone(failed) && (await isThere()) === true) return accepted;
    refused ??= gaps[0];
    return refused === undefined || hasGone(failed) ? fail(failed, members[0], isInDoubt) : refuse(refused, isInDoubt);
  } finally {
    round.end();
  }
}

function hasGone(failed: Failed | undefined): boolean {
  return failed !== undefined && isFinal(failed.fault);
}

function refuse({ member, nodeError }: Refused, isInDoubt: boolean): Asked<ProcessResult> {
  const result: ProcessResult = { outcome: "refused", nodeError, at: member.name };
  return { ok: true, member, result: isInDoubt ? { ...result, mayHaveLanded: true } : result };
}

/** `sent` is about all of them: the last one may never have got it. */
function fail(failed: Failed | undefined, first: Member, isInDoubt: boolean): Asked<ProcessResult> {
  const { member, fault } = failed ?? { member: first, fault: { kind: "too late", sent: isInDoubt } };
  return { ok: false, member, fault: { ...fault, sent: isInDoubt } };
}
