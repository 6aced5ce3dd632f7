import type { BlockHash, PublicKey } from "../../nano/index.js";
import { encodePing, encodeSubscribe, encodeUpdate, readMessage } from "./messages.js";

/** The subscription over one open socket; it ends with the socket. */
export interface Session {
  add(account: PublicKey): void;
  remove(account: PublicKey): void;
  /** Whether the node has answered that it tells of this account. */
  isHeard(account: PublicKey): boolean;
  receive(text: string): void;
  /** A look found a confirmation that should have been pushed. */
  noteMiss(): void;
  /** To be called every few seconds; false: the other side is gone. */
  beat(): boolean;
}

export interface SessionOptions {
  readonly send: (text: string) => void;
  readonly accounts: Iterable<PublicKey>;
  readonly onPush: (hash: BlockHash) => void;
  /** The node has answered: accounts may be heard that were not. */
  readonly onAnswer: () => void;
}

/** With more accounts there is no filter: a node ends the connection at 16,384, and looks each message up in it. */
const MAX_FILTER = 4_096;
/** Back to a filter only far below, not to go to and fro. */
const FILTER_AGAIN = MAX_FILTER / 2;
/** Accounts that nobody waits for any more leave the filter when others come, when they are this many, or at the end. */
const MAX_LEFT_OVER = 256;
/** Beats without a word, before the other side is asked whether it is there. */
const SILENT_BEATS = 3;
/**
 * Where the first-connected subscriber of a node leaves the blocks out, nothing gets through anybody's account filter
 * (SPEC 9). After so many confirmations that were not pushed, with nothing let through between, we do without one.
 */
const MAX_MISSES = 3;

export function createSession({ send, accounts, onPush, onAnswer }: SessionOptions): Session {
  /** What the node was asked to tell of, each with the number of that request. */
  const listed = new Map<PublicKey, number>();
  const fresh = new Set<PublicKey>(accounts);
  const leftOver = new Set<PublicKey>();
  let isFiltered = true;
  let isFilterBlind = false;
  let misses = 0;
  let subscribedId = 0;
  let lastId = 0;
  let answeredId = 0;
  let idAtBeat = 0;
  let silentBeats = 0;
  let hasSpoken = false;

  const flush = (): void => {
    const size = listed.size - leftOver.size + fresh.size;
    const wantsFilter = size === 0 || (!isFilterBlind && size <= (isFiltered ? MAX_FILTER : FILTER_AGAIN));
    const needsSubscription = subscribedId === 0 ? fresh.size > 0 : wantsFilter !== isFiltered;
    const isLeftOverDue = leftOver.size >= MAX_LEFT_OVER || size === 0;
    if (!needsSubscription && fresh.size === 0 && !isLeftOverDue) return;

    const [added, removed] = [[...fresh], [...leftOver]];
    fresh.clear();
    leftOver.clear();
    for (const account of removed) listed.delete(account);
    isFiltered = wantsFilter;
    if (needsSubscription) subscribe(added);
    else if (isFiltered && added.length + removed.length > 0) update(added, removed);
  };

  const subscribe = (added: readonly PublicKey[]): void => {
    subscribedId = ++lastId;
    for (const account of added) listed.set(account, lastId);
    send(encodeSubscribe(lastId, isFiltered ? [...listed.keys()] : undefined));
  };

  const update = (added: readonly PublicKey[], removed: readonly PublicKey[]): void => {
    lastId += 1;
    for (const account of added) listed.set(account, lastId);
    send(encodeUpdate(lastId, added, removed));
  };

  /** One request for all that comes up in this turn, and on its way before the caller hands its block to the node. */
  const flushSoon = (): void => {
    queueMicrotask(flush);
  };

  flush();
  return {
    add(account) {
      leftOver.delete(account);
      if (listed.has(account)) return;
      if (isFiltered) {
        fresh.add(account);
        flushSoon();
      } else {
        listed.set(account, subscribedId);
      }
    },
    remove(account) {
      if (!fresh.delete(account)) leftOver.add(account);
      flushSoon();
    },
    isHeard(account) {
      const id = listed.get(account);
      return id !== undefined && id <= answeredId;
    },
    receive(text) {
      const heard = readMessage(text);
      if (heard === undefined) return;
      hasSpoken = true;
      if (heard.kind === "confirmation") {
        misses = 0;
        onPush(heard.hash);
      }
      if (heard.kind !== "ack" || heard.id <= answeredId || heard.id > lastId) return;
      answeredId = heard.id;
      onAnswer();
    },
    noteMiss() {
      misses += 1;
      if (misses < MAX_MISSES) return;
      isFilterBlind = true;
      flushSoon();
    },
    beat() {
      if (idAtBeat > answeredId) return false;
      silentBeats = hasSpoken ? 0 : silentBeats + 1;
      hasSpoken = false;
      if (silentBeats >= SILENT_BEATS && lastId === answeredId) {
        lastId += 1;
        send(encodePing(lastId));
      }
      idAtBeat = lastId;
      return true;
    },
  };
}
