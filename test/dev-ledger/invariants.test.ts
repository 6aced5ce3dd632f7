import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { BlockProcessor } from "../../src/dev-ledger/block-processor.js";
import { createDevNetwork } from "../../src/dev-ledger/genesis.js";
import { destinationOf, type StateBlock, sourceOf } from "../../src/dev-ledger/ledger-block.js";
import { LedgerState } from "../../src/dev-ledger/ledger-state.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import {
  type BlockHash,
  cryptoReady,
  derivePublicKey,
  hashBlock,
  MAX_RAW,
  type PublicKey,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";

/**
 * Random blocks, most of them wrong somewhere, by genesis and three others; some confirmations and forced forks in
 * between. A threshold of zero lets any work pass, so that runs are fast.
 */
interface Move {
  readonly owner: number;
  readonly other: number;
  readonly act: "send" | "receive" | "change" | "confirm" | "replay" | "child first";
  readonly amount: number;
  /** What is wrong with it, or "nothing". */
  readonly flaw: "nothing" | "stale" | "unknown previous" | "other chain" | "balance" | "signature" | "first";
  readonly force: boolean;
}

const move: fc.Arbitrary<Move> = fc.record({
  owner: fc.nat(3),
  other: fc.nat(3),
  act: fc.constantFrom("send", "send", "receive", "receive", "change", "confirm", "replay", "child first"),
  amount: fc.integer({ min: 0, max: 50 }),
  flaw: fc.oneof(
    { weight: 5, arbitrary: fc.constant("nothing" as const) },
    {
      weight: 3,
      arbitrary: fc.constantFrom("stale", "unknown previous", "other chain", "balance", "signature", "first"),
    },
  ),
  force: fc.boolean(),
});

let network: DevNetwork;
let owners: readonly { readonly key: PublicKey; readonly secretKey: Uint8Array }[];

beforeAll(async () => {
  await cryptoReady();
  network = createDevNetwork({ entry: 0n, send: 0n, receive: 0n });
  const secretKeys = [network.genesisSecretKey, ...[1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))];
  owners = secretKeys.map((secretKey) => ({ key: publicKeyOf(derivePublicKey(secretKey)), secretKey }));
});

class World {
  readonly state = new LedgerState(network.genesis, 0);
  readonly seen: StateBlock[] = [];
  readonly confirmed = new Map<BlockHash, number>();
  accepted = 0;
  cameInLater = 0;
  removed = 0;
  readonly processor = new BlockProcessor({
    state: this.state,
    work: network.work,
    nowSeconds: () => 0,
    onAccepted: () => {
      this.accepted += 1;
    },
    onRemoved: () => {
      this.removed += 1;
    },
  });

  play(step: Move): void {
    if (step.act === "confirm") {
      const candidates = this.state.unconfirmed();
      const hash = candidates[step.amount % Math.max(candidates.length, 1)];
      for (const entry of hash === undefined ? [] : this.state.confirm(hash)) {
        this.confirmed.set(entry.hash, entry.height);
      }
      return;
    }
    if (step.act === "child first") {
      const parent = this.build({ ...step, act: "send" });
      const child = sign({ ...parent, previous: hashBlock(parent), link: ZERO_HASH }, pick(step.owner).secretKey);
      for (const block of [child, parent]) this.processor.process(block);
      if (this.state.block(hashBlock(child)) !== undefined) this.cameInLater += 1;
      return;
    }
    const block = step.act === "replay" ? this.seen[step.amount % Math.max(this.seen.length, 1)] : this.build(step);
    if (block === undefined) return;
    this.seen.push(block);
    const refusal = this.processor.process(block);
    if (refusal === "fork" && step.force) this.processor.force(block);
  }

  /** Who has no account yet gets one, by receiving or by being paid; else most moves would come to nothing. */
  build(step: Move): StateBlock {
    const { key } = pick(step.owner);
    if (this.state.account(key) !== undefined) return this.buildFor(step);
    if (this.state.receivableOf(key).length > 0) return this.buildFor({ ...step, act: "receive" });
    return this.buildFor({ ...step, act: "send", owner: 0, other: step.owner });
  }

  buildFor({ owner, other, act, amount, flaw }: Move): StateBlock {
    const { key, secretKey } = pick(owner);
    const info = this.state.account(key);
    const headRaw = info?.balanceRaw ?? 0n;
    const open = this.state.receivableOf(key);
    const wanted = open[amount % Math.max(open.length, 1)];
    const fine = {
      send: { balanceRaw: headRaw > BigInt(amount) ? headRaw - BigInt(amount) : 0n, link: pick(other).key },
      receive: { balanceRaw: headRaw + (wanted?.amountRaw ?? 1n), link: wanted?.hash ?? pick(other).key },
      change: { balanceRaw: headRaw, link: ZERO_HASH },
    }[act === "send" || act === "receive" ? act : "change"];
    const wrongRaw = fine.balanceRaw + (flaw === "balance" ? BigInt(amount) : 0n);
    const previous = {
      stale: info?.openBlock ?? ZERO_HASH,
      first: ZERO_HASH,
      "unknown previous": hashBlock({
        account: key,
        previous: ZERO_HASH,
        representative: key,
        balanceRaw: 1n,
        link: key,
      }),
      "other chain": this.state.account(pick(other).key)?.head ?? ZERO_HASH,
    };
    const unsigned = {
      account: key,
      representative: pick(other).key,
      previous: flaw in previous ? previous[flaw as keyof typeof previous] : (info?.head ?? ZERO_HASH),
      link: fine.link,
      balanceRaw: wrongRaw > MAX_RAW ? MAX_RAW : wrongRaw,
    };
    return sign(unsigned, flaw === "signature" ? pick(owner + 1).secretKey : secretKey);
  }

  check(): void {
    const { state } = this;
    let sumRaw = 0n;
    const heldRaw = new Map<PublicKey, bigint>();
    let blocks = 0;
    for (const { key } of owners) {
      const info = state.account(key);
      const chain = this.walkDown(key);
      if (info !== undefined) {
        expect(state.block(info.head)?.block.representative).toBe(info.representative);
        heldRaw.set(info.representative, (heldRaw.get(info.representative) ?? 0n) + info.balanceRaw);
      }
      sumRaw += (info?.balanceRaw ?? 0n) + chain.notReceivedRaw;
      blocks += chain.blocks;
    }
    expect(sumRaw).toBe(MAX_RAW);
    for (const { key } of owners) expect(state.weight(key)).toBe(heldRaw.get(key) ?? 0n);
    expect(blocks).toBe(state.blockCount);
    for (const [hash, height] of this.confirmed) expect(state.block(hash)).toMatchObject({ confirmed: true, height });
  }

  /**
   * From the head: one block per predecessor, heights without a hole, the confirmed ones at the bottom, and every send
   * either receivable or received once. A replayed receive may have become a send to a "key" that is a hash; that
   * money is receivable for ever, as on a real ledger.
   */
  walkDown(key: PublicKey): { readonly blocks: number; readonly notReceivedRaw: bigint } {
    const { state } = this;
    const info = state.account(key);
    let successor: BlockHash | undefined;
    let height = info?.blockCount ?? 0;
    let notReceivedRaw = 0n;
    for (let entry = state.block(info?.head ?? ZERO_HASH); entry !== undefined; entry = state.block(entry.previous)) {
      expect(entry).toMatchObject({
        account: key,
        height,
        successor,
        confirmed: height <= (info?.confirmedHeight ?? 0),
      });
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
    return { blocks: info?.blockCount ?? 0, notReceivedRaw };
  }
}

function sign(unsigned: UnsignedBlock, secretKey: Uint8Array): StateBlock {
  return { type: "state", ...signBlock(unsigned, secretKey), work: "0".repeat(16) };
}

function pick(index: number): { readonly key: PublicKey; readonly secretKey: Uint8Array } {
  const owner = owners[index % owners.length];
  if (owner === undefined) throw new Error("no such owner");
  return owner;
}

describe("whatever blocks come", () => {
  test("no raw is made or lost, chains stay chains, confirmed stays confirmed", () => {
    const totals = { accepted: 0, removed: 0, cameInLater: 0, confirmed: 0 };
    fc.assert(
      fc.property(fc.array(move, { minLength: 20, maxLength: 80 }), (moves) => {
        const world = new World();
        for (const step of moves) world.play(step);
        world.check();
        totals.accepted += world.accepted;
        totals.removed += world.removed;
        totals.cameInLater += world.cameInLater;
        totals.confirmed += world.confirmed.size;
      }),
      { numRuns: 200, seed: 20 },
    );
    // The property means nothing where nothing happens.
    expect(totals.accepted).toBeGreaterThan(1500);
    expect(totals.removed).toBeGreaterThan(100);
    expect(totals.cameInLater).toBeGreaterThan(100);
    expect(totals.confirmed).toBeGreaterThan(500);
  });

  test("a gap block is kept once, however often it comes", () => {
    const world = new World();
    const block = world.build({ owner: 1, other: 2, act: "change", amount: 3, flaw: "unknown previous", force: false });
    for (let time = 0; time < 3; time += 1) expect(world.processor.process(block)).toBe("gap_previous");
    expect(world.processor.gapCount).toBe(1);
  });
});
