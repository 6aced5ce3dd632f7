import type { SignedBlock } from "../../nano/index.js";
import type { BlockInfo, BlockSubtype, EndpointName, ProcessResult } from "../port.js";
import type { Question } from "../rpc/questions.js";
import { askAgreed } from "./agreement.js";
import { type AskAround, askAround } from "./ask-around.js";
import type { Asked, Limits } from "./ask-once.js";
import { type AttemptTools, attempt } from "./attempt.js";
import { type HandIn, handIn } from "./hand-in.js";
import { type Member, rank } from "./member.js";

/** Several endpoints that are asked as if they were one. Once it is closed, every call ends in the fault "closed". */
export interface Pool {
  ask<Result>(question: Question<Result>, options: Ask<Result>): Promise<Asked<Result>>;

  /** Believes only what `count` endpoints say. */
  askAgreed(
    question: Question<BlockInfo | undefined>,
    count: number,
    limits: Limits,
  ): Promise<Asked<BlockInfo | undefined>>;

  handIn(
    block: SignedBlock,
    subtype: BlockSubtype,
    options: Pick<HandIn, "limits" | "isThere">,
  ): Promise<Asked<ProcessResult>>;

  close(): Promise<void>;
}

export interface Ask<Result> extends Pick<AskAround<Result>, "isEnough"> {
  readonly limits: Limits;
  /** This one alone. */
  readonly at?: EndpointName | undefined;
}

export function createPool(members: readonly [Member, ...Member[]], tools: AttemptTools): Pool {
  const [first] = members;
  let isClosed = false;

  const inOrder = (action: string): readonly [Member, ...Member[]] => {
    const [best = first, ...others] = rank(members, action);
    return [best, ...others];
  };
  const closed = (): Asked<never> => ({ ok: false, member: first, fault: { kind: "closed", sent: false } });

  return {
    async ask(question, { limits, at, isEnough }) {
      if (isClosed) return closed();
      const only = at === undefined ? undefined : members.find((member) => member.name === at);
      if (only !== undefined) return attempt(only, question, limits, tools);
      return askAround(question, { members: inOrder(question.action), limits, isEnough, ...tools });
    },
    async askAgreed(question, count, limits) {
      if (isClosed) return closed();
      return askAgreed(question, count, { members: inOrder(question.action), limits, ...tools });
    },
    async handIn(block, subtype, options) {
      if (isClosed) return closed();
      return handIn(block, subtype, { members: inOrder("process"), ...options, ...tools });
    },
    async close() {
      isClosed = true;
      await Promise.all(members.map((member) => member.transport.close()));
    },
  };
}
