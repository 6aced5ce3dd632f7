import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createNode } from "../../src/dev-ledger/create-node.js";
import { FaultInjector } from "../../src/dev-ledger/faults/index.js";
import { createDevNetwork } from "../../src/dev-ledger/genesis.js";
import { JsonFields } from "../../src/dev-ledger/json-fields.js";
import type { StateBlock } from "../../src/dev-ledger/ledger-block.js";
import type { DevNetwork } from "../../src/dev-ledger/network.js";
import { Gossip } from "../../src/dev-ledger/nodes/gossip.js";
import type { Peer } from "../../src/dev-ledger/nodes/peer.js";
import { ConfirmationOptions } from "../../src/dev-ledger/websocket/confirmation-options.js";
import {
  type BlockHash,
  cryptoReady,
  derivePublicKey,
  type PublicKey,
  parseBlockHash,
  publicKeyOf,
  signBlock,
  type UnsignedBlock,
  ZERO_HASH,
} from "../../src/nano/index.js";

/** Three nodes, four owners; any block at any node, built on what that node or another one believes. */
interface Move {
  readonly act: "send" | "send" | "receive" | "change" | "carry" | "away" | "back" | "confirm";
  readonly node: number;
  /** Whose view the block is built on. */
  readonly view: number;
  readonly owner: number;
  readonly other: number;
  readonly amount: number;
  readonly force: boolean;
}

const move: fc.Arbitrary<Move> = fc.record({
  act: fc.constantFrom(
    "send",
    "send",
    "send",
    "receive",
    "receive",
    "receive",
    "change",
    "carry",
    "away",
    "back",
    "confirm",
  ),
  node: fc.nat(2),
  view: fc.nat(2),
  owner: fc.nat(3),
  other: fc.nat(3),
  amount: fc.integer({ min: 1, max: 50 }),
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
  readonly gossip = new Gossip();
  readonly nodes: readonly Peer[];
  /** What each node's websocket told, in order. */
  readonly told: readonly BlockHash[][] = [[], [], []];
  readonly blocks: StateBlock[] = [];
  gaveWay = 0;
  refused = 0;

  constructor(confirm: "auto" | "never") {
    const closing = new AbortController().signal;
    const faults = new FaultInjector(() => () => undefined);
    this.nodes = this.told.map((told, index) => {
      const options = { clock: () => 0, confirm: index === 0 ? confirm : "never" } as const;
      const peer = this.gossip.join((events) =>
        createNode({
          network,
          options,
          closing,
          faults,
          events: {
            ...events,
            forced: () => {
              this.gaveWay += 1;
              events.forced();
            },
          },
        }),
      );
      peer.wired.feed.add({
        confirmationOptions: new ConfirmationOptions(new JsonFields({ include_block: false })),
        send: (text) => told.push(parseBlockHash(JSON.parse(text).message.hash)),
      });
      return peer;
    });
  }

  play(step: Move): void {
    const peer = this.at(step.node);
    if (step.act === "away") this.gossip.disconnect(peer);
    else if (step.act === "back") this.gossip.connect(peer);
    else if (step.act === "confirm") this.confirmOne(step.amount);
    else {
      const block =
        step.act === "carry" ? this.blocks[step.amount % Math.max(this.blocks.length, 1)] : this.build(step);
      if (block === undefined) return;
      this.blocks.push(block);
      const { processor } = peer.wired.node;
      const refusal = processor.process(block);
      if (refusal === "fork" && step.force) processor.force(block);
      if (refusal !== undefined) this.refused += 1;
    }
  }

  confirmOne(index: number): void {
    const { state, confirmations } = this.at(0).wired.node;
    const candidates = state.unconfirmed();
    const hash = candidates[index % Math.max(candidates.length, 1)];
    if (hash !== undefined) confirmations.confirm(hash);
  }

  /** Who has no account yet gets one, by receiving or by being paid; else most moves would come to nothing. */
  build(step: Move): StateBlock {
    const { state } = this.at(step.view).wired.node;
    const { key } = pick(step.owner);
    if (state.account(key) !== undefined) return this.buildFor(step);
    const isPaid = [...state.receivableOf(key)].length > 0;
    return this.buildFor(isPaid ? { ...step, act: "receive" } : { ...step, act: "send", owner: 0, other: step.owner });
  }

  buildFor({ act, view, owner, other, amount }: Move): StateBlock {
    const { state } = this.at(view).wired.node;
    const { key, secretKey } = pick(owner);
    const info = state.account(key);
    const headRaw = info?.balanceRaw ?? 0n;
    const open = [...state.receivableOf(key)];
    const wanted = open[amount % Math.max(open.length, 1)];
    const change = { balanceRaw: headRaw, link: ZERO_HASH };
    const receive = wanted === undefined ? change : { balanceRaw: headRaw + wanted.amountRaw, link: wanted.hash };
    const send = {
      balanceRaw: headRaw > BigInt(amount) ? headRaw - BigInt(amount) : 0n,
      link: pick(other).key,
    };
    const parts = act === "send" ? send : act === "receive" ? receive : change;
    return sign(
      { account: key, previous: info?.head ?? ZERO_HASH, representative: pick(other).key, ...parts },
      secretKey,
    );
  }

  at(index: number): Peer {
    const peer = this.nodes[index];
    if (peer === undefined) throw new Error("no such node");
    return peer;
  }

  /** At any time: what was told is confirmed for good, told once, in the network's order; who is connected knows all. */
  check(): void {
    const here = this.at(0).wired.node.state;
    const wrong = this.nodes.flatMap((peer, index) => {
      const { state } = peer.wired.node;
      const told = this.told[index] ?? [];
      const isFinal = told.every((hash) => state.block(hash)?.confirmed === true);
      const isInOrder = told.every((hash, position) => hash === this.told[0]?.[position]);
      const isOnce = new Set(told).size === told.length && state.confirmedCount === told.length + 1;
      const isUpToDate = !this.gossip.isConnected(peer) || state.confirmedCount === here.confirmedCount;
      return isFinal && isInOrder && isOnce && isUpToDate ? [] : [{ index, isFinal, isInOrder, isOnce, isUpToDate }];
    });
    expect(wrong).toEqual([]);
  }

  /** Everybody is back, everything is confirmed: one ledger, three times. */
  finish(): void {
    for (const peer of this.nodes) this.gossip.connect(peer);
    const { state, confirmations } = this.at(0).wired.node;
    // A rival that gives way lets in what waited behind it.
    while (state.unconfirmed().length > 0) for (const hash of state.unconfirmed()) confirmations.confirm(hash);
    const ledgers = this.nodes.map((peer) => describe(peer));
    expect(ledgers[1]).toEqual(ledgers[0]);
    expect(ledgers[2]).toEqual(ledgers[0]);
    expect(ledgers[0]?.unconfirmed).toEqual([]);
  }
}

function describe({ wired }: Peer) {
  const { state } = wired.node;
  return {
    blocks: state.blockCount,
    accounts: state.accountCount,
    unconfirmed: state.unconfirmed(),
    owners: owners.map(({ key }) => {
      const { modifiedAtSeconds: _, ...info } = state.account(key) ?? { modifiedAtSeconds: 0 };
      const receivable = [...state.receivableOf(key)].map(({ hash, amountRaw }) => [hash, amountRaw]);
      return { ...info, receivable, weight: state.weight(key) };
    }),
  };
}

function sign(unsigned: UnsignedBlock, secretKey: Uint8Array): StateBlock {
  return { type: "state", ...signBlock(unsigned, secretKey), work: "0".repeat(16) };
}

function pick(index: number): { readonly key: PublicKey; readonly secretKey: Uint8Array } {
  const owner = owners[index];
  if (owner === undefined) throw new Error("no such owner");
  return owner;
}

test.each(["never", "auto"] as const)("whoever hears what when, in the end all agree (confirm: %s)", (confirm) => {
  const totals = { gaveWay: 0, refused: 0, blocks: 0, away: 0, confirmed: 0 };
  fc.assert(
    fc.property(fc.array(move, { minLength: 20, maxLength: 60 }), (moves) => {
      const world = new World(confirm);
      for (const step of moves) {
        world.play(step);
        world.check();
        totals.away += world.nodes.filter((peer) => !world.gossip.isConnected(peer)).length - 1;
      }
      world.finish();
      totals.gaveWay += world.gaveWay;
      totals.refused += world.refused;
      totals.blocks += world.at(0).wired.node.state.blockCount - 1;
      totals.confirmed += world.told[0]?.length ?? 0;
    }),
    { numRuns: 50, seed: 7 },
  );
  // The property means nothing where nothing happens.
  expect(totals.blocks).toBeGreaterThan(600);
  expect(totals.confirmed).toBe(totals.blocks);
  expect(totals.gaveWay).toBeGreaterThan(40);
  expect(totals.refused).toBeGreaterThan(200);
  expect(totals.away).toBeGreaterThan(500);
});
