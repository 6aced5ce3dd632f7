import type { JsonObject } from "./rpc-fault.js";

/** What can go wrong with the websocket; the ledger behind it confirms as ever. */
export type WebsocketFault = ConfirmationFault | SilentWebsocket | RefusedConnection;

/** One strike is one confirmation that somebody subscribed to, for all of its subscribers together. */
export type ConfirmationFault =
  | LostConfirmation
  | LateConfirmation
  | ReversedConfirmations
  | DuplicatedConfirmation
  | MalformedConfirmation
  | WrongConfirmation;

/** Nobody is told. */
export interface LostConfirmation {
  readonly kind: "lost";
}

/** Told `ms` later. */
export interface LateConfirmation {
  readonly kind: "late";
  readonly ms: number;
}

/** `count` of them are collected, then told last first; an incomplete collection is told when the fault is over. */
export interface ReversedConfirmations {
  readonly kind: "reversed";
  /** 2 or more. */
  readonly count: number;
}

/** Told twice. */
export interface DuplicatedConfirmation {
  readonly kind: "duplicated";
}

/** Something else is sent in its place; default: half a message. */
export interface MalformedConfirmation {
  readonly kind: "malformed";
  readonly text?: string | undefined;
}

/** Told with other values: with whatever `message` makes of the honest one, sent as JSON. */
export interface WrongConfirmation {
  readonly kind: "wrong";
  readonly message: (honest: JsonObject) => unknown;
}

/**
 * Nothing is sent, no confirmation, no acknowledgement, no pong; connections stay open, and are listened to. One strike
 * is one message that is not sent.
 */
export interface SilentWebsocket {
  readonly kind: "silent";
}

/** Who connects is turned away in the handshake; who is connected stays. One strike is one connection. */
export interface RefusedConnection {
  readonly kind: "refused";
  /** Of the HTTP answer, 400 … 599; default 503. */
  readonly status?: number | undefined;
}
