import { expect, test } from "vitest";
import { hashBlock } from "../../../src/nano/index.js";
import { createSigner } from "../../../src/purse/accounts/index.js";
import { createChain } from "../../../src/purse/chain.js";
import { createMemoryJournal, type JournalEntry } from "../../../src/purse/journal.js";
import { createLimits } from "../../../src/purse/limits/index.js";
import { readSettings } from "../../../src/purse/options.js";
import type { PurseParts } from "../../../src/purse/parts.js";
import { noteOutcome } from "../../../src/purse/present.js";
import { noteConfirmed, noteFate } from "../../../src/purse/sightings.js";
import { FakeLedger } from "../../support/fake-ledger.js";
import { createManualTime } from "../../support/manual-time.js";
import { PRICE, SEED, startPurse } from "../../support/purse-world.js";

/** One payment of PRICE, reserved, signed and written down. */
async function startParts(): Promise<{ parts: PurseParts; entry: JournalEntry }> {
  const { account, signElsewhere } = await startPurse();
  const time = createManualTime();
  const ledger = new FakeLedger(time);
  const previous = ledger.open(account, 2n * PRICE);
  const block = signElsewhere({ previous, balanceRaw: PRICE });
  const { signal: closing } = new AbortController();
  const journal = createMemoryJournal();
  const settings = readSettings({ clock: time.clock, sleep: time.sleep });
  const limits = createLimits(settings, time.clock);
  const chain = createChain(account, { ledger, journal, clock: time.clock, sleep: time.sleep, closing });
  const signer = await createSigner({ seed: SEED });
  const parts = { settings, ledger, signer, limits, journal, chain, closing };
  const entry: JournalEntry = {
    hash: hashBlock(block),
    block,
    track: "nanoTxn",
    payTo: account,
    amountRaw: PRICE,
    resource: undefined,
    reservation: limits.reserve({ priceRaw: PRICE, payTo: account, host: undefined }),
    sinceMs: time.clock(),
    sighting: "unknown",
    isServed: false,
    inFlightUntilMs: [],
    presented: 1,
    lastReason: undefined,
  };
  await journal.add(entry);
  return { parts, entry };
}

test("a payment leaves the journal when it is both served and confirmed, in either order", async () => {
  const servedFirst = await startParts();
  await noteOutcome(servedFirst.parts, servedFirst.entry.hash, { isServed: true });
  expect(servedFirst.parts.journal.list()).toHaveLength(1);
  await noteConfirmed(servedFirst.parts, servedFirst.entry.block);
  expect(servedFirst.parts.journal.list()).toEqual([]);

  const confirmedFirst = await startParts();
  await noteConfirmed(confirmedFirst.parts, confirmedFirst.entry.block);
  expect(confirmedFirst.parts.journal.list()).toMatchObject([{ sighting: "confirmed" }]);
  await noteOutcome(confirmedFirst.parts, confirmedFirst.entry.hash, { isServed: true });
  expect(confirmedFirst.parts.journal.list()).toEqual([]);
});

test("a void payment frees its money, one that was written off does not", async () => {
  const { parts, entry } = await startParts();
  await noteFate(parts, entry, "void");
  expect(parts.limits.spentTodayRaw()).toBe(0n);

  const written = await startParts();
  await written.parts.journal.remove(written.entry.hash, "spent");
  await noteFate(written.parts, written.entry, "void");
  expect(written.parts.limits.spentTodayRaw()).toBe(PRICE);
});

test("nothing the seller says, and no contest that is undecided, frees money or forgets a payment", async () => {
  const { parts, entry } = await startParts();
  for (const fate of ["absent", "contested", "landed", "confirmed"] as const) await noteFate(parts, entry, fate);
  await noteOutcome(parts, entry.hash, { isServed: false, reason: "frontier_changed" });
  expect(parts.journal.list()).toHaveLength(1);
  expect(parts.limits.spentTodayRaw()).toBe(PRICE);
});
