export type { SecretOptions } from "./account.js";
export { type ChoosePolicy, type ChosenEntries, chooseEntries } from "./choose-entries.js";
export type { OfferContext } from "./offer.js";
export type { PurseOptions } from "./options.js";
export type { PaymentOutcome, PaymentProof } from "./present.js";
export { createPurse, type Purse, type PurseBalance } from "./purse.js";
export { readSettlement } from "./read-settlement.js";
export type { ReceiveResult } from "./receive.js";
export type { UnspentPayment } from "./unspent.js";
