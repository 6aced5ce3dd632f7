export { type ConfirmationSource, type Confirmations, createConfirmations } from "./create-confirmations.js";
export type { SocketSource } from "./feed.js";
export type { OpenSocket } from "./socket.js";
