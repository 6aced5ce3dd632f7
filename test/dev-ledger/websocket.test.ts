import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readRecording } from "./recordings.js";
import { ALL_RAW, buildBlock, createOwner, genesisOwner, process, startNode, type TestNode } from "./support.js";
import { connectClient, hashesOf } from "./websocket-client.js";

function readFixture(name: string): string {
  return readFileSync(new URL(`../fixtures/node-recordings/${name}`, import.meta.url), "utf8");
}

/** The text itself is compared, spaces and order of keys included; only what a run decides is set aside. */
function withoutTimes(text: string): string {
  return text.replace(/"(time|duration)": "\d+"/g, '"$1": "…"');
}

async function sendOne(node: TestNode, previous: string, balanceRaw: bigint, address: string): Promise<string> {
  return (await process(node, buildBlock(genesisOwner(node), { previous, balanceRaw, link: address }))).hash;
}

describe("recorded", () => {
  test("subscribe, the confirmation of the first send, ping", async () => {
    const node = await startNode({ preset: "recorded-dev-network" });
    const client = await connectClient(node.websocketUrl);
    client.send(readFixture("ws-subscribe.request.json"));
    expect(withoutTimes(await client.next())).toBe(withoutTimes(readFixture("ws-subscribe.ack.json")));

    const step = readRecording("main").find(({ label }) => label === "process-send");
    expect(await node.rpc(step?.request as object)).toEqual(step?.response);
    const recorded = readFixture("ws-confirmation-send.message.json");
    expect(withoutTimes(await client.next())).toBe(withoutTimes(recorded));

    const ping = JSON.parse(readFixture("ws-ping.json"));
    client.send(ping.sent);
    expect(withoutTimes(await client.next())).toBe(withoutTimes(ping.received));
    expect(client.texts).toHaveLength(3);
  });

  test("times are milliseconds of the ledger's own clock", async () => {
    let nowMs = 1_795_155_606_791;
    const node = await startNode({ clock: () => nowMs });
    const client = await connectClient(node.websocketUrl);
    client.send({ action: "subscribe", topic: "confirmation", ack: true, options: { include_election_info: true } });
    expect(JSON.parse(await client.next())).toEqual({ ack: "subscribe", time: "1795155606791" });
    nowMs += 195;
    await node.fund(node.genesis.address, 1n);
    const { time, message } = JSON.parse(await client.next());
    expect([time, message.election_info.time]).toEqual(["1795155606986", "1795155606986"]);
  });
});

describe("when a block is confirmed", () => {
  test("at once: one message for each block, in the order of the chain", async () => {
    const node = await startNode();
    const client = await connectClient(node.websocketUrl);
    await client.subscribe();
    const { address } = await createOwner();
    const first = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, address);
    const second = await sendOne(node, first, ALL_RAW - 3n, address);
    const messages = await client.sync();
    expect(hashesOf(messages)).toEqual([first, second]);
    expect(messages.map(({ message }) => message.amount)).toEqual(["1", "2"]);
    await node.rpc({ action: "block_confirm", hash: first });
    node.confirm(first);
    expect(await client.sync()).toEqual([]);
  });

  test("later: not before its time has come", async () => {
    const due: (() => void)[] = [];
    const schedule = (task: () => void) => {
      due.push(task);
      return () => undefined;
    };
    const node = await startNode({ confirmAfterMs: 500, schedule });
    const client = await connectClient(node.websocketUrl);
    await client.subscribe();
    const hash = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, (await createOwner()).address);
    expect(await client.sync()).toEqual([]);
    for (const task of due) task();
    expect(hashesOf(await client.sync())).toEqual([hash]);
  });

  test("by hand: what it stands on comes first, and says that it was confirmed with another", async () => {
    const node = await startNode({ confirm: "never" });
    const client = await connectClient(node.websocketUrl);
    await client.subscribe({ include_election_info: "true" });
    const owner = await createOwner();
    const first = await sendOne(node, node.genesis.hash, ALL_RAW - 1n, owner.address);
    const second = await sendOne(node, first, ALL_RAW - 3n, owner.address);
    const { hash: open } = await process(node, buildBlock(owner, { balanceRaw: 2n, link: second }));
    const third = await sendOne(node, second, ALL_RAW - 4n, owner.address);
    expect(await client.sync()).toEqual([]);

    node.confirm(open);
    const messages = await client.sync();
    expect(messages.map(({ message: { hash, confirmation_type, block } }) => [hash, confirmation_type, block.subtype]))
      // biome-ignore format: a table
      .toEqual([
      [first, "active_confirmation_height", "send"],
      [second, "inactive", "send"],
      [open, "active_quorum", "receive"],
    ]);
    const tallies = messages.map(({ message }) => message.election_info.tally);
    expect(tallies).toEqual([(ALL_RAW - 4n).toString(), "0", (ALL_RAW - 4n).toString()]);
    node.confirmAll();
    expect(hashesOf(await client.sync())).toEqual([third]);
  });

  test("a receive whose send was not confirmed had no election of its own", async () => {
    const node = await startNode({ confirm: "never" });
    const client = await connectClient(node.websocketUrl);
    await client.subscribe();
    const owner = await createOwner();
    const send = await sendOne(node, node.genesis.hash, ALL_RAW - 2n, owner.address);
    const { hash: open } = await process(node, buildBlock(owner, { balanceRaw: 2n, link: send }));
    const change = buildBlock(owner, { previous: open, balanceRaw: 2n, representative: node.genesis.address });
    const { hash: head } = await process(node, change);
    node.confirm(head);
    const types = (await client.sync()).map(({ message }) => [message.hash, message.confirmation_type]);
    expect(types).toEqual([
      [send, "active_confirmation_height"],
      [open, "inactive"],
      [head, "active_quorum"],
    ]);
  });

  test("nothing from before is told: neither before the connection nor before the subscription", async () => {
    const node = await startNode();
    await node.fund(node.genesis.address, 1n);
    const client = await connectClient(node.websocketUrl);
    await node.fund(node.genesis.address, 2n);
    await client.subscribe();
    expect(await client.sync()).toEqual([]);
    const hash = await node.fund(node.genesis.address, 3n);
    expect(hashesOf(await client.sync())).toEqual([hash.toUpperCase()]);
  });
});
