import { openJournalFile } from "#journal-file";
import { NanoError } from "../errors/index.js";
import type { PublicKey } from "../nano/index.js";
import type { Chain } from "./chain.js";
import { createMemoryJournal, type Journal } from "./journal.js";

export interface OpenedJournal {
  readonly journal: Journal;
  /** Whether it is closed with the purse. */
  readonly isOurs: boolean;
}

export async function openJournal(
  option: string | Journal | undefined,
  account: PublicKey,
  clock: () => number,
): Promise<OpenedJournal> {
  if (option === undefined) return { journal: createMemoryJournal({ clock }), isOurs: false };
  if (typeof option === "object") return { journal: option, isOurs: false };
  if (typeof option !== "string") {
    throw new NanoError("invalid_configuration", { setting: "journal", accepted: "a path, or a journal" });
  }
  return { journal: await openJournalFile(option, { accounts: [account], clock }), isOurs: true };
}

/**
 * What an earlier process sent, or was about to: the chain hands it in again before anything else is built on the same
 * `previous`. A Track A block is its seller's to broadcast, and another on its `previous` replaces it (SPEC R8).
 */
export function restoreChain(chain: Chain, journal: Journal): void {
  for (const { track, block } of journal.list()) if (track === "nanoSignature") chain.noteLanded(block);
}
