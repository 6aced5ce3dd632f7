import { watchConfirmation } from "./confirmation.js";
import { isInFlight, type JournalEntry } from "./journal.js";
import type { Offer } from "./offer.js";
import { assertInTime, type PurseParts, patienceFor } from "./parts.js";
import { lookUp, noteConfirmed, noteFate } from "./sightings.js";
import { waitForEither } from "./waiting.js";

/**
 * A Track A block that is being settled holds the chain: what is built meanwhile on the same `previous` would fight it
 * for its place. Waits for its outcome, its confirmation, or the end of its time in flight. After that, unless it was
 * served, building on the same `previous` is the safe rebuild of SPEC R8: at most one of the two can land.
 */
export async function awaitTrackA(parts: PurseParts, offer: Offer): Promise<void> {
  const { journal, settings } = parts;
  for (;;) {
    assertInTime(parts, offer);
    const nowMs = settings.clock();
    const held = journal.list().find((entry) => isUnseenTrackA(entry) && isInFlight(entry, nowMs));
    if (held === undefined) break;
    await waitForOutcome(parts, held, offer);
  }
  for (const entry of journal.list()) {
    if (entry.isServed && isUnseenTrackA(entry)) await settleServed(parts, entry, offer);
  }
}

async function waitForOutcome(parts: PurseParts, held: JournalEntry, offer: Offer): Promise<void> {
  const { journal, settings, closing } = parts;
  const nowMs = settings.clock();
  const untilMs = Math.min(Math.max(...held.inFlightUntilMs), offer.untilMs);
  const watch = watchConfirmation(parts, held.hash, untilMs);
  const isSeen = new Promise<void>((resolve, reject) => {
    void watch.isConfirmed.then((isConfirmed) => {
      if (isConfirmed) noteConfirmed(parts, held.block).then(resolve, reject);
    });
  });
  try {
    await waitForEither(Promise.race([journal.nextChange(), isSeen]), untilMs - nowMs, settings.sleep, closing);
  } finally {
    watch.stop();
  }
}

/**
 * The seller served, and says that the block is settled. Where the ledger does not show it the purse hands it in itself:
 * the response is owed for, and a block beside it would be a double spend.
 */
async function settleServed(parts: PurseParts, entry: JournalEntry, offer: Offer): Promise<void> {
  const fate = await lookUp(parts, entry);
  if (fate !== "absent") return;
  const result = await parts.chain.publish({ block: entry.block, subtype: "send" }, patienceFor(parts, offer));
  if (result.outcome !== "undecided") await noteFate(parts, entry, result.outcome);
}

function isUnseenTrackA({ track, sighting }: JournalEntry): boolean {
  return track === "nanoTxn" && (sighting === "unknown" || sighting === "absent");
}
