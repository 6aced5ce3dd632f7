export { type ChoosePolicy, type ChosenEntries, chooseEntries } from "./choose-entries.js";
export type * from "./public-types.js";
export { createPurse } from "./purse.js";
export { readSettlement } from "./read-settlement.js";
