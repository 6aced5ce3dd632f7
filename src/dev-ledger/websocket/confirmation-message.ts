import { addressOf } from "../../nano/index.js";
import { encodeContents } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import { printJson } from "../print-json.js";
import type { ConfirmationType, MessageParts } from "./confirmation-options.js";

export interface ConfirmationFacts {
  readonly entry: LedgerEntry;
  readonly type: ConfirmationType;
  readonly nowMs: number;
  /** The weight that stands behind the block. */
  readonly tallyRaw: bigint;
}

export function encodeConfirmation(facts: ConfirmationFacts, parts: MessageParts): string {
  const { entry, type, nowMs } = facts;
  return printJson({
    topic: "confirmation",
    time: nowMs.toString(),
    message: {
      account: addressOf(entry.account),
      amount: entry.amountRaw.toString(),
      hash: entry.hash.toUpperCase(),
      confirmation_type: type,
      ...(parts.includeElectionInfo && { election_info: describeElection(facts) }),
      ...(parts.includeBlock && { block: { ...encodeContents(entry.block), subtype: entry.kind } }),
      ...(parts.includeSidebandInfo && {
        sideband: { height: entry.height.toString(), local_timestamp: entry.seenAtSeconds.toString() },
      }),
    },
  });
}

/**
 * Nobody votes here. An election looks like the recorded one, on a network with all weight behind two voters, and is
 * over the moment it starts; a block that had none shows what the node shows for such: nothing counted.
 */
function describeElection({ type, nowMs, tallyRaw }: ConfirmationFacts): Readonly<Record<string, string>> {
  const wasHeld = type !== "inactive";
  const tally = wasHeld ? tallyRaw.toString() : "0";
  return {
    duration: "0",
    time: nowMs.toString(),
    tally,
    final: tally,
    blocks: "1",
    voters: wasHeld ? "2" : "0",
    request_count: "0",
  };
}
