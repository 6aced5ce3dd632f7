import fc from "fast-check";
import { expect, test } from "vitest";
import { startDevLedger } from "../../src/dev-ledger/index.js";
import {
  ALL_RAW,
  buildBlock,
  createOwner,
  genesisOwner,
  type Json,
  type Owner,
  send,
  type TestNode,
} from "./support.js";

/** Nothing but the public RPC: forks of heads and of older blocks, before and after they are confirmed, and by force. */
interface Step {
  readonly owner: number;
  readonly other: number;
  readonly act: "send" | "receive" | "confirm";
  /** How many blocks below the head it stands: 0 is no fork. */
  readonly depth: number;
  readonly amount: number;
  readonly force: boolean;
}

const steps = fc.array(
  fc.record({
    owner: fc.nat(2),
    other: fc.nat(2),
    act: fc.constantFrom("send", "send", "receive", "confirm"),
    depth: fc.constantFrom(0, 0, 1, 2),
    amount: fc.integer({ min: 1, max: 9 }),
    force: fc.boolean(),
  }),
  { minLength: 20, maxLength: 35 },
);

class RpcWorld {
  readonly node: TestNode;
  readonly owners: readonly Owner[];
  readonly totals = { accepted: 0, forks: 0, replaced: 0, refusedByForce: 0, confirmed: 0 };
  /** Height by hash. */
  readonly #confirmed = new Map<string, string>();
  readonly #sent: string[] = [];

  constructor(node: TestNode, owners: readonly Owner[]) {
    this.node = node;
    this.owners = owners;
  }

  async play({ owner, other, act, depth, amount, force }: Step): Promise<void> {
    if (act === "confirm") return this.#confirm(amount);
    const from = this.#owner(owner);
    const info = await this.#ask({ action: "account_info", account: from.address });
    const { blocks } = await this.#ask({
      action: "receivable",
      account: from.address,
      include_only_confirmed: false,
      include_active: true,
      threshold: 1,
    });
    const [source, raw] =
      Object.entries(blocks as Record<string, string>)[amount % Math.max(Object.keys(blocks).length, 1)] ?? [];
    if (act === "receive" || info.error !== undefined) {
      if (source === undefined || raw === undefined) return;
      const previous = info.error === undefined ? { previous: info.frontier } : {};
      return this.#process(
        buildBlock(from, { ...previous, balanceRaw: BigInt(info.balance ?? 0) + BigInt(raw), link: source }, 0n),
        false,
      );
    }
    const chain = await this.#ask({ action: "chain", block: info.frontier, count: depth + 1 });
    const previous = chain.blocks.at(-1);
    const { balance } = await this.#ask({ action: "block_info", hash: previous });
    const left = BigInt(balance) - BigInt(amount);
    if (left < 0n) return;
    const link = this.#owner(other).address;
    return this.#process(buildBlock(from, { previous, balanceRaw: left, link }, 0n), force);
  }

  async #process(block: Json, force: boolean): Promise<void> {
    const { successor } = await this.#ask({ action: "block_info", hash: block.previous });
    const answer = await this.#ask({ action: "process", json_block: true, block });
    if (answer.hash !== undefined) {
      this.totals.accepted += 1;
      this.#sent.push(answer.hash);
    }
    if (answer.error !== "Fork") return;
    this.totals.forks += 1;
    if (!force) return;
    const isFinal = this.#confirmed.has(successor);
    const counts = await this.#ask({ action: "block_count" });
    const { hash } = await this.#ask({ action: "process", json_block: true, force: true, block });
    const found = await this.#ask({ action: "block_info", hash });
    expect(found.error).toBe(isFinal ? "Block not found" : undefined);
    if (isFinal) expect(await this.#ask({ action: "block_count" })).toEqual(counts);
    else this.#sent.push(hash);
    this.totals[isFinal ? "refusedByForce" : "replaced"] += 1;
  }

  async #confirm(choice: number): Promise<void> {
    const hash = this.#sent[this.#sent.length - Math.ceil(choice / 3)];
    if (hash === undefined || (await this.#ask({ action: "block_info", hash })).error !== undefined) return;
    for (const confirmed of this.node.confirm(hash)) {
      const { height } = await this.#ask({ action: "block_info", hash: confirmed });
      this.#confirmed.set(confirmed.toUpperCase(), height);
      this.totals.confirmed += 1;
    }
  }

  async check(): Promise<void> {
    let sumRaw = 0n;
    const seen: string[] = [];
    const places = new Set<string>();
    for (const { address } of this.owners) {
      const { balance, receivable } = await this.#ask({
        action: "account_balance",
        account: address,
        include_only_confirmed: false,
      });
      sumRaw += BigInt(balance) + BigInt(receivable);
      const info = await this.#ask({ action: "account_info", account: address });
      if (info.error !== undefined) continue;
      const { blocks: hashes } = await this.#ask({ action: "chain", block: info.frontier, count: -1 });
      expect(hashes).toHaveLength(Number(info.block_count));
      const { blocks } = await this.#ask({ action: "blocks_info", hashes, json_block: true });
      for (const hash of hashes) places.add(`${address} ${blocks[hash].contents.previous}`);
      seen.push(...hashes);
    }
    expect(sumRaw).toBe(ALL_RAW);
    expect(places.size).toBe(seen.length);
    expect((await this.#ask({ action: "block_count" })).count).toBe(seen.length.toString());
    for (const [hash, height] of this.#confirmed) {
      expect(await this.#ask({ action: "block_info", hash })).toMatchObject({ confirmed: "true", height });
    }
  }

  #owner(index: number): Owner {
    const owner = this.owners[index];
    if (owner === undefined) throw new Error("no such owner");
    return owner;
  }

  #ask(body: object): Promise<Json> {
    return this.node.rpc(body);
  }
}

test("forks: one block follows another, no raw is lost, what is confirmed stays", async () => {
  const totals = { accepted: 0, forks: 0, replaced: 0, refusedByForce: 0, confirmed: 0 };
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const dev = await startDevLedger({ confirm: "never", workThresholds: { entry: 0n, send: 0n, receive: 0n } });
      const rpc = async (body: object): Promise<Json> =>
        JSON.parse((await send(dev.rpcUrl, JSON.stringify(body))).text);
      try {
        const owners = [genesisOwner(dev), await createOwner(), await createOwner()];
        const world = new RpcWorld({ ...dev, rpc }, owners);
        for (const step of run) await world.play(step);
        await world.check();
        for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += world.totals[name];
      } finally {
        await dev.close();
      }
    }),
    { numRuns: 12, seed: 20 },
  );
  expect(totals.accepted).toBeGreaterThan(50);
  expect(totals.forks).toBeGreaterThan(20);
  expect(totals.replaced).toBeGreaterThan(4);
  expect(totals.refusedByForce).toBeGreaterThan(5);
  expect(totals.confirmed).toBeGreaterThan(25);
});
