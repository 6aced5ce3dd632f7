import { expect } from "vitest";
import { BlockProcessor } from "../../src/dev-ledger/block-processor.js";
import { destinationOf, type StateBlock, sourceOf } from "../../src/dev-ledger/ledger-block.js";
import type { LedgerEntry } from "../../src/dev-ledger/ledger-entry.js";
import { LedgerState } from "../../src/dev-ledger/ledger-state.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import {
  type BlockHash,
  derivePublicKey,
  hashBlock,
  MAX_RAW,
  type PublicKey,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";
import type { Move } from "./ledger-moves.js";

interface Owner {
  readonly key: PublicKey;
  readonly secretKey: Uint8Array;
}

/** A ledger that plays moves, and a book beside it that says what has to be true of it. */
export class LedgerWorld {
  readonly state: LedgerState;
  readonly processor: BlockProcessor;
  readonly totals = { accepted: 0, removed: 0, cameInLater: 0, confirmed: 0, forcedOnConfirmed: 0 };
  readonly #owners: readonly Owner[];
  readonly #work: DevNetwork["work"];
  readonly #seen: StateBlock[] = [];
  /** What is on the ledger, by what was told of it: in, and out again. */
  readonly #present = new Set<BlockHash>();
  /** What was confirmed, with its successor where that was confirmed too. */
  readonly #confirmed = new Map<BlockHash, number>();

  constructor(network: DevNetwork) {
    const secretKeys = [network.genesisSecretKey, ...[1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))];
    this.#owners = secretKeys.map((secretKey) => ({ key: publicKeyOf(derivePublicKey(secretKey)), secretKey }));
    this.#work = network.work;
    this.state = new LedgerState(network.genesis, 0);
    this.#present.add(this.state.genesisHash);
    this.#confirmed.set(this.state.genesisHash, 1);
    this.processor = new BlockProcessor({
      state: this.state,
      work: this.#work,
      nowSeconds: () => 0,
      onAccepted: ({ hash }) => {
        this.totals.accepted += 1;
        this.#present.add(hash);
      },
      onRemoved: ({ hash, confirmed }) => {
        expect(confirmed).toBe(false);
        this.totals.removed += 1;
        this.#present.delete(hash);
      },
    });
  }

  play(step: Move): void {
    if (step.act === "confirm") this.#confirm(step.amount);
    else if (step.act === "child first") this.#processChildFirst(step);
    else this.#process(step);
    this.#checkConfirmed();
  }

  #confirm(choice: number): void {
    const candidates = this.state.unconfirmed();
    const hash = candidates[choice % Math.max(candidates.length, 1)];
    for (const entry of hash === undefined ? [] : this.state.confirm(hash)) {
      this.totals.confirmed += 1;
      this.#confirmed.set(entry.hash, entry.height);
    }
  }

  #processChildFirst(step: Move): void {
    const parent = this.build({ ...step, act: "send" });
    const child = sign({ ...parent, previous: hashBlock(parent), link: ZERO_HASH }, this.#owner(step.owner).secretKey);
    for (const block of [child, parent]) this.processor.process(block);
    if (this.state.block(hashBlock(child)) !== undefined) this.totals.cameInLater += 1;
  }

  #process(step: Move): void {
    const seen = this.#seen[step.amount % Math.max(this.#seen.length, 1)];
    const block = step.act === "replay" ? seen : this.build(step);
    if (block === undefined) return;
    this.#seen.push(block);
    const refusal = this.processor.process(block);
    if (refusal === "fork" && step.force) this.#force(block);
  }

  /** The rival of a confirmed block gets nowhere: not one block comes or goes. */
  #force(block: StateBlock): void {
    const isFirst = block.previous === ZERO_HASH;
    const rival = isFirst ? this.state.account(block.account)?.openBlock : this.state.block(block.previous)?.successor;
    const isFinal = rival !== undefined && this.#confirmed.has(rival);
    const before = [...this.#present];
    const refusal = this.processor.force(block);
    if (!isFinal) return;
    this.totals.forcedOnConfirmed += 1;
    expect(refusal).toBe("fork");
    expect([...this.#present]).toEqual(before);
  }

  /** Who has no account yet gets one, by receiving or by being paid; else most moves would come to nothing. */
  build(step: Move): StateBlock {
    const { key } = this.#owner(step.owner);
    if (this.state.account(key) !== undefined) return this.#buildFor(step);
    if ([...this.state.receivableOf(key)].length > 0) return this.#buildFor({ ...step, act: "receive" });
    return this.#buildFor({ ...step, act: "send", owner: 0, other: step.owner });
  }

  #buildFor({ owner, other, act, amount, flaw }: Move): StateBlock {
    const { key, secretKey } = this.#owner(owner);
    const info = this.state.account(key);
    const headRaw = info?.balanceRaw ?? 0n;
    const open = [...this.state.receivableOf(key)];
    const wanted = open[amount % Math.max(open.length, 1)];
    const fine = {
      send: { balanceRaw: headRaw > BigInt(amount) ? headRaw - BigInt(amount) : 0n, link: this.#owner(other).key },
      receive: { balanceRaw: headRaw + (wanted?.amountRaw ?? 1n), link: wanted?.hash ?? this.#owner(other).key },
      change: { balanceRaw: headRaw, link: ZERO_HASH },
    }[act === "send" || act === "receive" ? act : "change"];
    const wrongRaw = fine.balanceRaw + (flaw === "balance" ? BigInt(amount) : 0n);
    const unsigned = {
      account: key,
      representative: this.#owner(other).key,
      previous: this.#previousFor(flaw, owner, other),
      link: fine.link,
      balanceRaw: wrongRaw > MAX_RAW ? MAX_RAW : wrongRaw,
    };
    return sign(unsigned, flaw === "signature" ? this.#owner(owner + 1).secretKey : secretKey);
  }

  #previousFor(flaw: Move["flaw"], owner: number, other: number): BlockHash {
    const { key } = this.#owner(owner);
    const info = this.state.account(key);
    if (flaw === "stale") return info?.openBlock ?? ZERO_HASH;
    if (flaw === "rival") return this.state.block(info?.head ?? ZERO_HASH)?.previous ?? ZERO_HASH;
    if (flaw === "first") return ZERO_HASH;
    if (flaw === "other chain") return this.state.account(this.#owner(other).key)?.head ?? ZERO_HASH;
    if (flaw !== "unknown previous") return info?.head ?? ZERO_HASH;
    return hashBlock({ account: key, previous: ZERO_HASH, representative: key, balanceRaw: 1n, link: key });
  }

  #owner(index: number): Owner {
    const owner = this.#owners[index % this.#owners.length];
    if (owner === undefined) throw new Error("no such owner");
    return owner;
  }

  /** After every move: what was confirmed is still there, where it was. */
  #checkConfirmed(): void {
    for (const [hash, height] of this.#confirmed) {
      const entry = this.state.block(hash);
      if (entry?.confirmed !== true || entry.height !== height)
        expect(entry).toMatchObject({ confirmed: true, height });
    }
  }

  check(): void {
    const { state } = this;
    let sumRaw = 0n;
    const heldRaw = new Map<PublicKey, bigint>();
    for (const { key } of this.#owners) {
      const info = state.account(key);
      sumRaw += (info?.balanceRaw ?? 0n) + this.#walkDown(key);
      if (info === undefined) continue;
      expect(state.block(info.head)?.block.representative).toBe(info.representative);
      heldRaw.set(info.representative, (heldRaw.get(info.representative) ?? 0n) + info.balanceRaw);
    }
    expect(sumRaw).toBe(MAX_RAW);
    expect(new Map(state.weights())).toEqual(new Map([...heldRaw].filter(([, raw]) => raw > 0n)));
    this.#checkOneBlockPerPrevious();
    this.#checkIndexes();
  }

  /** Of all blocks that are told to be on the ledger no two follow one block, and no two open one account. */
  #checkOneBlockPerPrevious(): void {
    const entries = [...this.#present].map((hash) => this.state.block(hash));
    const places = entries.map((entry) => (entry?.previous === ZERO_HASH ? entry.account : entry?.previous));
    expect(entries).not.toContain(undefined);
    expect(new Set(places).size).toBe(entries.length);
    expect(entries.length).toBe(this.state.blockCount);
  }

  /** Lists and sums that are kept are what could be gathered from the blocks. */
  #checkIndexes(): void {
    const { state } = this;
    const entries = [...this.#present].flatMap((hash) => state.block(hash) ?? []);
    const isConfirmed = (hash: BlockHash): boolean => state.block(hash)?.confirmed ?? true;
    const dependencies = (entry: LedgerEntry): BlockHash[] =>
      entry.kind === "receive" && entry.block.type === "state"
        ? [entry.previous, sourceOf(entry.block)]
        : [entry.previous];
    const active = entries.filter((entry) => !entry.confirmed && dependencies(entry).every(isConfirmed));
    expect(hashesOf(state.elections()).toSorted()).toEqual(hashesOf(active).toSorted());
    const opened = this.#owners.map(({ key }) => key).filter((key) => state.account(key) !== undefined);
    expect(state.accountCount).toBe(opened.length);
    for (const { key } of this.#owners) {
      const later = [...state.accountsFrom(key)].map(({ account }) => account);
      expect(later).toEqual(opened.filter((other) => other >= key).toSorted());
      const open = entries.filter((entry) => state.receivableEntry(key, entry.hash) !== undefined);
      expect(hashesOf(state.receivableOf(key))).toEqual(hashesOf(open).toSorted());
      expect(state.receivableSums(key)).toMatchObject({
        allRaw: sumOf(open),
        confirmedRaw: sumOf(open.filter(({ confirmed }) => confirmed)),
      });
    }
  }

  /**
   * From the head: heights without a hole, the confirmed ones at the bottom, and every send either receivable or
   * received once. A replayed receive may have become a send to a "key" that is a hash; that money is receivable for
   * ever, as on a real ledger. Returns what the account sent and nobody received.
   */
  #walkDown(key: PublicKey): bigint {
    const { state } = this;
    const info = state.account(key);
    let successor: BlockHash | undefined;
    let height = info?.blockCount ?? 0;
    let notReceivedRaw = 0n;
    for (let entry = state.block(info?.head ?? ZERO_HASH); entry !== undefined; entry = state.block(entry.previous)) {
      const confirmed = height <= (info?.confirmedHeight ?? 0);
      expect(entry).toMatchObject({ account: key, height, successor, confirmed });
      successor = entry.hash;
      height -= 1;
      if (entry.block.type === "open") continue;
      if (entry.kind === "receive") {
        const { hash, amountRaw } = entry;
        expect(state.block(sourceOf(entry.block))).toMatchObject({ kind: "send", receivedBy: hash, amountRaw });
      }
      if (entry.kind !== "send") continue;
      const open = state.receivableEntry(destinationOf(entry.block), entry.hash);
      expect(open?.amountRaw).toBe(entry.receivedBy === undefined ? entry.amountRaw : undefined);
      notReceivedRaw += open?.amountRaw ?? 0n;
    }
    expect(height).toBe(0);
    return notReceivedRaw;
  }
}

function hashesOf(entries: Iterable<LedgerEntry>): BlockHash[] {
  return [...entries].map(({ hash }) => hash);
}

function sumOf(entries: readonly LedgerEntry[]): bigint {
  return entries.reduce((sumRaw, { amountRaw }) => sumRaw + amountRaw, 0n);
}

function sign(unsigned: UnsignedBlock, secretKey: Uint8Array): StateBlock {
  return { type: "state", ...signBlock(unsigned, secretKey), work: "0".repeat(16) };
}
