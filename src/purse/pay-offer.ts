import { NanoError } from "../errors/index.js";
import { addressOf, formatXno } from "../nano/index.js";
import { findPayment, isInFlight, type JournalEntry } from "./journal.js";
import { askApproval, type LimitRecord } from "./limits/index.js";
import { type Offer, purchaseKey } from "./offer.js";
import { assertInTime, type PurseParts } from "./parts.js";
import { givingBackOnError, payNew } from "./pay-new.js";
import type { PaymentProof } from "./present.js";
import { presentAgain } from "./present-again.js";
import type { Turns } from "./queue.js";
import { waitForEither } from "./waiting.js";

/**
 * A proof for the offer: of the payment that was made for it before, where there is one that was not served, else of a
 * new one. One purchase is decided at a time; a presentation whose outcome is unknown is waited for, because stock
 * clients tell nothing of a lost connection and a second call may be its repetition.
 */
export async function payOffer(parts: PurseParts, turns: Turns, offer: Offer): Promise<PaymentProof> {
  parts.limits.assertAllowed(offer);
  const claim = reserveOnArrival(parts, offer);
  try {
    return await turns.run(purchaseKey(offer), () => fulfil(parts, offer, claim));
  } finally {
    claim.giveBackUnused();
  }
}

/** A call's share of the limits. Taken before the first await, so that parallel calls cannot overspend. */
interface LimitClaim {
  take(): LimitRecord;
  giveBackUnused(): void;
  /** Why there is none yet: an earlier payment may make one unnecessary. */
  readonly refusal: unknown;
}

function reserveOnArrival({ limits, journal, settings }: PurseParts, offer: Offer): LimitClaim {
  const earlier = findPayment(journal, offer);
  const mayNeedMoney = earlier === undefined || isInFlight(earlier, settings.clock());
  let held: LimitRecord | undefined;
  let refusal: unknown;
  if (mayNeedMoney) {
    try {
      held = limits.reserve(offer);
    } catch (error) {
      if (earlier === undefined) throw error;
      refusal = error;
    }
  }
  return {
    refusal,
    take() {
      const reservation = held ?? limits.reserve(offer);
      held = undefined;
      return reservation;
    },
    giveBackUnused() {
      if (held !== undefined) limits.giveBack(held);
    },
  };
}

async function fulfil(parts: PurseParts, offer: Offer, claim: LimitClaim): Promise<PaymentProof> {
  const { journal, settings } = parts;
  for (;;) {
    assertStillWanted(parts, offer, claim);
    const earlier = findPayment(journal, offer);
    if (earlier === undefined) {
      const reserved = claim.take();
      await givingBackOnError(parts, reserved, () => approve(parts, offer, reserved));
      return payNew(parts, offer, reserved);
    }
    if (isInFlight(earlier, settings.clock())) {
      await waitForOutcome(parts, earlier, offer);
      continue;
    }
    const proof = await presentAgain(parts, earlier, offer);
    if (proof !== undefined) return proof;
  }
}

/** Money is held already, so that a slow answer lets nobody else overspend. */
async function approve(parts: PurseParts, offer: Offer, reserved: LimitRecord): Promise<void> {
  const { settings, limits, closing } = parts;
  const { approve: ask, approveAboveRaw, clock, sleep } = settings;
  if (ask === undefined || (approveAboveRaw !== undefined && offer.priceRaw <= approveAboveRaw)) return;
  const { host, resource, payTo, amountRaw, track, untilMs } = offer;
  const payment = {
    host,
    resource,
    payTo: addressOf(payTo),
    amountRaw,
    amount: formatXno(amountRaw),
    track,
    spentTodayRaw: limits.spentTodayRaw(reserved),
    untilMs,
  };
  await askApproval(ask, payment, { clock, sleep, closing });
}

/** A call that waited in vain because the limit left nothing for it hears of the limit. */
function assertStillWanted(parts: PurseParts, offer: Offer, { refusal }: LimitClaim): void {
  try {
    assertInTime(parts, offer);
  } catch (error) {
    throw refusal instanceof NanoError && !parts.closing.aborted ? refusal : error;
  }
}

async function waitForOutcome({ journal, settings, closing }: PurseParts, entry: JournalEntry, offer: Offer) {
  const untilMs = Math.min(Math.max(...entry.inFlightUntilMs), offer.untilMs);
  await waitForEither(journal.nextChange(), untilMs - settings.clock(), settings.sleep, closing);
}
