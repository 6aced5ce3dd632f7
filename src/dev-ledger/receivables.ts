import type { BlockHash, PublicKey } from "../nano/index.js";
import type { LedgerEntry } from "./ledger-entry.js";
import { SortedSet } from "./sorted-set.js";

export interface ReceivableSums {
  readonly allRaw: bigint;
  /** Of the sends that are confirmed. */
  readonly confirmedRaw: bigint;
}

interface AccountReceivables {
  readonly hashes: SortedSet<BlockHash>;
  allRaw: bigint;
  confirmedRaw: bigint;
}

const NOTHING: ReceivableSums = { allRaw: 0n, confirmedRaw: 0n };

/** Sends that nobody received yet, by receiver; sums are kept, a shop's account may have a hundred thousand of them. */
export class Receivables {
  readonly #byAccount = new Map<PublicKey, AccountReceivables>();

  sums(account: PublicKey): ReceivableSums {
    return this.#byAccount.get(account) ?? NOTHING;
  }

  /** In the order of the hashes, as the node's table has them. */
  hashes(account: PublicKey): Iterable<BlockHash> {
    return this.#byAccount.get(account)?.hashes.from("") ?? [];
  }

  add(account: PublicKey, { hash, amountRaw, confirmed }: LedgerEntry): void {
    const entries = this.#byAccount.get(account) ?? { hashes: new SortedSet(), ...NOTHING };
    this.#byAccount.set(account, entries);
    entries.hashes.add(hash);
    entries.allRaw += amountRaw;
    if (confirmed) entries.confirmedRaw += amountRaw;
  }

  remove(account: PublicKey, { hash, amountRaw, confirmed }: LedgerEntry): void {
    const entries = this.#byAccount.get(account);
    if (entries === undefined) return;
    entries.hashes.delete(hash);
    entries.allRaw -= amountRaw;
    if (confirmed) entries.confirmedRaw -= amountRaw;
    if (entries.hashes.size === 0) this.#byAccount.delete(account);
  }

  /** A send that is still receivable got confirmed. */
  confirm(account: PublicKey, { amountRaw }: LedgerEntry): void {
    const entries = this.#byAccount.get(account);
    if (entries !== undefined) entries.confirmedRaw += amountRaw;
  }
}
