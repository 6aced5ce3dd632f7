import type { BlockHash } from "../../nano/index.js";
import { sourceOf } from "../ledger-block.js";
import type { LedgerEntry } from "../ledger-entry.js";
import { encodeConfirmation } from "./confirmation-message.js";
import type { ConfirmationOptions, ConfirmationType, MessageParts } from "./confirmation-options.js";

export interface Subscriber {
  /** undefined while it has not subscribed. */
  readonly confirmationOptions: ConfirmationOptions | undefined;
  send(text: string): void;
}

export interface ConfirmationFeedOptions {
  /** Milliseconds. */
  readonly clock: () => number;
  readonly tallyRaw: () => bigint;
  /** Stands between the feed and those who are told; default: they are told. */
  readonly spoil?: (text: string, deliver: (text: string) => void) => void;
}

/** Tells whoever is connected now of each block that is confirmed now; there is no history. */
export class ConfirmationFeed {
  readonly #options: ConfirmationFeedOptions;
  /** In the order of connection. */
  readonly #subscribers = new Set<Subscriber>();

  constructor(options: ConfirmationFeedOptions) {
    this.#options = options;
  }

  add(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
  }

  /** Blocks that were confirmed together, what others stand on first; the last is the one that was meant. */
  publish(entries: readonly LedgerEntry[]): void {
    const together = new Set(entries.map((entry) => entry.hash));
    const meant = entries.at(-1);
    for (const entry of entries) this.#push(entry, entry === meant ? "active_quorum" : typeOf(entry, together));
  }

  /** The trap of SPEC 9: there is one message, and the first-connected subscriber's options say what is in it. */
  #push(entry: LedgerEntry, type: ConfirmationType): void {
    const { clock, tallyRaw, spoil = tellAsIs } = this.#options;
    const told: Subscriber[] = [];
    let message: { readonly text: string; readonly parts: MessageParts } | undefined;
    for (const subscriber of this.#subscribers) {
      const options = subscriber.confirmationOptions;
      if (options === undefined) continue;
      message ??= {
        text: encodeConfirmation({ entry, type, nowMs: clock(), tallyRaw: tallyRaw() }, options.parts),
        parts: options.parts,
      };
      if (options.accepts(entry, type, message.parts)) told.push(subscriber);
    }
    if (message === undefined || told.length === 0) return;
    spoil(message.text, (text) => {
      for (const subscriber of told) subscriber.send(text);
    });
  }
}

function tellAsIs(text: string, deliver: (text: string) => void): void {
  deliver(text);
}

/** A block whose predecessor or source was confirmed only with it had no election of its own. */
function typeOf({ block, kind, previous }: LedgerEntry, together: ReadonlySet<BlockHash>): ConfirmationType {
  const source = kind === "receive" && block.type === "state" ? sourceOf(block) : previous;
  return together.has(previous) || together.has(source) ? "inactive" : "active_confirmation_height";
}
