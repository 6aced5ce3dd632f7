import { NanoError } from "../../errors/index.js";
import type { AdvanceResult, ClaimResult, EntryKey, EntryView } from "../port.js";
import type { Reply } from "./link.js";

type RedeemedAnswer = Extract<ClaimResult, { outcome: "redeemed" }>;

export function readClaim(key: EntryKey, reply: Reply): ClaimResult {
  const [outcome = "", second = "", state] = reply;
  switch (outcome) {
    case "claimed":
      return {
        outcome,
        token: `${key.account}.${key.hash}.${second}`,
        state: state === "broadcasting" ? state : "reserved",
      };
    case "redeemed":
      return readRedeemed(reply);
    case "in_progress":
      return { outcome };
    case "previous_taken":
      return { outcome, byHash: second };
    default:
      throw unreadable();
  }
}

export function readAdvance(reply: Reply): AdvanceResult {
  const [outcome = "", second] = reply;
  switch (outcome) {
    case "advanced":
      return { outcome, wasJournalled: second === "1" };
    case "redeemed":
      return readRedeemed(reply);
    case "lost":
      return { outcome };
    default:
      throw unreadable();
  }
}

export function readView({ account, hash }: EntryKey, reply: Reply): EntryView {
  const [state, open, secret, paymentId, taker = "", result] = reply;
  if (state !== "free" && state !== "reserved" && state !== "broadcasting" && state !== "redeemed") throw unreadable();
  const isFree = state === "free";
  return {
    state,
    leaseOpen: open === "open",
    token: isFree ? undefined : `${account}.${hash}.${secret ?? ""}`,
    paymentId: isFree ? undefined : paymentId,
    previousTakenBy: taker === "" ? undefined : taker,
    result: state === "redeemed" ? result : undefined,
  };
}

/** The script gives the result to the token that redeemed, and to nobody else. */
function readRedeemed([, result]: Reply): RedeemedAnswer {
  return { outcome: "redeemed", byThisToken: result !== undefined, result };
}

function unreadable(): NanoError<"store_unavailable"> {
  return new NanoError("store_unavailable", { why: "an answer that no script gives" });
}
