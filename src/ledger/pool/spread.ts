import { hashBlock, type SignedBlock } from "../../nano/index.js";
import type { BlockSubtype } from "../port.js";
import { askBlockInfo, askProcess } from "../rpc/questions.js";
import { askOnce, type Limits } from "./ask-once.js";
import { type AttemptTools, attempt } from "./attempt.js";
import type { Member } from "./member.js";

export interface Spread {
  readonly members: readonly Member[];
  readonly limits: Limits;
  readonly tools: AttemptTools;
}

/**
 * Gives a block that is out to every endpoint that does not show it. What they say to it decides nothing: it was handed
 * in before, and whoever waits for it looks again. Those who are in the minority, with it or without it, are cut off.
 */
export async function spread(block: SignedBlock, subtype: BlockSubtype, options: Spread): Promise<void> {
  const { members, limits, tools } = options;
  const [question, process] = [askBlockInfo(hashBlock(block)), askProcess(block, subtype)];
  const having: Member[] = [];
  const lacking: Member[] = [];
  // Each for itself: who is silent must not keep the block from the others.
  const give = async (member: Member): Promise<void> => {
    const look = await attempt(member, question, limits, tools);
    if (!look.ok) return;
    (look.result === undefined ? lacking : having).push(member);
    if (look.result === undefined) await attempt(member, process, limits, tools, askOnce);
  };
  await Promise.all(members.map(give));
  if (having.length === lacking.length) return;
  for (const member of having.length < lacking.length ? having : lacking) member.noteLag();
}
