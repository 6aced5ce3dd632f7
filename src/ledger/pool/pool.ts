import type { SignedBlock } from "../../nano/index.js";
import type { BlockInfo, BlockSubtype, EndpointName, ProcessResult } from "../port.js";
import type { Question } from "../rpc/questions.js";
import { type AskAgreed, askAgreed } from "./agreement.js";
import { type AskAround, askAround } from "./ask-around.js";
import type { Asked, Limits } from "./ask-once.js";
import { type AttemptTools, attempt } from "./attempt.js";
import { Closing } from "./closing.js";
import { type HandIn, handIn } from "./hand-in.js";
import type { Kind } from "./kind.js";
import type { Member } from "./member.js";
import { rank } from "./rank.js";
import { spread } from "./spread.js";

/** Several endpoints that are asked as if they were one. Once it is closed, every call ends in the fault "closed". */
export interface Pool {
  ask<Result>(question: Question<Result>, options: AskPool<Result>): Promise<Asked<Result>>;

  /** Believes only what `count` endpoints say. */
  askAgreed(
    question: Question<BlockInfo | undefined>,
    options: Pick<AskAgreed, "anywhere" | "count" | "limits">,
  ): Promise<Asked<BlockInfo | undefined>>;

  handIn(
    block: SignedBlock,
    subtype: BlockSubtype,
    options: Pick<HandIn, "limits" | "isThere">,
  ): Promise<Asked<ProcessResult>>;

  /** Gives a block that is out to every endpoint that does not show it. */
  spread(block: SignedBlock, subtype: BlockSubtype, limits: Limits): Promise<void>;

  close(): Promise<void>;
}

export interface AskPool<Result> extends Pick<AskAround<Result>, "isEnough"> {
  readonly limits: Limits;
  /** This one alone. */
  readonly at?: EndpointName | undefined;
}

const PROCESS: Kind = { action: "process", isRead: false };

export function createPool(
  members: readonly [Member, ...Member[]],
  { deadlines, now }: Omit<AttemptTools, "closing">,
): Pool {
  const [first] = members;
  const closing = new Closing();
  const tools: AttemptTools = { deadlines, now, closing };

  const inOrder = (kind: Kind): readonly [Member, ...Member[]] => {
    const [best = first, ...others] = rank(members, kind);
    return [best, ...others];
  };

  return {
    async ask(question, { limits, at, isEnough }) {
      const only = members.length === 1 ? first : members.find((member) => member.name === at);
      if (only !== undefined) return attempt(only, question, limits, tools);
      return askAround(question, { members: inOrder(question), limits, isEnough, tools });
    },
    async askAgreed(question, options) {
      return askAgreed(question, { ...options, members: inOrder(question), tools });
    },
    async handIn(block, subtype, options) {
      return handIn(block, subtype, { ...options, members: inOrder(PROCESS), tools });
    },
    spread: (block, subtype, limits) => spread(block, subtype, { members, limits, tools }),
    async close() {
      closing.close();
      await Promise.all(members.map((member) => member.transport.close()));
    },
  };
}
