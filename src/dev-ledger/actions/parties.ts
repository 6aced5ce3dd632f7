import type { PublicKey } from "../../nano/index.js";
import { destinationOf, sourceOf } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import type { LedgerState } from "../ledger-state.js";

/** Whose send a receive takes. */
export function senderOf({ block, kind }: LedgerEntry, state: LedgerState): PublicKey | undefined {
  return block.type === "state" && kind === "receive" ? state.block(sourceOf(block))?.account : undefined;
}

/** Whom a send pays, whose send a receive takes. */
export function otherParty(entry: LedgerEntry, state: LedgerState): PublicKey | undefined {
  const { block, kind } = entry;
  return block.type === "state" && kind === "send" ? destinationOf(block) : senderOf(entry, state);
}
