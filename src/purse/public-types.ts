/** What the types of `createPurse` are made of: everything that `x402-nano/client` names of the purse. */
export type {
  AccountOptions,
  BlockSigningContext,
  ExternalSignature,
  ExternalSigner,
  MessageSigningContext,
  UnsignedBlockJson,
} from "./accounts/index.js";
export type { EntryChanges, EntryEnd, Journal, JournalEntry, Sighting } from "./journal.js";
export type { FinishedPayment, HistoryPage, HistoryQuery } from "./journal-history.js";
export type {
  Approve,
  LimitOptions,
  LimitRecord,
  PaymentToApprove,
  SpentAmount,
  SpentAtHost,
  SpentOnPayTo,
  SpentSummary,
} from "./limits/index.js";
export type { OfferContext } from "./offer.js";
export type { PurseOptions } from "./options.js";
export type { PaymentOutcome, PaymentProof } from "./present.js";
export type { Purse, PurseBalance } from "./purse.js";
export type { ReceiveResult } from "./receive.js";
export type { UnspentPayment } from "./unspent.js";
