import { NanoError } from "../errors/index.js";
import { type BlockHash, MAX_RAW, type PublicKey, ZERO_HASH } from "../nano/index.js";
import { destinationOf, hashLegacyOpen, type LegacyOpenBlock, sourceOf } from "./ledger-block.js";
import type { AccountEntry, CheckedBlock, LedgerEntry, ReceivableEntry } from "./ledger-entry.js";
import { Receivables } from "./receivables.js";

type Mutable<Entry> = { -readonly [Key in keyof Entry]: Entry[Key] };

/**
 * Chains, accounts and receivables in memory. It believes its caller: only blocks that passed the checks may be
 * inserted. Everything is found by hash or account, so a block costs the same on an empty and on a full ledger.
 */
export class LedgerState {
  readonly genesisHash: BlockHash;
  readonly #blocks = new Map<BlockHash, Mutable<LedgerEntry>>();
  readonly #accounts = new Map<PublicKey, Mutable<AccountEntry>>();
  readonly #receivables = new Receivables();
  readonly #weights = new Map<PublicKey, bigint>();
  readonly #unconfirmed = new Set<BlockHash>();

  constructor(genesis: LegacyOpenBlock, nowSeconds: number) {
    const { account, representative } = genesis;
    const hash = hashLegacyOpen(genesis);
    this.genesisHash = hash;
    this.#blocks.set(hash, {
      hash,
      account,
      block: genesis,
      previous: ZERO_HASH,
      kind: "receive",
      amountRaw: MAX_RAW,
      balanceRaw: MAX_RAW,
      height: 1,
      seenAtSeconds: nowSeconds,
      successor: undefined,
      receivedBy: undefined,
      confirmed: true,
    });
    this.#accounts.set(account, {
      account,
      head: hash,
      openBlock: hash,
      representative,
      balanceRaw: MAX_RAW,
      blockCount: 1,
      confirmedHeight: 1,
      confirmedFrontier: hash,
      modifiedAtSeconds: nowSeconds,
    });
    this.#weights.set(representative, MAX_RAW);
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  get confirmedCount(): number {
    return this.#blocks.size - this.#unconfirmed.size;
  }

  get accountCount(): number {
    return this.#accounts.size;
  }

  block(hash: BlockHash): LedgerEntry | undefined {
    return this.#blocks.get(hash);
  }

  account(account: PublicKey): AccountEntry | undefined {
    return this.#accounts.get(account);
  }

  weight(representative: PublicKey): bigint {
    return this.#weights.get(representative) ?? 0n;
  }

  receivableEntry(account: PublicKey, send: BlockHash): ReceivableEntry | undefined {
    return this.#receivables.find(account, send);
  }

  /** In the order of the hashes, as the node's table has them. */
  receivableOf(account: PublicKey): readonly ReceivableEntry[] {
    return this.#receivables.list(account);
  }

  /** In the order they came in, so that confirming one after the other never jumps ahead. */
  unconfirmed(): readonly BlockHash[] {
    return [...this.#unconfirmed];
  }

  /** Everything the block needs to be confirmed is: such a block has an election, in the node's words it is active. */
  isActive(entry: LedgerEntry): boolean {
    if (entry.confirmed || entry.block.type === "open") return false;
    const before = this.#blocks.get(entry.previous);
    const source = entry.kind === "receive" ? this.#blocks.get(sourceOf(entry.block)) : undefined;
    return (before?.confirmed ?? true) && (source?.confirmed ?? true);
  }

  insert(checked: CheckedBlock, nowSeconds: number): LedgerEntry {
    const { hash, block, kind, amountRaw } = checked;
    const { account, previous, representative, balanceRaw } = block;
    const before = this.#accounts.get(account);
    const entry: Mutable<LedgerEntry> = {
      hash,
      account,
      block,
      previous,
      kind,
      amountRaw,
      balanceRaw,
      height: (before?.blockCount ?? 0) + 1,
      seenAtSeconds: nowSeconds,
      successor: undefined,
      receivedBy: undefined,
      confirmed: false,
    };
    this.#blocks.set(hash, entry);
    this.#unconfirmed.add(hash);
    this.#linkSuccessor(previous, hash);
    if (kind === "send") this.#receivables.add(destinationOf(block), { hash, source: account, amountRaw });
    if (kind === "receive") {
      this.#receivables.remove(account, sourceOf(block));
      this.#linkReceive(sourceOf(block), hash);
    }
    if (before !== undefined) this.#addWeight(before.representative, -before.balanceRaw);
    this.#addWeight(representative, balanceRaw);
    this.#accounts.set(account, {
      account,
      head: hash,
      openBlock: before?.openBlock ?? hash,
      representative,
      balanceRaw,
      blockCount: entry.height,
      confirmedHeight: before?.confirmedHeight ?? 0,
      confirmedFrontier: before?.confirmedFrontier ?? ZERO_HASH,
      modifiedAtSeconds: nowSeconds,
    });
    return entry;
  }

  /**
   * Confirms the block and what it stands on: the blocks before it on its chain and, for a receive, the send and the
   * blocks before that. Returns the newly confirmed ones, what others stand on first.
   */
  confirm(hash: BlockHash): readonly LedgerEntry[] {
    const confirmed: LedgerEntry[] = [];
    const waiting = [hash];
    for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
      const entry = this.#blocks.get(next);
      const needed = entry === undefined ? undefined : this.#unconfirmedDependency(entry);
      if (needed !== undefined) {
        waiting.push(needed);
        continue;
      }
      waiting.pop();
      if (entry === undefined || entry.confirmed) continue;
      this.#markConfirmed(entry);
      confirmed.push(entry);
    }
    return confirmed;
  }

  /**
   * Takes the block off the ledger with everything that stands on it, heads first, as a forced fork does. Returns what
   * was removed; nothing when the block is confirmed: that is final.
   */
  rollback(hash: BlockHash, nowSeconds: number): readonly LedgerEntry[] {
    const removed: LedgerEntry[] = [];
    if (this.#blocks.get(hash)?.confirmed === true) return removed;
    const waiting = [hash];
    for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
      const goal = this.#blocks.get(next);
      const head = goal === undefined ? undefined : this.#headOf(goal.account);
      if (head === undefined) waiting.pop();
      else if (head.receivedBy !== undefined) waiting.push(head.receivedBy);
      else removed.push(this.#removeHead(head, nowSeconds));
    }
    return removed;
  }

  #unconfirmedDependency(entry: LedgerEntry): BlockHash | undefined {
    if (entry.confirmed || entry.block.type === "open") return undefined;
    const needed = entry.kind === "receive" ? [entry.previous, sourceOf(entry.block)] : [entry.previous];
    return needed.find((hash) => this.#blocks.get(hash)?.confirmed === false);
  }

  #markConfirmed(entry: Mutable<LedgerEntry>): void {
    entry.confirmed = true;
    this.#unconfirmed.delete(entry.hash);
    const account = this.#accounts.get(entry.account);
    if (account === undefined) return;
    account.confirmedHeight = entry.height;
    account.confirmedFrontier = entry.hash;
  }

  #headOf(account: PublicKey): LedgerEntry | undefined {
    const head = this.#accounts.get(account)?.head;
    return head === undefined ? undefined : this.#blocks.get(head);
  }

  #removeHead(entry: LedgerEntry, nowSeconds: number): LedgerEntry {
    const { hash, block, account, previous, kind } = entry;
    const info = this.#accounts.get(account);
    if (block.type === "open" || info === undefined) throw new NanoError("invalid_block", { why: "genesis stays" });
    this.#blocks.delete(hash);
    this.#unconfirmed.delete(hash);
    this.#linkSuccessor(previous, undefined);
    if (kind === "send") this.#receivables.remove(destinationOf(block), hash);
    if (kind === "receive") {
      const send = this.#blocks.get(sourceOf(block));
      this.#linkReceive(sourceOf(block), undefined);
      if (send !== undefined)
        this.#receivables.add(account, { hash: send.hash, source: send.account, amountRaw: send.amountRaw });
    }
    this.#addWeight(info.representative, -entry.balanceRaw);
    const before = this.#blocks.get(previous);
    if (before === undefined) {
      this.#accounts.delete(account);
      return entry;
    }
    info.head = before.hash;
    info.balanceRaw = before.balanceRaw;
    info.representative = before.block.representative;
    info.blockCount = before.height;
    info.modifiedAtSeconds = nowSeconds;
    this.#addWeight(info.representative, before.balanceRaw);
    return entry;
  }

  #linkSuccessor(hash: BlockHash, successor: BlockHash | undefined): void {
    const entry = this.#blocks.get(hash);
    if (entry !== undefined) entry.successor = successor;
  }

  #linkReceive(send: BlockHash, receivedBy: BlockHash | undefined): void {
    const entry = this.#blocks.get(send);
    if (entry !== undefined) entry.receivedBy = receivedBy;
  }

  #addWeight(representative: PublicKey, differenceRaw: bigint): void {
    this.#weights.set(representative, this.weight(representative) + differenceRaw);
  }
}
