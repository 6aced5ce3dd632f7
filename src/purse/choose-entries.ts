import { ASSET, NETWORK, requirementsSchema, SCHEME, type Track, trackOfOffer } from "../protocol/index.js";
import type { Purse } from "./purse.js";

export interface ChoosePolicy {
  readonly purse: Pick<Purse, "needsProofOfPayer">;
  /** Which of a seller's two Nano entries to pay where it offers both; default: whichever it lists first. */
  readonly prefer?: Track | undefined;
}

interface NanoEntry<Entry> {
  readonly entry: Entry;
  readonly payTo: string;
  readonly track: Track;
  readonly needsProofOfPayer: boolean;
}

/** A seller's entries, by what a purse can do with them. Entries that are none of ours are in neither list. */
export interface ChosenEntries<Entry> {
  readonly chosen: readonly Entry[];
  readonly dropped: ReadonlySet<Entry>;
}

/**
 * Among the Nano entries for one account: those of Track B where an earlier payment can only be claimed that way, else
 * those of the preferred track. The last entry is never dropped.
 */
export function chooseEntries<Entry>(entries: readonly Entry[], { purse, prefer }: ChoosePolicy): ChosenEntries<Entry> {
  const ours = entries.flatMap((entry) => readEntry(entry, purse));
  const dropped = new Set<Entry>();
  for (const { entry, payTo, track } of ours) {
    const siblings = ours.filter((other) => other.payTo === payTo);
    const wanted = siblings.some((other) => other.needsProofOfPayer) ? "nanoSignature" : prefer;
    const isOffered = siblings.some((other) => other.track === wanted);
    if (wanted !== undefined && isOffered && track !== wanted) dropped.add(entry);
  }
  return { chosen: ours.map(({ entry }) => entry).filter((entry) => !dropped.has(entry)), dropped };
}

function readEntry<Entry>(entry: Entry, purse: ChoosePolicy["purse"]): NanoEntry<Entry>[] {
  const read = requirementsSchema.safeParse(entry);
  if (!read.success) return [];
  const { scheme, network, asset, payTo } = read.data;
  if (scheme !== SCHEME || network !== NETWORK || asset !== ASSET) return [];
  return [{ entry, payTo, track: trackOfOffer(read.data), needsProofOfPayer: purse.needsProofOfPayer(entry) }];
}
