import { expect } from "vitest";
import {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  memoryStore,
} from "x402-nano/facilitator";
import { createLedger, type Ledger, type LedgerOptions } from "x402-nano/rpc";
import { type DevLedger, type DevLedgerNode, type DevLedgerOptions, startDevLedger } from "x402-nano/testing";
import { type PublicKey, parseBlockHash } from "../../src/nano/index.js";
import type { Track } from "../../src/protocol/index.js";
import { createQueue } from "../../src/purse/queue.js";
import { createTestClock, type TestClock } from "./clock.js";
import { type HandPayer, openHandPayer, payOn } from "./hand-payer.js";
import { blockOf, offersOf, type Request, requestOf, withLease } from "./offers.js";
import { CHALLENGE_SECRET, PAY_TO } from "./world.js";

/**
 * A facilitator with three endpoints: two nodes that can be made to misbehave come first, the healthy one is last. The
 * payers talk to a fourth.
 */
export interface BadEndpoints {
  readonly clock: TestClock;
  readonly dev: DevLedger;
  readonly bad: readonly [DevLedgerNode, DevLedgerNode];
  readonly good: DevLedgerNode;
  readonly engine: FacilitatorEngine;
  readonly payers: readonly [HandPayer, ...HandPayer[]];
  /** Whoever has this block as frontier sends itself one raw. */
  moveFrontier(hash: unknown): Promise<void>;
  /**
   * Pays, has it verified, and settles it, on as many accounts at once as there are payers. A payer who is told that its
   * frontier has moved, and sees it on the ledger, signs anew.
   */
  payMany(track: Track, count: number): Promise<readonly Paid[]>;
  close(): Promise<void>;
}

export interface Paid {
  readonly request: Request;
  readonly transaction: string;
  readonly payer: PublicKey;
}

export interface BadEndpointsOptions {
  readonly dev?: DevLedgerOptions;
  readonly ledger?: Partial<LedgerOptions>;
  readonly engine?: Partial<FacilitatorOptions>;
  /** The facilitator's websocket is the first bad node's. */
  readonly websocket?: boolean;
  readonly payers?: number;
}

export async function startBadEndpoints(options: BadEndpointsOptions = {}): Promise<BadEndpoints> {
  const clock = createTestClock();
  const dev = await startDevLedger({ clock, ...options.dev });
  const bad = [await dev.addNode(), await dev.addNode()] as const;
  const good = await dev.addNode();
  const truth = createLedger({ rpcUrls: dev.rpcUrl, pollIntervalMs: 5, onWarning: () => undefined });
  const ledger = createLedger({
    rpcUrls: [bad[0].rpcUrl, bad[1].rpcUrl, good.rpcUrl],
    ...(options.websocket === true && { websocketUrl: bad[0].websocketUrl }),
    pollIntervalMs: 5,
    onWarning: () => undefined,
    ...options.ledger,
  });
  const store = memoryStore({ clock });
  clock.advanceSeconds(5);
  const engine = createFacilitatorEngine({
    ledger,
    store,
    challengeSecret: CHALLENGE_SECRET,
    sendWorkThreshold: dev.workThresholds.send,
    clock,
    ...options.engine,
  });
  const open = (index: number) => openHandPayer({ dev, ledger: truth, index });
  const payers: [HandPayer, ...HandPayer[]] = [await open(1)];
  for (let index = 2; index <= (options.payers ?? 10); index += 1) payers.push(await open(index));

  /** Two programs use one account where a frontier is moved, and neither signs on what the other is about to use. */
  const queues = new Map(payers.map((payer) => [payer, createQueue()]));
  const exclusively = async <Result>(payer: HandPayer, job: () => Promise<Result>): Promise<Result> => {
    const queue = queues.get(payer);
    if (queue === undefined) throw new TypeError("not one of the payers");
    return queue.run(job);
  };

  const payOne = async (payer: HandPayer, track: Track): Promise<Paid> => {
    for (;;) {
      const request = requestOf(await exclusively(payer, () => payOn(payer, track, offersOf({ clock }))));
      const verdict = await engine.verify(request);
      const hasMoved = verdict.invalidReason === "stale_frontier";
      if (track === "nanoTxn" && hasMoved && (await isVoid(request, truth))) continue;
      expect(verdict).toMatchObject({ isValid: true, payer: payer.address });
      const answer = await engine.settle(withLease(request, verdict.extra?.lease));
      if (track === "nanoTxn" && answer.errorReason === "frontier_changed" && (await isVoid(request, truth))) continue;
      expect(answer).toMatchObject({ success: true, payer: payer.address });
      return { request, transaction: answer.transaction, payer: payer.account };
    }
  };

  return {
    clock,
    dev,
    bad,
    good,
    engine,
    payers,
    async moveFrontier(hash) {
      const move = async (payer: HandPayer): Promise<void> => {
        const isFrontier = (await truth.accountInfo(payer.account))?.frontier === String(hash).toLowerCase();
        if (isFrontier) await payer.send({ payTo: payer.address, amountRaw: 1n });
      };
      await Promise.all(payers.map((payer) => exclusively(payer, () => move(payer))));
    },
    async payMany(track, count) {
      const paid: Paid[] = [];
      let left = count;
      const lane = async (payer: HandPayer): Promise<void> => {
        while (left > 0) {
          left -= 1;
          paid.push(await payOne(payer, track));
        }
      };
      await Promise.all(payers.map(lane));
      return paid;
    },
    async close() {
      await Promise.all([ledger.close(), truth.close(), store.close()]);
      await dev.close();
    },
  };
}

/** Another confirmed block follows `previous`: this one can never land. */
async function isVoid(request: Request, truth: Ledger): Promise<boolean> {
  const previous = await truth.blockInfo(parseBlockHash(String(blockOf(request)["previous"])));
  const rival = previous?.successor === undefined ? undefined : await truth.blockInfo(previous.successor);
  return rival?.confirmed === true;
}

/** Every payment is a block of its own on the healthy ledger, there are no others, and none buys anything again. */
export async function expectPaidOnce(world: BadEndpoints, paid: readonly Paid[]): Promise<void> {
  expect(new Set(paid.map(({ transaction }) => transaction)).size).toBe(paid.length);
  const answers = await Promise.all(paid.map(({ request }) => world.engine.settle(request)));
  expect(new Set(answers.map(({ errorReason }) => errorReason))).toEqual(new Set(["duplicate_block_hash"]));
  const { blocks } = await askNode(world.dev, { action: "receivable", account: PAY_TO, count: "100000" });
  expect(new Set(Object.values(blocks).flat())).toEqual(new Set(paid.map(({ transaction }) => transaction)));
}

async function askNode(dev: DevLedger, body: object): Promise<{ blocks: Record<string, string> }> {
  return (await fetch(dev.rpcUrl, { method: "POST", body: JSON.stringify(body) })).json() as never;
}
