import type { Fault } from "../rpc/fault.js";
import type { Question } from "../rpc/questions.js";

/** What about a question decides who is asked. */
export type Kind = Pick<Question<unknown>, "action" | "isRead">;

export const TOO_MANY_REQUESTS = 429;

/** It may answer other questions well. Work takes longer than a node is given, and says nothing about reads. */
export function isAboutAction({ isRead }: Kind, { kind }: Fault, status: number): boolean {
  if (kind === "too late") return !isRead;
  const isRefused = status >= 400 && status < 500 && status !== TOO_MANY_REQUESTS;
  return kind === "unknown error" || kind === "unexpected answer" || isRefused;
}

/** 0: none. */
export function statusOf({ facts }: Fault): number {
  const status = facts?.["status"];
  return typeof status === "number" ? status : 0;
}
