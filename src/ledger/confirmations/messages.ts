import { z } from "zod";
import { addressOf, type BlockHash, isBlockHash, type PublicKey } from "../../nano/index.js";
import { MAX_MESSAGE_BYTES } from "./socket.js";

/** What a node says, as far as it is of use. Nothing but the hash of a confirmation is trusted. */
export type Heard =
  | { readonly kind: "ack"; readonly id: number }
  | { readonly kind: "confirmation"; readonly hash: BlockHash }
  | { readonly kind: "other" };

/** The forms of `node-recordings/ws-*.json`; the rest of a message may be there or not (SPEC 9). */
const acknowledgement = z.object({ ack: z.string(), id: z.string().optional() });
const confirmation = z.object({ topic: z.literal("confirmation"), message: z.object({ hash: z.string() }) });
const other = z.object({ topic: z.string() });
const message = z.union([acknowledgement, confirmation, other]);

/** undefined for what no node says. */
export function readMessage(text: string): Heard | undefined {
  if (text.length > MAX_MESSAGE_BYTES) return undefined;
  const { data } = message.safeParse(parseJson(text));
  if (data === undefined) return undefined;
  if ("ack" in data) return /^[0-9]{1,15}$/.test(data.id ?? "") ? { kind: "ack", id: Number(data.id) } : OTHER;
  if (!("message" in data)) return OTHER;
  const hash = data.message.hash.toLowerCase();
  return isBlockHash(hash) ? { kind: "confirmation", hash } : OTHER;
}

const OTHER: Heard = { kind: "other" };

/** The node's own ping, answered like any request: one in the websocket's own frames is answered by proxies as well. */
export function encodePing(id: number): string {
  return JSON.stringify({ action: "ping", id: String(id) });
}

/**
 * Takes the place of a subscription that is there. With the block, always: an accounts filter looks into it, ours and
 * that of everybody who connected to the node after us (SPEC 9).
 */
export function encodeSubscribe(id: number, accounts: readonly PublicKey[] | undefined): string {
  const filter = accounts === undefined ? {} : { accounts: list(accounts) };
  const options = { confirmation_type: "all", include_block: "true", ...filter };
  return JSON.stringify({ action: "subscribe", topic: "confirmation", ack: true, id: String(id), options });
}

export function encodeUpdate(id: number, added: readonly PublicKey[], removed: readonly PublicKey[]): string {
  const options = {
    ...(added.length > 0 && { accounts_add: list(added) }),
    ...(removed.length > 0 && { accounts_del: list(removed) }),
  };
  return JSON.stringify({ action: "update", topic: "confirmation", ack: true, id: String(id), options });
}

function list(accounts: readonly PublicKey[]): readonly string[] {
  return accounts.map(addressOf);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
