import type { LedgerEntry } from "../ledger-entry.js";
import { type CreatePeer, Peer } from "./peer.js";

/**
 * How the nodes of one network hear of each other's blocks: in order, and before the call that started it returns, so
 * that a test sees the same thing every time. The first that joins is the network: what the others take goes through
 * it, and it alone decides what is confirmed. A real network has no such centre; a test has no use for votes.
 */
export class Gossip {
  readonly #connected = new Set<Peer>();
  /** How far each of those who are away has followed. */
  readonly #away = new Map<Peer, number>();
  /** What the network confirmed, step by step; a step of one, which most are, without a list around it. */
  readonly #confirmed: (LedgerEntry | readonly LedgerEntry[])[] = [];
  readonly #messages: (() => void)[] = [];
  #network: Peer | undefined;
  #isPassingOn = false;

  /** Who joins later catches up at once. */
  join(create: CreatePeer): Peer {
    const peer: Peer = new Peer(create, {
      accepted: (entry) => {
        this.#tell(peer, (other) => {
          other.receive(entry);
        });
      },
      confirmed: (entries) => {
        if (peer !== this.#network) return;
        const [first] = entries;
        this.#confirmed.push(first === undefined || entries.length > 1 ? entries : first);
        this.#tell(peer, (other) => {
          other.follow(entries);
        });
      },
      // What a rival was in the way of can come in now.
      forced: () => {
        this.#tell(peer, (other) => {
          other.offerTo(peer);
        });
      },
    });
    if (this.#network === undefined) {
      this.#network = peer;
    } else {
      this.#away.set(peer, 0);
      this.connect(peer);
    }
    return peer;
  }

  isConnected(peer: Peer): boolean {
    return this.#connected.has(peer);
  }

  disconnect(peer: Peer): void {
    if (this.#connected.delete(peer)) this.#away.set(peer, this.#confirmed.length);
  }

  /** First what was confirmed meanwhile, which wins over anything there; then what is not, both ways. */
  connect(peer: Peer): void {
    const followed = this.#away.get(peer);
    const network = this.#network;
    if (followed === undefined || network === undefined) return;
    this.#away.delete(peer);
    this.#connected.add(peer);
    const missed = this.#confirmed.slice(followed);
    this.#post(() => {
      for (const step of missed) peer.follow([step].flat());
      network.offerTo(peer);
      peer.offerTo(network);
    });
  }

  /** For good. */
  leave(peer: Peer): void {
    this.#connected.delete(peer);
    this.#away.delete(peer);
  }

  #tell(from: Peer, message: (to: Peer) => void): void {
    const network = this.#network;
    const listeners = from === network ? this.#connected : this.#connected.has(from) && network ? [network] : [];
    for (const to of listeners) {
      this.#post(() => {
        message(to);
      });
    }
  }

  /** One after the other: a node never hears of a block in the middle of another, nor out of order. */
  #post(message: () => void): void {
    this.#messages.push(message);
    if (this.#isPassingOn) return;
    this.#isPassingOn = true;
    try {
      for (let next = this.#messages.shift(); next !== undefined; next = this.#messages.shift()) next();
    } finally {
      this.#isPassingOn = false;
    }
  }
}
