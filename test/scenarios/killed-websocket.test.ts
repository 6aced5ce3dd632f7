import { describe, expect, onTestFinished, test } from "vitest";
import type { BlockHash, PublicKey } from "../../src/nano/index.js";
import { startNode } from "../dev-ledger/support.js";
import {
  asLiveNode,
  type Live,
  type LiveNode,
  type LiveOptions,
  processSends,
  startLive,
} from "../unit/ledger/confirmations/live.js";
import { startPushNode } from "../unit/ledger/confirmations/push-node.js";
import { accountOf, hashOf } from "../unit/ledger/confirmations/support.js";
import { startTcpProxy, type TcpProxy } from "../unit/ledger/confirmations/tcp-proxy.js";

/** Waits that are pending when the websocket dies under them, on 50 accounts with ten blocks each. */
const WAITS = 500;
/** Twenty minutes; with time ten times as fast, two. No wait here may end by it. */
const timeoutMs = 1_200_000;

interface Block {
  readonly hash: BlockHash;
  readonly account: PublicKey;
}

interface Node extends LiveNode {
  readonly blocks: readonly Block[];
  confirm(block: Block): unknown;
}

/** The dev ledger, with real blocks on it. */
async function startRealNode(): Promise<Node> {
  const dev = await startNode({ confirm: "never" });
  const blocks = await processSends(dev, WAITS / 10, 10);
  return { ...asLiveNode(dev), blocks, confirm: ({ hash }) => dev.confirm(hash) };
}

/** The same websocket protocol without a ledger behind it. */
async function startLightNode(): Promise<Node> {
  const node = await startPushNode();
  onTestFinished(() => node.close());
  const blocks = Array.from({ length: WAITS }, (_, index) => ({ hash: hashOf(index), account: accountOf(index % 50) }));
  return { ...node, blocks };
}

interface World extends Live {
  readonly proxy: TcpProxy;
  readonly blocks: readonly Block[];
  readonly waits: readonly Promise<boolean>[];
  confirm(blocks: readonly Block[]): void;
  /** Resolves when every wait has come to `true`. */
  settled(): Promise<void>;
}

/** One wait per block, subscribed and looked for once. */
async function createWorld(options: LiveOptions = {}, start = startLightNode): Promise<World> {
  const node = await start();
  const proxy = await startTcpProxy(node.websocketUrl);
  const live = startLive(node, { websocketUrl: proxy.url, ...options });
  const waits = node.blocks.map(({ hash, account }) => live.confirmations.wait(hash, { account, timeoutMs }));
  await live.looked(WAITS);
  expect(proxy.open).toBe(1);
  return {
    ...live,
    proxy,
    blocks: node.blocks,
    waits,
    confirm(blocks) {
      for (const block of blocks) node.confirm(block);
    },
    async settled() {
      expect(await Promise.all(waits)).toEqual(Array.from({ length: WAITS }, () => true));
    },
  };
}

/** A ledger that cannot be asked: only pushes settle anything. */
const outOfOrder = { isAsked: () => false };

describe("the websocket dies under 500 pending waits", () => {
  test("of a ledger with real blocks: those confirmed meanwhile are found, the others pushed", async () => {
    let canBeAsked = true;
    const world = await createWorld({ isAsked: () => canBeAsked }, startRealNode);
    const { proxy, told, answered, blocks, confirm, waits, settled, notices } = world;
    await proxy.kill();
    await told(/no connection/);
    confirm(blocks.slice(0, 250));
    expect(await Promise.all(waits.slice(0, 250))).not.toContain(false);
    canBeAsked = false;
    await proxy.reopen();
    await told(/: back$/);
    await answered();
    confirm(blocks.slice(250));
    await settled();
    expect([proxy.open, proxy.most, proxy.total, notices.length]).toEqual([1, 1, 2, 2]);
  });

  test("and stays dead: all are settled by looks", async () => {
    const { proxy, told, blocks, confirm, settled, notices } = await createWorld();
    await proxy.kill();
    await told(/no connection/);
    confirm(blocks);
    await settled();
    expect([proxy.open, proxy.most, proxy.total, notices.length]).toEqual([0, 1, 1, 1]);
  });

  test("in the moment the blocks are confirmed: all are settled", async () => {
    const { proxy, blocks, confirm, settled } = await createWorld();
    proxy.loseAnswers();
    confirm(blocks);
    await proxy.kill();
    await settled();
    expect(proxy.most).toBe(1);
  });

  test("and comes back: all are settled by pushes, with no ledger to ask", async () => {
    const { proxy, told, answered, blocks, confirm, settled, notices } = await createWorld(outOfOrder);
    await proxy.kill();
    await told(/no connection/);
    await proxy.reopen();
    await told(/: back$/);
    await answered();
    confirm(blocks);
    await settled();
    expect([proxy.open, proxy.most, proxy.total, notices.length]).toEqual([1, 1, 2, 2]);
  });

  test("while blocks are confirmed, and comes back: one look at each finds what nobody pushed", async () => {
    // Polling would be due in hours: what is found is found by the looks that follow the new subscription.
    const { proxy, told, blocks, confirm, settled, looks } = await createWorld({ pollIntervalMs: 10_000_000 });
    await proxy.kill();
    await told(/no connection/);
    confirm(blocks);
    await proxy.reopen();
    await settled();
    expect([proxy.most, proxy.total, looks.length]).toEqual([1, 2, 2 * WAITS]);
  });

  test("again and again, with confirmations in between: there is never a second socket", async () => {
    const { proxy, blocks, confirm, told, settled } = await createWorld();
    for (let round = 0; round < 5; round += 1) {
      const due = blocks.filter((_, index) => index % 5 === round);
      await proxy.kill();
      confirm(due.slice(0, 50));
      await told(/no connection/);
      await proxy.reopen();
      confirm(due.slice(50));
      if (round < 4) await told(/: back$/);
    }
    await settled();
    expect(proxy.most).toBe(1);
  });
});

describe("the websocket fails under 500 pending waits", () => {
  const soon = { speed: 10 };

  test("by falling silent: it is given up, and the next one pushes, with no ledger to ask", async () => {
    const { proxy, told, answered, blocks, confirm, settled } = await createWorld({ ...soon, ...outOfOrder });
    proxy.silence();
    await told(/no connection/);
    proxy.speakAgain();
    await told(/: back$/);
    await answered();
    confirm(blocks);
    await settled();
    expect(proxy.most).toBe(1);
  });

  test("by falling silent for good: all are settled by looks", async () => {
    const { proxy, blocks, confirm, settled } = await createWorld(soon);
    proxy.silence();
    confirm(blocks);
    await settled();
    expect(proxy.most).toBe(1);
  });

  test("by losing every push: all are settled by looks", async () => {
    const { proxy, blocks, confirm, settled } = await createWorld(soon);
    proxy.loseAnswers();
    confirm(blocks);
    await settled();
    expect(proxy.most).toBe(1);
  });

  test("by saying what no node says: it is not listened to, and goes on pushing", async () => {
    const { proxy, blocks, confirm, settled, notices } = await createWorld(outOfOrder);
    const texts = ["{", "[]", "", '{"topic":"confirmation","message":{"hash":7}}', "\u0000".repeat(10_000)];
    for (const text of texts) proxy.inject(frameOf(0x81, Buffer.from(text)));
    proxy.inject(frameOf(0x82, Buffer.from('{"topic":"confirmation"}')));
    proxy.inject(frameOf(0x89, Buffer.from("a ping of the protocol's own")));
    confirm(blocks);
    await settled();
    expect([proxy.total, notices]).toEqual([1, []]);
  });

  test.each([
    ["bytes that are no frames", Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ["a text that is no UTF-8", frameOf(0x81, Buffer.from([0xc3, 0x28]))],
    ["a frame without end", Buffer.from([0x81, 127, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])],
    ["a close frame", frameOf(0x88, Buffer.from([0x03, 0xe8]))],
  ])("by sending %s: it is opened anew, and pushes", async (_name, bytes) => {
    const { proxy, told, answered, blocks, confirm, settled } = await createWorld(outOfOrder);
    proxy.inject(bytes);
    await proxy.opened(2);
    await told(/: back$/);
    await answered();
    confirm(blocks);
    await settled();
    expect([proxy.most, proxy.total]).toEqual([1, 2]);
  });
});

/** A server's frame: not masked. */
function frameOf(firstByte: number, payload: Buffer): Buffer {
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([firstByte, ...length]), payload]);
}
