import { NanoError } from "../errors/index.js";
import { createLedger, type Ledger } from "../ledger/index.js";
import { addressOf, parseBlockHash } from "../nano/index.js";
import { createSigner, type Signer } from "./accounts/index.js";
import { createChain } from "./chain.js";
import type { HistoryPage, HistoryQuery } from "./journal-history.js";
import { createLimits, type SpentSummary } from "./limits/index.js";
import { type OfferContext, readOffer } from "./offer.js";
import { openJournal, restoreChain } from "./open-journal.js";
import { type PurseOptions, readSettings } from "./options.js";
import { assertOpen, type PurseParts } from "./parts.js";
import { payOffer } from "./pay-offer.js";
import { noteOutcome, type PaymentOutcome, type PaymentProof } from "./present.js";
import { createTurns } from "./queue.js";
import { type ReceiveResult, receiveIncoming } from "./receive.js";
import { listUnspent, needsProofOfPayer, type UnspentPayment } from "./unspent.js";

/** A wallet of one account that pays offers within its limits, and never twice for one purchase. */
export interface Purse {
  readonly address: string;

  /**
   * A proof for one entry of `accepts`, to be sent at once. Throws `payment_not_allowed`, `limit_per_payment`,
   * `limit_per_day`, `limit_per_host`, `limit_per_pay_to`, `limit_total`, `approval_refused`, `insufficient_funds`,
   * `payment_unresolved`, `deadline_exceeded`, `invalid_requirements`, `ledger_unavailable`.
   */
  payOffer(requirements: unknown, context?: OfferContext): Promise<PaymentProof>;

  /** What became of a proof. Without it the payment counts as in flight for a while and is then presented again. */
  report(hash: string, outcome: PaymentOutcome): Promise<void>;

  /** Whether a payment for this offer is on the ledger, or may be, so that only a nanoSignature offer can claim it. */
  needsProofOfPayer(requirements: unknown): boolean;

  balance(): Promise<PurseBalance>;
  /** Takes in all confirmed incoming sends. */
  receive(): Promise<ReceiveResult>;

  /** Payments that were signed and not served. Each is presented again when the same thing is bought again. */
  unspent(): readonly UnspentPayment[];
  /** Forgets one of them; the money stays counted. `false` where there is none. */
  writeOff(hash: string): Promise<boolean>;
  spentTodayRaw(): bigint;
  /** Today and over the journal's life, by host and receiver, and what each limit leaves. */
  spent(): SpentSummary;
  /** Payments that are over, newest first: served, void or written off. Throws `invalid_request`. */
  history(query?: HistoryQuery): Promise<HistoryPage>;

  /** Nothing is signed any more, waits end, the key is overwritten. */
  close(): Promise<void>;
}

export interface PurseBalance {
  readonly balanceRaw: bigint;
  readonly receivableRaw: bigint;
}

export async function createPurse(options: PurseOptions): Promise<Purse> {
  const settings = readSettings(options);
  const { clock, sleep } = settings;
  const closing = new AbortController();
  const signer = await createSigner(options, { sleep, closing: closing.signal });
  const { ledger, isOurs } = givingUp(signer, () => openLedger(options));
  const opened = await openJournal(options.journal, signer.account, clock).catch(async (error: unknown) => {
    signer.forget();
    if (isOurs) await ledger.close();
    throw error;
  });
  const { journal } = opened;
  const chain = createChain(signer.account, { ledger, journal, clock, sleep, closing: closing.signal });
  restoreChain(chain, journal);
  const open = journal.list().map(({ reservation }) => reservation);
  const limits = createLimits(settings, clock, [...journal.finished(), ...open]);
  const parts: PurseParts = { settings, ledger, signer, limits, journal, chain, closing: closing.signal };
  const turns = createTurns();

  return {
    address: addressOf(signer.account),
    async payOffer(requirements, context = {}) {
      assertOpen(parts);
      return payOffer(parts, turns, readOffer(requirements, context, clock()));
    },
    async report(hash, outcome) {
      await noteOutcome(parts, parseBlockHash(hash), outcome);
    },
    needsProofOfPayer: (requirements) => needsProofOfPayer(parts, requirements),
    async balance() {
      assertOpen(parts);
      const [info, incoming] = await Promise.all([
        ledger.accountInfo(signer.account),
        ledger.receivable(signer.account),
      ]);
      const receivableRaw = incoming.reduce((sum, { amountRaw }) => sum + amountRaw, 0n);
      return { balanceRaw: info?.balanceRaw ?? 0n, receivableRaw };
    },
    async receive() {
      assertOpen(parts);
      return chain.exclusively(() => receiveIncoming(parts, clock() + settings.confirmMs));
    },
    unspent: () => listUnspent(parts),
    async writeOff(hash) {
      const known = parseBlockHash(hash);
      const wasThere = journal.get(known)?.isServed === false;
      chain.abandon(known);
      if (wasThere) await journal.remove(known, "spent");
      return wasThere;
    },
    spentTodayRaw: () => limits.spentTodayRaw(),
    spent: () => limits.spent(),
    history: (query) => journal.history(query),
    async close() {
      closing.abort();
      await chain.idle();
      signer.forget();
      if (opened.isOurs) await journal.close();
      if (isOurs) await ledger.close();
    },
  };
}

function givingUp<Result>(signer: Signer, job: () => Result): Result {
  try {
    return job();
  } catch (error) {
    signer.forget();
    throw error;
  }
}

function openLedger({ ledger, rpcUrls, websocketUrl }: PurseOptions): {
  readonly ledger: Ledger;
  readonly isOurs: boolean;
} {
  if (ledger !== undefined && rpcUrls === undefined && websocketUrl === undefined) return { ledger, isOurs: false };
  if (ledger === undefined && rpcUrls !== undefined) {
    return { ledger: createLedger({ rpcUrls, websocketUrl }), isOurs: true };
  }
  throw new NanoError("invalid_configuration", { setting: "ledger, rpcUrls", accepted: "exactly one of the two" });
}
