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
  const question = askBlockInfo(hashBlock(block));
  const looks = await Promise.all(members.map((member) => attempt(member, question, limits, tools)));
  const answered = looks.filter((look) => look.ok);
  const having = answered.filter(({ result }) => result !== undefined);
  const lacking = answered.filter(({ result }) => result === undefined);
  const minority = having.length < lacking.length ? having : lacking.length < having.length ? lacking : [];
  for (const { member } of minority) member.noteLag();
  const process = askProcess(block, subtype);
  await Promise.all(lacking.map(({ member }) => attempt(member, process, limits, tools, askOnce)));
}
