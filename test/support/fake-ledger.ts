import { NanoError } from "../../src/errors/index.js";
import type {
  AccountInfo,
  BlockInfo,
  BlockSubtype,
  Ledger,
  ProcessResult,
  Receivable,
} from "../../src/ledger/index.js";
import {
  type BlockHash,
  hashBlock,
  isBlockSignatureValid,
  type PublicKey,
  parseBlockHash,
  type SignedBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";
import type { ManualTime } from "./manual-time.js";

/**
 * What befalls the next `process`: `lost…` gets no answer, before or after the block got in; `lostSilently` is
 * `lostAfter` in an error that does not say so.
 */
export type ProcessFault = "unsent" | "lostBefore" | "lostAfter" | "lostSilently" | { readonly refuse: string };

interface Stored {
  readonly block: SignedBlock;
  readonly subtype: BlockSubtype;
  readonly amountRaw: bigint;
  isConfirmed: boolean;
}

/** A ledger of chains in memory that does to the purse whatever a test wants. Everything it does is immediate. */
export class FakeLedger implements Ledger {
  isOffline = false;
  /** New blocks are confirmed at once. */
  confirmsAtOnce = true;
  /** An answer of `accountInfo` from a node that lags behind. */
  staleInfo: AccountInfo | undefined;
  /** Not found the next time it is asked for: it lands between two questions. */
  hiddenOnce: BlockHash | undefined;
  /** What is shown in place of a block. */
  readonly disguises = new Map<BlockHash, SignedBlock>();
  /** Run once, between the question for work and its answer. */
  whileWorking: (() => Promise<void> | void) | undefined;
  readonly faults: ProcessFault[] = [];
  /** Every call, accepted or not. */
  readonly processCalls: { readonly hash: BlockHash; readonly subtype: BlockSubtype }[] = [];
  readonly workCalls: { readonly root: string; readonly threshold: bigint }[] = [];
  isClosed = false;

  readonly #time: ManualTime;
  readonly #blocks = new Map<BlockHash, Stored>();
  readonly #heads = new Map<PublicKey, BlockHash>();
  readonly #receivable = new Map<BlockHash, Receivable & { readonly to: PublicKey }>();
  readonly #waiters = new Set<() => void>();
  #seed = 0;

  constructor(time: ManualTime) {
    this.#time = time;
  }

  /** Opens an account with a confirmed block that nobody signed. */
  open(account: PublicKey, balanceRaw: bigint): BlockHash {
    const block: SignedBlock = {
      account,
      previous: ZERO_HASH,
      representative: account,
      balanceRaw,
      link: this.#nextHash(),
      signature: "0".repeat(128),
      work: "0".repeat(16),
    };
    return this.#insert(block, "open", balanceRaw, true);
  }

  /** A confirmed send from elsewhere. */
  addReceivable(to: PublicKey, amountRaw: bigint): BlockHash {
    const hash = this.#nextHash();
    this.#receivable.set(hash, { hash, amountRaw, source: to, to });
    return hash;
  }

  /** A block that somebody else hands to the node. */
  land(block: SignedBlock): void {
    const refusal = this.#judge(block, "send");
    if (refusal !== undefined) throw new TypeError(refusal);
    this.#insert(block, "send", this.#amountOf(block), this.confirmsAtOnce);
  }

  /** The network decides for this block: what follows its `previous` is rolled back, and it is confirmed. */
  overrule(block: SignedBlock): void {
    this.rollBackTo(block.account, block.previous);
    this.#insert(block, "send", this.#amountOf(block), true);
  }

  rollBackTo(account: PublicKey, head: BlockHash): void {
    for (let hash = this.#heads.get(account); hash !== undefined && hash !== head; ) {
      const { previous } = this.#stored(hash).block;
      this.#blocks.delete(hash);
      hash = previous;
    }
    this.#heads.set(account, head);
  }

  /** Confirms a block and what it stands on. */
  confirm(hash: BlockHash): void {
    for (let next = this.#blocks.get(hash); next !== undefined; next = this.#blocks.get(next.block.previous)) {
      next.isConfirmed = true;
    }
    for (const wake of [...this.#waiters]) wake();
  }

  headOf(account: PublicKey): BlockHash {
    const head = this.#heads.get(account);
    if (head === undefined) throw new TypeError("the account has no block");
    return head;
  }

  /** The sends on the account's chain, oldest first. */
  sendsOf(account: PublicKey): SignedBlock[] {
    const sends: SignedBlock[] = [];
    for (let next = this.#blocks.get(this.headOf(account)); next !== undefined; ) {
      if (next.subtype === "send") sends.unshift(next.block);
      next = this.#blocks.get(next.block.previous);
    }
    return sends;
  }

  async accountInfo(account: PublicKey): Promise<AccountInfo | undefined> {
    this.#assertOnline();
    if (this.staleInfo !== undefined) return this.staleInfo;
    const frontier = this.#heads.get(account);
    if (frontier === undefined) return undefined;
    const head = this.#stored(frontier);
    let confirmed: Stored | undefined = head;
    while (confirmed !== undefined && !confirmed.isConfirmed) confirmed = this.#blocks.get(confirmed.block.previous);
    return {
      frontier,
      confirmedFrontier: confirmed === undefined ? undefined : hashBlock(confirmed.block),
      balanceRaw: head.block.balanceRaw,
      confirmedBalanceRaw: confirmed?.block.balanceRaw ?? 0n,
      representative: head.block.representative,
    };
  }

  async blockInfo(hash: BlockHash): Promise<BlockInfo | undefined> {
    this.#assertOnline();
    const stored = this.#blocks.get(hash);
    const isHidden = hash === this.hiddenOnce;
    if (isHidden) this.hiddenOnce = undefined;
    if (stored === undefined || isHidden) return undefined;
    const { subtype, amountRaw, isConfirmed } = stored;
    const block = this.disguises.get(hash) ?? stored.block;
    const successor = [...this.#blocks.values()].find((other) => other.block.previous === hash);
    return {
      account: block.account,
      amountRaw,
      balanceRaw: block.balanceRaw,
      confirmed: isConfirmed,
      localTimestampSeconds: Math.floor(this.#time.clock() / 1000),
      successor: successor === undefined ? undefined : hashBlock(successor.block),
      subtype,
      block,
    };
  }

  async process(block: SignedBlock, subtype: BlockSubtype): Promise<ProcessResult> {
    const fault = this.isOffline ? "unsent" : this.faults.shift();
    const hash = hashBlock(block);
    this.processCalls.push({ hash, subtype });
    if (fault === "unsent") throw new NanoError("ledger_unavailable", { mayHaveLanded: false });
    if (fault === "lostBefore") throw new NanoError("ledger_unavailable", { mayHaveLanded: true });
    if (typeof fault === "object") return { outcome: "refused", nodeError: fault.refuse };
    const refusal = this.#judge(block, subtype);
    if (refusal !== undefined) return { outcome: "refused", nodeError: refusal };
    this.#insert(block, subtype, this.#amountOf(block), this.confirmsAtOnce);
    if (fault === "lostAfter") throw new NanoError("ledger_unavailable", { mayHaveLanded: true });
    if (fault === "lostSilently") throw new NanoError("ledger_unavailable");
    return { outcome: "accepted", hash };
  }

  async waitForConfirmation(hash: BlockHash, wait: { timeoutMs: number; signal?: AbortSignal | undefined }) {
    const over = new AbortController();
    wait.signal?.addEventListener("abort", () => over.abort(), { once: true });
    if (wait.signal?.aborted === true) over.abort();
    void this.#time.sleep(wait.timeoutMs, over.signal).then(() => over.abort());
    while (!over.signal.aborted && this.#blocks.get(hash)?.isConfirmed !== true) {
      await new Promise<void>((resolve) => {
        this.#waiters.add(resolve);
        over.signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    const isConfirmed = this.#blocks.get(hash)?.isConfirmed === true;
    over.abort();
    return isConfirmed;
  }

  async receivable(account: PublicKey): Promise<readonly Receivable[]> {
    this.#assertOnline();
    return [...this.#receivable.values()].filter(({ to }) => to === account);
  }

  async generateWork(root: string, threshold: bigint): Promise<string> {
    this.workCalls.push({ root, threshold });
    const interruption = this.whileWorking;
    this.whileWorking = undefined;
    await interruption?.();
    return "00000000000000ff";
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  #judge(block: SignedBlock, subtype: BlockSubtype): string | undefined {
    if (!isBlockSignatureValid(block)) return "Bad signature";
    if (this.#blocks.has(hashBlock(block))) return "Old block";
    if (block.previous !== ZERO_HASH && !this.#blocks.has(block.previous)) return "Gap previous block";
    if ((this.#heads.get(block.account) ?? ZERO_HASH) !== block.previous) return "Fork";
    const balanceRaw = this.#blocks.get(block.previous)?.block.balanceRaw ?? 0n;
    if (subtype === "send") return block.balanceRaw < balanceRaw ? undefined : "Negative spend";
    const incoming = this.#receivable.get(parseBlockHash(block.link));
    if (incoming?.to !== block.account) return "Unreceivable";
    return block.balanceRaw === balanceRaw + incoming.amountRaw ? undefined : "Balance and amount delta do not match";
  }

  #insert(block: SignedBlock, subtype: BlockSubtype, amountRaw: bigint, isConfirmed: boolean): BlockHash {
    const hash = hashBlock(block);
    this.#blocks.set(hash, { block, subtype, amountRaw, isConfirmed: false });
    this.#heads.set(block.account, hash);
    if (subtype === "receive" || subtype === "open") this.#receivable.delete(parseBlockHash(block.link));
    if (isConfirmed) this.confirm(hash);
    return hash;
  }

  #amountOf(block: SignedBlock): bigint {
    const before = this.#blocks.get(block.previous)?.block.balanceRaw ?? 0n;
    return before > block.balanceRaw ? before - block.balanceRaw : block.balanceRaw - before;
  }

  #stored(hash: BlockHash): Stored {
    const stored = this.#blocks.get(hash);
    if (stored === undefined) throw new TypeError(`no block ${hash}`);
    return stored;
  }

  #nextHash(): BlockHash {
    this.#seed += 1;
    return parseBlockHash(this.#seed.toString(16).padStart(64, "a"));
  }

  #assertOnline(): void {
    if (this.isOffline) throw new NanoError("ledger_unavailable");
  }
}
