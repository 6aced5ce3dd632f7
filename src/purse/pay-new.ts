import { NanoError } from "../errors/index.js";
import { hashBlock } from "../nano/index.js";
import { type Head, undecided } from "./chain.js";
import { type ConfirmationWatch, watchConfirmation } from "./confirmation.js";
import { createDeferred } from "./deferred.js";
import type { JournalEntry } from "./journal.js";
import { amountFacts, type LimitRecord } from "./limits/index.js";
import type { Offer } from "./offer.js";
import { assertInTime, type PurseParts, patienceFor } from "./parts.js";
import { type PaymentProof, present } from "./present.js";
import { receiveIncoming, representativeFor } from "./receive.js";
import { noteConfirmed, noteFate, reviewOpenPayments } from "./sightings.js";
import { awaitTrackA } from "./track-a-hold.js";
import { findWork } from "./work.js";

/**
 * Signs a payment that was never made before, and presents it. `reserved` is consumed: given back where nothing was
 * signed and journalled or the block turned out void, else it stays with the journal entry.
 */
export async function payNew(parts: PurseParts, offer: Offer, reserved: LimitRecord): Promise<PaymentProof> {
  const result = await parts.chain.exclusively(async () => {
    await givingBackOnError(parts, reserved, () => awaitTrackA(parts, offer));
    if (offer.track === "nanoSignature") return publishSend(parts, offer, reserved);
    // Presented before the next job may look: the block holds the chain from now on.
    return present(parts, await signSend(parts, offer, reserved), offer);
  });
  if (!("watch" in result)) return result;
  const { entry, watch } = result;
  if (await watch.isConfirmed) await noteConfirmed(parts, entry.block);
  return present(parts, entry, offer);
}

interface Published {
  readonly entry: JournalEntry;
  /** Waited for outside the queue: others may build on the block meanwhile. */
  readonly watch: ConfirmationWatch;
}

async function publishSend(parts: PurseParts, offer: Offer, reserved: LimitRecord): Promise<Published> {
  const { chain, limits } = parts;
  let reservation = reserved;
  for (let isRebuilt = false; ; isRebuilt = true) {
    const entry = await signSend(parts, offer, reservation);
    const untilMs = patienceFor(parts, offer);
    const published = createDeferred();
    const watch = watchConfirmation(parts, entry.hash, untilMs, published.promise);
    const result = await chain.publish({ block: entry.block, subtype: "send" }, untilMs).catch((error: unknown) => {
      watch.stop();
      throw error;
    });
    published.resolve();
    if (result.outcome === "landed") {
      await noteFate(parts, entry, "landed");
      return { entry, watch };
    }
    watch.stop();
    if (result.outcome === "undecided") throw undecided(entry.block, result);
    await noteFate(parts, entry, "void");
    if (isRebuilt) throw new NanoError("block_refused", { why: "another program keeps using the account" });
    reservation = limits.reserve(offer);
  }
}

/** Everything that can fail without consequences comes before the signature, the journal entry right after it. */
async function signSend(parts: PurseParts, offer: Offer, reservation: LimitRecord): Promise<JournalEntry> {
  const { signer, settings, journal, ledger, limits } = parts;
  const entry = await givingBackOnError(parts, reservation, async (): Promise<JournalEntry> => {
    const head = await findHead(parts, offer);
    const work = await findWork(parts, head.hash, settings.workThresholds.send);
    assertInTime(parts, offer);
    const unsigned = {
      account: signer.account,
      previous: head.hash,
      representative: representativeFor(parts, head.block.representative),
      balanceRaw: head.block.balanceRaw - offer.amountRaw,
      link: offer.payTo,
    };
    const purpose = { subtype: "send", amountRaw: offer.amountRaw, previousBlock: head.block } as const;
    const block = { ...(await signer.signBlock(unsigned, purpose)), work };
    // A person at a device may outlast the offer.
    assertInTime(parts, offer);
    return {
      hash: hashBlock(block),
      block,
      track: offer.track,
      payTo: offer.payTo,
      amountRaw: offer.amountRaw,
      resource: offer.resource,
      reservation,
      sinceMs: settings.clock(),
      sighting: "unknown",
      isServed: false,
      inFlightUntilMs: [],
      presented: 0,
      lastReason: undefined,
    };
  });
  // The same previous, receiver and amount make the same block: two URLs share it then, and it counts once.
  const twin = journal.get(entry.hash);
  await givingBackOnError(parts, reservation, () => journal.add(entry));
  if (twin !== undefined) limits.giveBack(twin.reservation);
  // The next block stands on this one; who pays often finds its work done.
  ledger.prepareWork?.(entry.hash, settings.workThresholds.send);
  return entry;
}

/** A head with enough on it; for Track A a confirmed one, the facilitator takes no other (row 9). */
async function findHead(parts: PurseParts, offer: Offer): Promise<Head> {
  const { chain } = parts;
  const untilMs = patienceFor(parts, offer);
  let head = await chain.settledHead(untilMs);
  await reviewOpenPayments(parts, head?.hash);
  if ((head?.block.balanceRaw ?? 0n) < offer.amountRaw) {
    await receiveIncoming(parts, untilMs, offer.amountRaw);
    head = await chain.settledHead(untilMs);
  }
  if (offer.track === "nanoTxn" && head !== undefined && !head.isConfirmed) {
    await watchConfirmation(parts, head.hash, untilMs).isConfirmed;
    head = await chain.settledHead(untilMs);
  }
  if (head === undefined || head.block.balanceRaw < offer.amountRaw) {
    throw new NanoError("insufficient_funds", {
      ...amountFacts("required", offer.amountRaw),
      ...amountFacts("balance", head?.block.balanceRaw ?? 0n),
    });
  }
  if (offer.track === "nanoTxn" && !head.isConfirmed) {
    throw new NanoError("payment_unresolved", {
      hash: head.hash,
      why: "the account's last block is not confirmed yet",
    });
  }
  return head;
}

/** For what comes before a signed block is journalled: one that is not, is never handed out. */
export async function givingBackOnError<Result>(
  { limits }: PurseParts,
  reservation: LimitRecord,
  job: () => Promise<Result>,
): Promise<Result> {
  try {
    return await job();
  } catch (error) {
    limits.giveBack(reservation);
    throw error;
  }
}
