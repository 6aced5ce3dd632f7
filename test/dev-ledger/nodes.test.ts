import { describe, expect, test } from "vitest";
import { startDevLedger } from "../../src/dev-ledger/index.js";
import { createManualSchedule } from "./manual-schedule.js";
import { addNode, buildSend, confirmedAt, confirmedEverywhere, countsAt, process } from "./nodes-support.js";
import { buildBlock, createOwner, send, startNode } from "./support.js";
import { connectClient, hashesOf } from "./websocket-client.js";

describe("connected", () => {
  test("what any node takes is at all of them, and confirmed, before it answers", async () => {
    const dev = await startNode();
    const [second, third] = [await addNode(dev), await addNode(dev)];
    const to = await createOwner();
    let previous: string = dev.genesis.hash;
    for (const [index, taker] of [dev, second, third, second].entries()) {
      const { hash } = await process(taker, buildSend(dev, previous, BigInt(index + 1), to), { subtype: "send" });
      expect(await confirmedEverywhere([dev, second, third], hash)).toEqual(["true", "true", "true"]);
      previous = hash;
    }
    expect(await Promise.all([dev, second, third].map(countsAt))).toEqual(["5/5", "5/5", "5/5"]);
  });

  test("funding is at all of them", async () => {
    const dev = await startNode({ confirm: "never" });
    const other = await addNode(dev);
    const owner = await createOwner();
    const { frontier } = await dev.fundAccount({ secretKey: owner.secretKey, raw: 5n });
    expect(await other.rpc({ action: "account_info", account: owner.address, include_confirmed: true })).toMatchObject({
      confirmed_frontier: frontier.toUpperCase(),
      confirmed_balance: "5",
    });
  });

  test("the first node alone decides when: one timer, and all see it at once", async () => {
    const time = createManualSchedule();
    const dev = await startNode({ confirmAfterMs: 500, schedule: time.schedule });
    const [second, third] = [await addNode(dev), await addNode(dev)];
    const block = buildSend(dev, dev.genesis.hash, 1n, await createOwner());
    const { hash } = await process(third, block);
    expect(time.pending()).toBe(1);
    await second.rpc({ action: "block_confirm", hash });
    time.advance(499);
    expect(await confirmedEverywhere([dev, second, third], hash)).toEqual(["false", "false", "false"]);
    time.advance(1);
    expect(await confirmedEverywhere([dev, second, third], hash)).toEqual(["true", "true", "true"]);
  });

  test("never: confirm and confirmAll reach all of them", async () => {
    const dev = await startNode({ confirm: "never" });
    const other = await addNode(dev);
    const to = await createOwner();
    const first = await process(other, buildSend(dev, dev.genesis.hash, 1n, to));
    const second = await process(dev, buildSend(dev, first.hash, 2n, to));
    await other.rpc({ action: "block_confirm", hash: first.hash });
    expect(await countsAt(other)).toBe("1/3");
    dev.confirm(first.hash);
    expect(await countsAt(other)).toBe("2/3");
    dev.confirmAll();
    expect(await confirmedEverywhere([dev, other], second.hash)).toEqual(["true", "true"]);
  });

  test("each node tells its own websocket, of each block once, with what was confirmed together", async () => {
    const dev = await startNode({ confirm: "never", clock: () => 1_000_000 });
    const other = await addNode(dev);
    const clients = await Promise.all([dev.websocketUrl, other.node.websocketUrl].map(connectClient));
    for (const client of clients) await client.subscribe({ include_election_info: true });
    const to = await createOwner();
    const first = await process(dev, buildSend(dev, dev.genesis.hash, 1n, to));
    const second = await process(other, buildSend(dev, first.hash, 2n, to));
    dev.confirm(second.hash);
    const [here, there] = await Promise.all(clients.map((client) => client.sync()));
    expect(hashesOf(there ?? [])).toEqual([first.hash, second.hash]);
    expect(there?.map(({ message }) => message)).toEqual(here?.map(({ message }) => message));
  });

  test("a block with a gap waits where it is, and goes round when the gap closes", async () => {
    const dev = await startNode();
    const [second, third] = [await addNode(dev), await addNode(dev)];
    const to = await createOwner();
    const first = buildSend(dev, dev.genesis.hash, 1n, to);
    const { hash } = await dev.rpc({ action: "block_hash", json_block: "true", block: first });
    const child = buildSend(dev, hash, 2n, to);
    expect(await process(third, child)).toEqual({ error: "Gap previous block" });
    await process(second, first);
    expect(await Promise.all([dev, second, third].map(countsAt))).toEqual(["3/3", "3/3", "3/3"]);
  });

  test("each has its own first-seen times", async () => {
    let nowMs = 1_000_000;
    const dev = await startNode({ clock: () => nowMs });
    const fast = await addNode(dev, { clock: () => nowMs + 3_600_000 });
    const behind = await addNode(dev);
    behind.node.disconnect();
    const hash = await dev.fund(dev.genesis.address, 1n);
    nowMs += 60_000;
    behind.node.reconnect();
    const times = [dev, fast, behind].map(
      async (asked) => (await asked.rpc({ action: "block_info", hash })).local_timestamp,
    );
    expect(await Promise.all(times)).toEqual(["1000", "4600", "1060"]);
  });

  test("one that comes late has all of it, in order, before it listens", async () => {
    const dev = await startNode({ confirm: "never" });
    const owners = await Promise.all([1, 2, 3].map(() => createOwner()));
    for (const { secretKey } of owners) await dev.fundAccount({ secretKey, raw: 9n });
    const head = await dev.fund(dev.genesis.address, 1n);
    const { hash } = await process(dev, buildSend(dev, head, 28n + 5n, owners[0] ?? (await createOwner())));
    const late = await addNode(dev);
    expect(await countsAt(late)).toBe(await countsAt(dev));
    expect(await confirmedAt(late, hash)).toBe("false");
    for (const { address } of owners) {
      const question = { action: "account_info", account: address, representative: true, include_confirmed: true };
      const { modified_timestamp: _here, ...here } = await dev.rpc(question);
      const { modified_timestamp: _there, ...there } = await late.rpc(question);
      expect(there).toEqual(here);
    }
  });
});

describe("behind", () => {
  test("answers from what it had, and hears of nothing", async () => {
    const dev = await startNode();
    const behind = await addNode(dev);
    const known = await dev.fund(dev.genesis.address, 1n);
    behind.node.disconnect();
    expect(behind.node.isConnected).toBe(false);
    const missed = await dev.fund(dev.genesis.address, 1n);
    expect(await confirmedEverywhere([behind, dev], missed)).toEqual(["Block not found", "true"]);
    expect(await behind.rpc({ action: "account_info", account: dev.genesis.address })).toMatchObject({
      frontier: known.toUpperCase(),
    });
    expect(await countsAt(behind)).toBe("2/2");
  });

  test("what it takes stays with it, unconfirmed", async () => {
    const dev = await startNode();
    const [behind, third] = [await addNode(dev), await addNode(dev)];
    behind.node.disconnect();
    const { hash } = await process(behind, buildSend(dev, dev.genesis.hash, 1n, await createOwner()));
    expect(await confirmedEverywhere([behind, dev, third], hash)).toEqual([
      "false",
      "Block not found",
      "Block not found",
    ]);
    behind.node.reconnect();
    expect(await confirmedEverywhere([behind, dev, third], hash)).toEqual(["true", "true", "true"]);
  });

  test("catches up both ways before reconnect returns, and its websocket is told what it missed", async () => {
    const dev = await startNode({ confirm: "never" });
    const behind = await addNode(dev);
    const client = await connectClient(behind.node.websocketUrl);
    await client.subscribe({ include_election_info: true });
    const owner = await createOwner();
    await dev.fundAccount({ secretKey: owner.secretKey, raw: 9n });
    expect(await client.sync()).toHaveLength(2);
    behind.node.disconnect();

    const first = await dev.fund(owner.address, 1n);
    const second = await process(dev, buildSend(dev, first, 12n, owner));
    const third = await process(dev, buildSend(dev, second.hash, 13n, owner));
    dev.confirm(third.hash);
    const open = await process(dev, buildSend(dev, third.hash, 20n, owner));
    const { frontier } = await behind.rpc({ action: "account_info", account: owner.address });
    const own = await process(behind, buildBlock(owner, { previous: frontier, balanceRaw: 4n, link: owner.address }));
    expect(await client.sync()).toEqual([]);

    behind.node.reconnect();
    expect(behind.node.isConnected).toBe(true);
    const told = (await client.sync()).map(({ message }) => [message.hash, message.confirmation_type]);
    expect(told).toEqual([
      [first.toUpperCase(), "active_quorum"],
      [second.hash, "active_confirmation_height"],
      [third.hash, "active_quorum"],
    ]);
    expect(await confirmedEverywhere([dev, behind], open.hash)).toEqual(["false", "false"]);
    expect(await confirmedEverywhere([dev, behind], own.hash)).toEqual(["false", "false"]);
    dev.confirmAll();
    expect(await countsAt(behind)).toBe(await countsAt(dev));
  });

  test("being away twice, or none too often, is the same", async () => {
    const dev = await startNode();
    const { node, rpc } = await addNode(dev);
    const client = await connectClient(node.websocketUrl);
    await client.subscribe();
    node.reconnect();
    node.disconnect();
    const first = await dev.fund(dev.genesis.address, 1n);
    node.disconnect();
    node.reconnect();
    node.reconnect();
    const second = await dev.fund(dev.genesis.address, 1n);
    node.disconnect();
    const third = await dev.fund(dev.genesis.address, 1n);
    node.reconnect();
    expect(hashesOf(await client.sync())).toEqual([first, second, third].map((hash) => hash.toUpperCase()));
    expect(await rpc({ action: "block_count" })).toMatchObject({ count: "4" });
  });
});

describe("a node of its own", () => {
  test("faults of one do not touch another", async () => {
    const dev = await startNode();
    const [second, third] = [await addNode(dev), await addNode(dev)];
    dev.faults.rpc({ kind: "error", error: "first" });
    second.node.faults.rpc({ kind: "error", error: "second" });
    second.node.faults.websocket({ kind: "lost" });
    const version = { action: "version" };
    expect(await Promise.all([dev, second].map((asked) => asked.rpc(version)))).toEqual([
      { error: "first" },
      { error: "second" },
    ]);
    expect(await third.rpc(version)).toMatchObject({ rpc_version: "1" });
    const clients = await Promise.all([second, third].map(({ node }) => connectClient(node.websocketUrl)));
    for (const client of clients) await client.subscribe();
    second.node.faults.dropConnections();
    expect(await clients[0]?.closed).toBe(1006);
    const hash = await dev.fund(dev.genesis.address, 1n);
    expect(hashesOf((await clients[1]?.sync()) ?? [])).toEqual([hash.toUpperCase()]);
    expect([dev, second.node, third.node].map(({ faults }) => faults.hits)).toEqual([1, 1, 0]);
  });

  test("a block that was taken by a node that drops the connection is at all of them", async () => {
    const dev = await startNode();
    const other = await addNode(dev);
    other.node.faults.rpc({ kind: "dropped", when: "after" }, { action: "process" });
    const block = buildSend(dev, dev.genesis.hash, 1n, await createOwner());
    await expect(process(other, block)).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(await countsAt(dev)).toBe("2/2");
  });

  test("its configuration is its own, the network's rules are shared", async () => {
    const dev = await startNode({ workThresholds: { send: 0n, receive: 0n } });
    const other = await addNode(dev, { control: false });
    const block = buildSend(dev, dev.genesis.hash, 1n, await createOwner());
    expect(await process(other, { ...block, work: "0".repeat(16) })).toHaveProperty("hash");
    const rules = (asked: typeof dev | typeof other) => process(asked, block, { force: "true" });
    expect([await rules(dev), await rules(other)]).toEqual([
      { error: "Old block" },
      { error: expect.stringContaining("control") },
    ]);
  });

  test("close frees its ports; the others go on, and what it missed is its own", async () => {
    const dev = await startNode();
    const [gone, third] = [await addNode(dev), await addNode(dev)];
    const ports = [gone.node.rpcUrl, gone.node.websocketUrl].map((url) => Number(new URL(url).port));
    await gone.node.close();
    await gone.node.close();
    const hash = await dev.fund(dev.genesis.address, 1n);
    expect(await confirmedAt(third, hash)).toBe("true");
    const again = await addNode(dev, { port: ports[0] ?? 0, websocketPort: ports[1] ?? 0 });
    expect(again.node.rpcUrl).toBe(gone.node.rpcUrl);
    expect(await confirmedAt(again, hash)).toBe("true");
    expect(gone.node.isConnected).toBe(false);
    expect(() => gone.node.reconnect()).toThrowError(expect.objectContaining({ code: "ledger_unavailable" }));
  });

  test("a port in use is a configuration error, and leaves nothing behind", async () => {
    const dev = await startNode();
    const websocketPort = Number(new URL(dev.websocketUrl).port);
    await expect(dev.addNode({ websocketPort })).rejects.toMatchObject({
      code: "invalid_configuration",
      facts: { setting: "websocketPort" },
    });
    await expect(dev.addNode({ port: -1 })).rejects.toMatchObject({ facts: { setting: "port" } });
    const other = await addNode(dev);
    await dev.fund(dev.genesis.address, 1n);
    expect(await countsAt(other)).toBe("2/2");
  });
});

describe("close", () => {
  test("closes all nodes, and those that are just being added", async () => {
    const dev = await startDevLedger();
    const added = await dev.addNode();
    const adding = dev.addNode();
    const refused = expect(adding).rejects.toMatchObject({ code: "ledger_unavailable" });
    await dev.close();
    await refused;
    await expect(send(added.rpcUrl, "{}")).rejects.toThrow(/ECONNREFUSED/);
    const port = Number(new URL(added.rpcUrl).port);
    await expect(dev.addNode({ port })).rejects.toMatchObject({ code: "ledger_unavailable" });
    expect((await startNode({ port })).rpcUrl).toBe(added.rpcUrl);
    await dev.close();
  });

  test("calls off what is pending at any of them", async () => {
    const time = createManualSchedule();
    const dev = await startDevLedger({ confirmAfterMs: 500, schedule: time.schedule });
    const node = await dev.addNode();
    node.faults.rpc({ kind: "late", ms: 100 });
    const lost = expect(send(node.rpcUrl, '{"action":"version"}')).rejects.toThrow(/socket hang up|ECONNRESET/);
    await time.reaches(1);
    await dev.close();
    await lost;
    expect(time.pending()).toBe(0);
  });
});
