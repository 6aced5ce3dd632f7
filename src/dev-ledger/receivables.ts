import type { BlockHash, PublicKey } from "../nano/index.js";
import type { ReceivableEntry } from "./ledger-entry.js";

/** Sends that nobody received yet, by receiver and hash. */
export class Receivables {
  readonly #byAccount = new Map<PublicKey, Map<BlockHash, ReceivableEntry>>();

  find(account: PublicKey, send: BlockHash): ReceivableEntry | undefined {
    return this.#byAccount.get(account)?.get(send);
  }

  list(account: PublicKey): readonly ReceivableEntry[] {
    const entries = [...(this.#byAccount.get(account)?.values() ?? [])];
    return entries.sort((left, right) => (left.hash < right.hash ? -1 : 1));
  }

  add(account: PublicKey, entry: ReceivableEntry): void {
    const entries = this.#byAccount.get(account) ?? new Map<BlockHash, ReceivableEntry>();
    this.#byAccount.set(account, entries.set(entry.hash, entry));
  }

  remove(account: PublicKey, send: BlockHash): void {
    const entries = this.#byAccount.get(account);
    entries?.delete(send);
    if (entries?.size === 0) this.#byAccount.delete(account);
  }
}
