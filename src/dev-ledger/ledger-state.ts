import { NanoError } from "../errors/index.js";
import { type BlockHash, MAX_RAW, type PublicKey, ZERO_HASH } from "../nano/index.js";
import { destinationOf, hashLegacyOpen, type LegacyOpenBlock, type StateBlock, sourceOf } from "./ledger-block.js";
import { type AccountEntry, type CheckedBlock, type LedgerEntry, StoredBlock } from "./ledger-entry.js";
import { type ReceivableSums, Receivables } from "./receivables.js";
import { SortedSet } from "./sorted-set.js";
import { Weights } from "./weights.js";

type Mutable<Entry> = { -readonly [Key in keyof Entry]: Entry[Key] };

/**
 * Chains, accounts and receivables in memory. It believes its caller: only blocks that passed the checks may be
 * inserted. Everything is found by hash or account, and what is asked for as a list or a sum is kept as one, so a block
 * and a question cost the same on an empty and on a full ledger.
 */
export class LedgerState {
  readonly genesisHash: BlockHash;
  readonly #blocks = new Map<BlockHash, StoredBlock>();
  readonly #accounts = new Map<PublicKey, Mutable<AccountEntry>>();
  readonly #accountOrder = new SortedSet<PublicKey>();
  readonly #receivables = new Receivables();
  readonly #weights = new Weights();
  readonly #unconfirmed = new Set<BlockHash>();
  /** Of these, those that stand on nothing unconfirmed. */
  readonly #elections = new Set<BlockHash>();

  constructor(genesis: LegacyOpenBlock, nowSeconds: number) {
    const { account, representative } = genesis;
    const hash = hashLegacyOpen(genesis);
    this.genesisHash = hash;
    const entry = new StoredBlock({
      hash,
      block: genesis,
      kind: "receive",
      amountRaw: MAX_RAW,
      height: 1,
      seenAtSeconds: nowSeconds,
    });
    entry.confirmed = true;
    this.#blocks.set(hash, entry);
    this.#accountOrder.add(account);
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
    this.#weights.add(representative, MAX_RAW);
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  get confirmedCount(): number {
    return this.#blocks.size - this.#unconfirmed.size;
  }

  get accountCount(): number {
    return this.#accountOrder.size;
  }

  block(hash: BlockHash): LedgerEntry | undefined {
    return this.#blocks.get(hash);
  }

  account(account: PublicKey): AccountEntry | undefined {
    return this.#accounts.get(account);
  }

  /** In the order of their keys, from the first that is not below `start`. */
  *accountsFrom(start: PublicKey): Generator<AccountEntry, void, undefined> {
    for (const key of this.#accountOrder.from(start)) {
      const account = this.#accounts.get(key);
      if (account !== undefined) yield account;
    }
  }

  weight(representative: PublicKey): bigint {
    return this.#weights.of(representative);
  }

  /** Only those that have a weight. */
  weights(): Iterable<readonly [PublicKey, bigint]> {
    return this.#weights.entries();
  }

  /** The send, as long as nobody has received it. */
  receivableEntry(account: PublicKey, send: BlockHash): LedgerEntry | undefined {
    const entry = this.#blocks.get(send);
    if (entry?.kind !== "send" || entry.receivedBy !== undefined || entry.block.type === "open") return undefined;
    return entry.block.link === account ? entry : undefined;
  }

  /** In the order of the hashes, as the node's table has them. */
  *receivableOf(account: PublicKey): Generator<LedgerEntry, void, undefined> {
    for (const hash of this.#receivables.hashes(account)) {
      const entry = this.#blocks.get(hash);
      if (entry !== undefined) yield entry;
    }
  }

  receivableSums(account: PublicKey): ReceivableSums {
    return this.#receivables.sums(account);
  }

  /** In the order they came in, so that confirming one after the other never jumps ahead. */
  unconfirmed(): readonly BlockHash[] {
    return [...this.#unconfirmed];
  }

  /** Everything the block needs to be confirmed is: such a block has an election, in the node's words it is active. */
  isActive(entry: LedgerEntry): boolean {
    return this.#elections.has(entry.hash);
  }

  /** The active blocks, in the order in which they became so. */
  *elections(): Generator<LedgerEntry, void, undefined> {
    for (const hash of this.#elections) {
      const entry = this.#blocks.get(hash);
      if (entry !== undefined) yield entry;
    }
  }

  insert(checked: CheckedBlock, nowSeconds: number): LedgerEntry {
    const { hash, kind, amountRaw } = checked;
    const before = this.#accounts.get(checked.block.account);
    const block = this.#shareTexts(checked.block, before);
    const { account, previous, representative, balanceRaw } = block;
    const height = (before?.blockCount ?? 0) + 1;
    const entry = new StoredBlock({ hash, block, kind, amountRaw, height, seenAtSeconds: nowSeconds });
    this.#blocks.set(hash, entry);
    this.#unconfirmed.add(hash);
    this.#linkSuccessor(previous, hash);
    if (kind === "send") this.#receivables.add(destinationOf(block), entry);
    if (kind === "receive") this.#receive(entry, sourceOf(block));
    if (before === undefined) this.#accountOrder.add(account);
    else this.#weights.add(before.representative, -before.balanceRaw);
    this.#weights.add(representative, balanceRaw);
    this.#accounts.set(account, {
      account,
      head: hash,
      openBlock: before?.openBlock ?? hash,
      representative,
      balanceRaw,
      blockCount: height,
      confirmedHeight: before?.confirmedHeight ?? 0,
      confirmedFrontier: before?.confirmedFrontier ?? ZERO_HASH,
      modifiedAtSeconds: nowSeconds,
    });
    this.#startElection(entry);
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

  #startElection(entry: LedgerEntry | undefined): void {
    if (entry === undefined || entry.confirmed) return;
    if (this.#unconfirmedDependency(entry) === undefined) this.#elections.add(entry.hash);
  }

  #markConfirmed(entry: StoredBlock): void {
    entry.confirmed = true;
    this.#unconfirmed.delete(entry.hash);
    this.#elections.delete(entry.hash);
    if (entry.kind === "send" && entry.receivedBy === undefined && entry.block.type === "state") {
      this.#receivables.confirm(destinationOf(entry.block), entry);
    }
    for (const next of [entry.successor, entry.receivedBy]) {
      if (next !== undefined) this.#startElection(this.#blocks.get(next));
    }
    const account = this.#accounts.get(entry.account);
    if (account === undefined) return;
    account.confirmedHeight = entry.height;
    account.confirmedFrontier = entry.hash;
  }

  #headOf(account: PublicKey): StoredBlock | undefined {
    const head = this.#accounts.get(account)?.head;
    return head === undefined ? undefined : this.#blocks.get(head);
  }

  #removeHead(entry: LedgerEntry, nowSeconds: number): LedgerEntry {
    const { hash, block, account, previous, kind } = entry;
    const info = this.#accounts.get(account);
    if (block.type === "open" || info === undefined) throw new NanoError("invalid_block", { why: "genesis stays" });
    this.#blocks.delete(hash);
    this.#unconfirmed.delete(hash);
    this.#elections.delete(hash);
    this.#linkSuccessor(previous, undefined);
    if (kind === "send") this.#receivables.remove(destinationOf(block), entry);
    if (kind === "receive") this.#giveBack(account, sourceOf(block));
    this.#weights.add(info.representative, -entry.balanceRaw);
    const before = this.#blocks.get(previous);
    if (before === undefined) {
      this.#accounts.delete(account);
      this.#accountOrder.delete(account);
      return entry;
    }
    info.head = before.hash;
    info.balanceRaw = before.balanceRaw;
    info.representative = before.block.representative;
    info.blockCount = before.height;
    info.modifiedAtSeconds = nowSeconds;
    this.#weights.add(info.representative, before.balanceRaw);
    return entry;
  }

  #linkSuccessor(hash: BlockHash, successor: BlockHash | undefined): void {
    const entry = this.#blocks.get(hash);
    if (entry !== undefined) entry.successor = successor;
  }

  #receive({ hash, account }: LedgerEntry, source: BlockHash): void {
    const send = this.#blocks.get(source);
    if (send === undefined) return;
    this.#receivables.remove(account, send);
    send.receivedBy = hash;
  }

  #giveBack(account: PublicKey, source: BlockHash): void {
    const send = this.#blocks.get(source);
    if (send === undefined) return;
    this.#receivables.add(account, send);
    send.receivedBy = undefined;
  }

  /** Every block comes with texts of its own; a million blocks share those that say the same. */
  #shareTexts(block: StateBlock, account: AccountEntry | undefined): StateBlock {
    const linked = this.#blocks.get(sourceOf(block))?.hash ?? this.#accounts.get(destinationOf(block))?.account;
    const isKnown = account?.representative === block.representative;
    return {
      ...block,
      account: account?.account ?? block.account,
      previous: account?.head ?? ZERO_HASH,
      representative: isKnown ? account.representative : block.representative,
      link: linked ?? block.link,
    };
  }
}
