import { NanoError } from "../errors/index.js";
import { createLedger, type Ledger } from "../ledger/index.js";
import { addressOf, parseBlockHash } from "../nano/index.js";
import { createKeySigner } from "./account.js";
import { createChain } from "./chain.js";
import { createMemoryJournal } from "./journal.js";
import { createLimits } from "./limits.js";
import { type OfferContext, readOffer } from "./offer.js";
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
   * A proof for one entry of `accepts`, to be sent at once. Throws `limit_per_payment`, `limit_per_day`,
   * `insufficient_funds`, `payment_unresolved`, `deadline_exceeded`, `invalid_requirements`, `ledger_unavailable`.
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

  /** Nothing is signed any more, waits end, the key is overwritten. */
  close(): Promise<void>;
}

export interface PurseBalance {
  readonly balanceRaw: bigint;
  readonly receivableRaw: bigint;
}

export async function createPurse(options: PurseOptions): Promise<Purse> {
  const settings = readSettings(options);
  const signer = await createKeySigner(options);
  const { ledger, isOurs } = openLedger(options);
  const { clock, sleep } = settings;
  const closing = new AbortController();
  const journal = createMemoryJournal();
  const chain = createChain(signer.account, { ledger, journal, clock, sleep, closing: closing.signal });
  const limits = createLimits(settings, clock);
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
      if (wasThere) await journal.remove(known);
      return wasThere;
    },
    spentTodayRaw: () => limits.spentTodayRaw(),
    async close() {
      closing.abort();
      await chain.idle();
      signer.forget();
      if (isOurs) await ledger.close();
    },
  };
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
