export { type ChoosePolicy, type ChosenEntries, chooseEntries } from "./choose-entries.js";
export { paysFor } from "./offer.js";
export type * from "./public-types.js";
export { createPurse } from "./purse.js";
export { readSettlement, withoutSettlement } from "./read-settlement.js";
