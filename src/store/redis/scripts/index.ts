export { CLOSE, CONFIRM, JOURNAL, REDEEM, RELEASE } from "./advance.js";
export { CLAIM } from "./claim.js";
export type { Script } from "./prelude.js";
export { ADD_TO_INDEX, BIRTH, LIST_INDEX, REMOVE_FROM_INDEX } from "./store.js";
export { VIEW, VIEW_JOURNALLED } from "./view.js";
