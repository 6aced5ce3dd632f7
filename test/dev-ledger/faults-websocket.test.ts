import { request as httpRequest } from "node:http";
import { describe, expect, test } from "vitest";
import type { WebsocketFault } from "../../src/dev-ledger/index.js";
import { reachesHits } from "./faults-support.js";
import { createManualSchedule } from "./manual-schedule.js";
import {
  ALL_RAW,
  buildBlock,
  createOwner,
  genesisOwner,
  type Json,
  type Owner,
  process,
  startNode,
  type TestNode,
} from "./support.js";
import { connectClient, hashesOf, type TestClient } from "./websocket-client.js";
import { frame, upgradeRaw } from "./websocket-raw.js";

interface Watched {
  readonly node: TestNode;
  readonly client: TestClient;
  /** That many confirmations, one after the other; their hashes as the node prints them. */
  confirm(count: number): Promise<readonly string[]>;
}

async function startWatched(options: Parameters<typeof startNode>[0] = {}): Promise<Watched> {
  const node = await startNode(options);
  const client = await connectClient(node.websocketUrl);
  await client.subscribe();
  const confirm = async (count: number): Promise<readonly string[]> => {
    const hashes: string[] = [];
    for (let sent = 0; sent < count; sent += 1) hashes.push((await node.fund(node.genesis.address, 1n)).toUpperCase());
    return hashes;
  };
  return { node, client, confirm };
}

describe("lost", () => {
  test("skip and times say which; the ledger confirms them all", async () => {
    const { node, client, confirm } = await startWatched();
    const planned = node.faults.websocket({ kind: "lost" }, { skip: 1, times: 2 });
    const [first, second, third, fourth] = await confirm(4);
    expect(hashesOf(await client.sync())).toEqual([first, fourth]);
    expect([planned.hits, node.faults.hits]).toEqual([2, 2]);
    for (const hash of [second, third]) {
      expect(await node.rpc({ action: "block_info", hash })).toMatchObject({ confirmed: "true" });
    }
  });

  test("one confirmation is lost for all its subscribers together", async () => {
    const { node, client, confirm } = await startWatched();
    const other = await connectClient(node.websocketUrl);
    await other.subscribe();
    node.faults.websocket({ kind: "lost" }, { times: 1 });
    const [, second] = await confirm(2);
    expect(hashesOf(await client.sync())).toEqual([second]);
    expect(hashesOf(await other.sync())).toEqual([second]);
    expect(node.faults.hits).toBe(1);
  });

  test("what nobody is told anyway is not counted", async () => {
    const node = await startNode();
    const { address } = await createOwner();
    node.faults.websocket({ kind: "lost" }, { times: 1 });
    await node.fund(node.genesis.address, 1n);
    const client = await connectClient(node.websocketUrl);
    await client.subscribe({ accounts: [address] });
    await node.fund(node.genesis.address, 1n);
    expect(node.faults.hits).toBe(0);
    await node.fund(address, 1n);
    expect([node.faults.hits, await client.sync()]).toEqual([1, []]);
  });

  test("acknowledgements and pongs are not", async () => {
    const { node, client } = await startWatched();
    node.faults.websocket({ kind: "lost" });
    client.send({ action: "unsubscribe", topic: "confirmation", ack: true });
    expect((await client.sync()).map(({ ack }) => ack)).toEqual(["unsubscribe"]);
  });
});

describe("late", () => {
  test("told when the time has come, as it was", async () => {
    const time = createManualSchedule();
    let nowMs = 1_000_000;
    const { node, client, confirm } = await startWatched({ schedule: time.schedule, clock: () => nowMs });
    node.faults.websocket({ kind: "late", ms: 250 }, { times: 1 });
    const [first, second] = await confirm(2);
    expect(hashesOf(await client.sync())).toEqual([second]);
    nowMs += 250;
    time.advance(249);
    expect(await client.sync()).toEqual([]);
    time.advance(1);
    const [message] = await client.sync();
    expect([message.message.hash, message.time]).toEqual([first, "1000000"]);
  });

  test("who has left by then is not told; close calls the rest off", async () => {
    const time = createManualSchedule();
    const { node, client, confirm } = await startWatched({ schedule: time.schedule });
    node.faults.websocket({ kind: "late", ms: 250 });
    await confirm(1);
    client.close();
    await client.closed;
    time.advance(250);
    const other = await connectClient(node.websocketUrl);
    await other.subscribe();
    await confirm(1);
    expect(time.pending()).toBe(1);
    await node.close();
    expect(time.pending()).toBe(0);
    expect(other.texts).toHaveLength(1);
  });
});

describe("out of order", () => {
  test("in groups, last first", async () => {
    const { node, client, confirm } = await startWatched();
    const planned = node.faults.websocket({ kind: "reversed", count: 3 });
    const [first, second, third, fourth] = await confirm(4);
    expect(hashesOf(await client.sync())).toEqual([third, second, first]);
    expect(planned.hits).toBe(4);
    const [fifth] = await confirm(1);
    expect(await client.sync()).toEqual([]);
    planned.stop();
    expect(hashesOf(await client.sync())).toEqual([fifth, fourth]);
  });

  test("a group that times leaves incomplete is told with its last", async () => {
    const { node, client, confirm } = await startWatched();
    node.faults.websocket({ kind: "reversed", count: 3 }, { times: 2 });
    const [first, second, third] = await confirm(3);
    expect(hashesOf(await client.sync())).toEqual([second, first, third]);
  });

  test("clear tells what was collected", async () => {
    const { node, client, confirm } = await startWatched();
    node.faults.websocket({ kind: "reversed", count: 9 });
    const hashes = await confirm(3);
    node.faults.clear();
    expect(hashesOf(await client.sync())).toEqual([...hashes].reverse());
  });

  test("duplicated", async () => {
    const { node, client, confirm } = await startWatched();
    node.faults.websocket({ kind: "duplicated" }, { times: 1 });
    const [first, second] = await confirm(2);
    expect(hashesOf(await client.sync())).toEqual([first, first, second]);
  });
});

describe("something else in its place", () => {
  test("malformed: half a message, or any text", async () => {
    const { node, client, confirm } = await startWatched();
    node.faults.websocket({ kind: "malformed" }, { times: 1 });
    node.faults.websocket({ kind: "malformed", text: "\u0000" }, { times: 1 });
    await confirm(2);
    const half = await client.next();
    expect(half).toContain('"topic": "confirmation"');
    expect(() => JSON.parse(half)).toThrow(SyntaxError);
    expect(await client.next()).toBe("\u0000");
  });

  test("wrong: with other values", async () => {
    const { node, client, confirm } = await startWatched();
    const message = (honest: Json) => ({ ...honest, message: { ...honest.message, hash: "F".repeat(64) } });
    node.faults.websocket({ kind: "wrong", message });
    await confirm(1);
    const [lie] = await client.sync();
    expect(lie).toMatchObject({ topic: "confirmation", message: { hash: "F".repeat(64), amount: "1" } });
  });

  test("what a callback confirms does not meet the fault again once it is used up", async () => {
    const { node, client } = await startWatched({ confirm: "never" });
    const genesis = genesisOwner(node);
    const change = (previous: string, { address }: Owner) =>
      process(node, buildBlock(genesis, { previous, balanceRaw: ALL_RAW, representative: address }));
    const first = await change(node.genesis.hash, await createOwner());
    const second = await change(first.hash, await createOwner());
    const message = (honest: Json) => {
      node.confirm(second.hash);
      return { was: honest.message.hash };
    };
    const planned = node.faults.websocket({ kind: "wrong", message }, { times: 1 });
    node.confirm(first.hash);
    const told = await client.sync();
    expect(told[0]?.message.hash).toBe(second.hash);
    expect(told[1]).toEqual({ was: first.hash });
    expect(planned.hits).toBe(1);
  });

  test("a callback that throws does not reach the ledger", async () => {
    const { node, client, confirm } = await startWatched();
    const message = () => {
      throw new RangeError("mistake");
    };
    node.faults.websocket({ kind: "wrong", message }, { times: 1 });
    const [hash] = await confirm(1);
    expect(await client.next()).toContain("RangeError: mistake");
    expect(await node.rpc({ action: "block_info", hash })).toMatchObject({ confirmed: "true" });
  });
});

describe("silent", () => {
  test("no confirmation, no acknowledgement, no pong; it listens, and the connection stays open", async () => {
    const { node, client, confirm } = await startWatched();
    const other = await connectClient(node.websocketUrl);
    const planned = node.faults.websocket({ kind: "silent" });
    other.send({ action: "subscribe", topic: "confirmation", ack: true });
    client.send({ action: "ping" });
    await reachesHits(planned, 2);
    await confirm(1);
    expect(planned.hits).toBe(4);
    planned.stop();
    expect([await client.sync(), await other.sync()]).toEqual([[], []]);
    const [hash] = await confirm(1);
    expect(hashesOf(await other.sync())).toEqual([hash]);
  });

  test("ping frames are not answered either", async () => {
    const node = await startNode();
    const { socket } = await upgradeRaw(node.websocketUrl);
    const chunks: Buffer[] = [];
    socket.on("data", (bytes) => chunks.push(bytes));
    const planned = node.faults.websocket({ kind: "silent" }, { times: 1 });
    socket.write(Buffer.concat([frame(9, Buffer.from("one")), frame(9, Buffer.from("two"))]));
    await expect.poll(() => Buffer.concat(chunks).toString("latin1"), { timeout: 20_000 }).toBe("\u008a\u0003two");
    expect(planned.hits).toBe(1);
  });

  test("who connects meanwhile is let in, and told nothing", async () => {
    const node = await startNode();
    const planned = node.faults.websocket({ kind: "silent" });
    const client = await connectClient(node.websocketUrl);
    client.send({ action: "ping" });
    await reachesHits(planned, 1);
    expect(client.texts).toEqual([]);
  });
});

describe("connections", () => {
  test.each([
    [undefined, 503],
    [429, 429],
  ])("refused, status %s: who is connected stays", async (status, seen) => {
    const { node, client } = await startWatched();
    const fault: WebsocketFault = { kind: "refused", status };
    const planned = node.faults.websocket(fault, { times: 1 });
    expect(await upgradeStatus(node.websocketUrl)).toBe(seen);
    expect(await client.sync()).toEqual([]);
    expect(await (await connectClient(node.websocketUrl)).sync()).toEqual([]);
    expect(planned.hits).toBe(1);
  });

  test("refused as a client sees it: it never opens", async () => {
    const node = await startNode();
    node.faults.websocket({ kind: "refused" }, { times: 1 });
    await expect(connectClient(node.websocketUrl)).rejects.toThrow();
  });

  test("dropConnections breaks every one off; who comes back is welcome, subscriptions are gone", async () => {
    const { node, client, confirm } = await startWatched();
    const other = await connectClient(node.websocketUrl);
    node.faults.dropConnections();
    expect(await Promise.all([client.closed, other.closed])).toEqual([1006, 1006]);
    const again = await connectClient(node.websocketUrl);
    await confirm(1);
    expect(await again.sync()).toEqual([]);
    expect(await node.rpc({ action: "block_count" })).toMatchObject({ count: "2" });
  });
});

function upgradeStatus(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    };
    const request = httpRequest(url.replace("ws:", "http:"), { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    request.on("error", reject);
    request.end();
  });
}
