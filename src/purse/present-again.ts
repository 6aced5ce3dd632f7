import { NanoError } from "../errors/index.js";
import { undecided } from "./chain.js";
import { watchConfirmation } from "./confirmation.js";
import type { Fate } from "./fate.js";
import type { JournalEntry } from "./journal.js";
import { amountFacts } from "./limits/index.js";
import type { NanoTxnOffer, Offer } from "./offer.js";
import { type PurseParts, patienceFor } from "./parts.js";
import { type PaymentProof, present } from "./present.js";
import { lookUp, noteConfirmed, noteFate } from "./sightings.js";
import { awaitTrackA } from "./track-a-hold.js";

/** Between two looks at a block that another one competes with. */
const PAUSE_MS = 500;

/**
 * Presents a payment that was signed before: never a second one, whatever the seller said of the first (SPEC R8).
 * undefined where the ledger proves that it can never land; its reservation is free then.
 */
export async function presentAgain(
  parts: PurseParts,
  entry: JournalEntry,
  offer: Offer,
): Promise<PaymentProof | undefined> {
  if (offer.track === "nanoTxn") return parts.chain.exclusively(() => presentBlock(parts, entry, offer));
  const fate = await decide(parts, entry, offer);
  if (fate === "void") return undefined;
  if (fate === "absent" && !(await publish(parts, entry, offer))) return undefined;
  if (fate !== "confirmed") {
    const watch = watchConfirmation(parts, entry.hash, patienceFor(parts, offer));
    if (await watch.isConfirmed) await noteConfirmed(parts, entry.block);
  }
  return present(parts, entry, offer);
}

/** Alone on the chain: nobody may build on the block's `previous` while it is handed out again. */
async function presentBlock(
  parts: PurseParts,
  entry: JournalEntry,
  offer: NanoTxnOffer,
): Promise<PaymentProof | undefined> {
  await awaitTrackA(parts, offer);
  const fate = await decide(parts, entry, offer);
  if (fate === "void") return undefined;
  if (fate === "absent" && entry.track === "nanoTxn") return present(parts, entry, offer);
  throw new NanoError("payment_unresolved", {
    hash: entry.hash,
    ...amountFacts("amount", entry.amountRaw),
    why:
      fate === "absent"
        ? "it was signed for nanoSignature, and only such an offer can claim it"
        : "the block is on the ledger, and only a nanoSignature offer can claim it",
  });
}

async function decide(parts: PurseParts, entry: JournalEntry, offer: Offer): Promise<Fate> {
  const { settings, closing } = parts;
  if (entry.sighting === "confirmed") return "confirmed";
  const untilMs = patienceFor(parts, offer);
  for (;;) {
    const fate = await lookUp(parts, entry);
    if (fate !== "contested") return fate;
    if (closing.aborted || settings.clock() >= untilMs) {
      throw undecided(entry.block, { why: "another unconfirmed block follows its previous" });
    }
    await settings.sleep(PAUSE_MS, closing);
  }
}

/**
 * A block that is not on the ledger, for an offer that wants it there: a send whose broadcast failed, or a Track A
 * block that its seller never settled. It is signed and counted, so it is what pays. `false`: void.
 */
async function publish(parts: PurseParts, entry: JournalEntry, offer: Offer): Promise<boolean> {
  const { chain } = parts;
  const result = await chain.exclusively(async () => {
    await awaitTrackA(parts, offer);
    return chain.publish({ block: entry.block, subtype: "send" }, patienceFor(parts, offer));
  });
  if (result.outcome === "undecided") throw undecided(entry.block, result);
  await noteFate(parts, entry, result.outcome);
  return result.outcome === "landed";
}
