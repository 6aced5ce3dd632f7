/** One attack, on each store. */
export { onEachStore as attack, type StoreWorld as AttackWorld } from "../support/on-each-store.js";
