import type { Kind } from "./kind.js";
import type { Member } from "./member.js";

export function isFree(member: Member, kind: Kind): boolean {
  return member.placeFor(kind) <= 1;
}

/** In the order in which they should be asked. */
export function rank(members: readonly Member[], kind: Kind): readonly Member[] {
  if (members.length === 1) return members;
  return members
    .map((member) => ({ member, place: member.placeFor(kind), waitMs: member.waitMs() }))
    .sort((left, right) => left.place - right.place || left.waitMs - right.waitMs)
    .map(({ member }) => member);
}
