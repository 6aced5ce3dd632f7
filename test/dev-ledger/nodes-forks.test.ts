import { describe, expect, test } from "vitest";
import { type Asked, addNode, buildSend, confirmedEverywhere, countsAt, process } from "./nodes-support.js";
import { buildBlock, createOwner, startNode } from "./support.js";

const GONE = "Block not found";

describe("two blocks on one previous", () => {
  test("what the network confirmed meanwhile wins, and what stood on the other is gone with it", async () => {
    const dev = await startNode({ confirm: "never" });
    const behind = await addNode(dev);
    behind.node.disconnect();
    const [mine, theirs] = [await createOwner(), await createOwner()];
    const winner = await process(dev, buildSend(dev, dev.genesis.hash, 1n, theirs));
    const loser = await process(behind, buildSend(dev, dev.genesis.hash, 2n, mine));
    const child = await process(behind, buildSend(dev, loser.hash, 3n, mine));
    const opened = await process(behind, buildBlock(mine, { balanceRaw: 2n, link: loser.hash }));
    expect(opened.hash).toMatch(/^[0-9A-F]{64}$/);
    dev.confirm(winner.hash);
    behind.node.reconnect();
    expect(await confirmedEverywhere([dev, behind], winner.hash)).toEqual(["true", "true"]);
    for (const { hash } of [loser, child, opened]) {
      expect(await confirmedEverywhere([dev, behind], hash)).toEqual([GONE, GONE]);
    }
    expect(await behind.rpc({ action: "account_info", account: mine.address })).toEqual({ error: "Account not found" });
    expect(await countsAt(behind)).toBe("2/2");
  });

  test("both unconfirmed: each node keeps its own until the network confirms one", async () => {
    const dev = await startNode({ confirm: "never" });
    const [behind, third] = [await addNode(dev), await addNode(dev)];
    behind.node.disconnect();
    const to = await createOwner();
    const ours = await process(dev, buildSend(dev, dev.genesis.hash, 1n, to));
    const next = await process(dev, buildSend(dev, ours.hash, 3n, to));
    const theirs = await process(behind, buildSend(dev, dev.genesis.hash, 2n, to));
    behind.node.reconnect();
    expect(await confirmedEverywhere([dev, third, behind], ours.hash)).toEqual(["false", "false", GONE]);
    expect(await confirmedEverywhere([dev, third, behind], theirs.hash)).toEqual([GONE, GONE, "false"]);
    dev.confirm(next.hash);
    expect(await confirmedEverywhere([dev, third, behind], ours.hash)).toEqual(["true", "true", "true"]);
    expect(await confirmedEverywhere([dev, third, behind], next.hash)).toEqual(["true", "true", "true"]);
    expect(await confirmedEverywhere([behind], theirs.hash)).toEqual([GONE]);
  });

  test("two first blocks of one account", async () => {
    const dev = await startNode({ confirm: "never" });
    const owner = await createOwner();
    const sends = [await dev.fund(owner.address, 5n), await dev.fund(owner.address, 7n)];
    const behind = await addNode(dev);
    behind.node.disconnect();
    const winner = await process(dev, buildBlock(owner, { balanceRaw: 5n, link: sends[0] ?? "" }));
    const loser = await process(behind, buildBlock(owner, { balanceRaw: 7n, link: sends[1] ?? "" }));
    dev.confirm(winner.hash);
    behind.node.reconnect();
    expect(await confirmedEverywhere([dev, behind], winner.hash)).toEqual(["true", "true"]);
    expect(await confirmedEverywhere([dev, behind], loser.hash)).toEqual([GONE, GONE]);
    const question = { action: "account_balance", account: owner.address };
    expect(await behind.rpc(question)).toEqual({ balance: "5", pending: "7", receivable: "7" });
  });

  test("a fork is refused at every connected node alike", async () => {
    const dev = await startNode();
    const other = await addNode(dev);
    const to = await createOwner();
    await process(dev, buildSend(dev, dev.genesis.hash, 1n, to));
    expect(await process(other, buildSend(dev, dev.genesis.hash, 2n, to))).toEqual({ error: "Fork" });
  });

  test("a node that lies is not behind: its ledger knows better", async () => {
    const dev = await startNode();
    const liar = await addNode(dev);
    liar.node.faults.rpc({ kind: "error", error: GONE }, { action: "block_info" });
    const hash = await dev.fund(dev.genesis.address, 1n);
    expect(await confirmedEverywhere([dev, liar], hash)).toEqual(["true", GONE]);
    liar.node.faults.clear();
    expect(await confirmedEverywhere([dev, liar], hash)).toEqual(["true", "true"]);
  });
});

describe("confirmed is final", () => {
  test("force at a node that is behind does not undo what it knows to be confirmed", async () => {
    const dev = await startNode();
    const behind = await addNode(dev);
    const hash = await dev.fund(dev.genesis.address, 1n);
    behind.node.disconnect();
    const rival = buildSend(dev, dev.genesis.hash, 2n, await createOwner());
    await process(behind, rival, { force: "true" });
    expect(await confirmedEverywhere([dev, behind], hash)).toEqual(["true", "true"]);
    behind.node.reconnect();
    expect(await Promise.all([dev, behind].map(countsAt))).toEqual(["2/2", "2/2"]);
  });

  test("a block of a node that is behind comes too late, though nobody else had heard of it", async () => {
    const dev = await startNode();
    const [behind, third] = [await addNode(dev), await addNode(dev)];
    behind.node.disconnect();
    third.node.disconnect();
    const to = await createOwner();
    const loser = await process(behind, buildSend(dev, dev.genesis.hash, 2n, to));
    const winner = await process(third, buildSend(dev, dev.genesis.hash, 1n, to));
    third.node.reconnect();
    behind.node.reconnect();
    const all = [dev, behind, third];
    expect(await confirmedEverywhere(all, winner.hash)).toEqual(["true", "true", "true"]);
    expect(await confirmedEverywhere(all, loser.hash)).toEqual([GONE, GONE, GONE]);
  });
});

test("confirmAll confirms what comes in because of it as well", async () => {
  const dev = await startNode({ confirm: "never" });
  const behind = await addNode(dev);
  behind.node.disconnect();
  const to = await createOwner();
  const ours = await process(dev, buildSend(dev, dev.genesis.hash, 1n, to));
  await process(behind, buildSend(dev, dev.genesis.hash, 2n, to));
  // Waits at the node that is behind, until the rival of what it stands on has given way there.
  expect(await process(behind, buildSend(dev, ours.hash, 3n, to))).toEqual({ error: "Gap previous block" });
  behind.node.reconnect();
  expect(await Promise.all([dev, behind].map(countsAt))).toEqual(["1/2", "1/2"]);
  expect(dev.confirmAll()).toHaveLength(2);
  expect(await Promise.all([dev, behind].map(countsAt))).toEqual(["3/3", "3/3"]);
});

describe("forced at one node", () => {
  test("the others keep their own until the network confirms the other", async () => {
    const dev = await startNode({ confirm: "never" });
    const other = await addNode(dev);
    const to = await createOwner();
    const first = await process(dev, buildSend(dev, dev.genesis.hash, 1n, to));
    const forced = await process(dev, buildSend(dev, dev.genesis.hash, 2n, to), { force: "true" });
    expect(await confirmedEverywhere([dev, other], first.hash)).toEqual([GONE, "false"]);
    expect(await confirmedEverywhere([dev, other], forced.hash)).toEqual(["false", GONE]);
    dev.confirm(forced.hash);
    expect(await confirmedEverywhere([dev, other], first.hash)).toEqual([GONE, GONE]);
    expect(await confirmedEverywhere([dev, other], forced.hash)).toEqual(["true", "true"]);
  });

  test("what the rival was in the way of comes in by itself", async () => {
    const dev = await startNode({ confirm: "never" });
    const other = await addNode(dev);
    const [payer, payee] = [await createOwner(), await createOwner()];
    const { frontier } = await dev.fundAccount({ secretKey: payer.secretKey, raw: 9n });
    const { frontier: opened } = await dev.fundAccount({ secretKey: payee.secretKey, raw: 9n });
    // The network: payer → payee, who receives it. The other node: payee spends first, on the same block.
    other.node.disconnect();
    const paid = await process(dev, buildBlock(payer, { previous: frontier, balanceRaw: 8n, link: payee.address }));
    const received = await process(dev, buildBlock(payee, { previous: opened, balanceRaw: 10n, link: paid.hash }));
    const spent = await process(other, buildBlock(payee, { previous: opened, balanceRaw: 3n, link: payer.address }));
    other.node.reconnect();
    const all: readonly Asked[] = [dev, other];
    expect(await confirmedEverywhere(all, received.hash)).toEqual(["false", GONE]);
    // By force the network gives up `paid`, and with it what stood in the way of `spent`.
    await process(dev, buildBlock(payer, { previous: frontier, balanceRaw: 7n, link: payer.address }), {
      force: "true",
    });
    expect(await confirmedEverywhere(all, received.hash)).toEqual([GONE, GONE]);
    expect(await confirmedEverywhere(all, spent.hash)).toEqual(["false", "false"]);
  });

  test("at a node that gives way to the network, too", async () => {
    const dev = await startNode({ confirm: "never" });
    const other = await addNode(dev);
    const [payer, payee] = [await createOwner(), await createOwner()];
    const { frontier } = await dev.fundAccount({ secretKey: payer.secretKey, raw: 9n });
    const { frontier: opened } = await dev.fundAccount({ secretKey: payee.secretKey, raw: 9n });
    other.node.disconnect();
    const paid = await process(other, buildBlock(payer, { previous: frontier, balanceRaw: 8n, link: payee.address }));
    await process(other, buildBlock(payee, { previous: opened, balanceRaw: 10n, link: paid.hash }));
    const spent = await process(dev, buildBlock(payee, { previous: opened, balanceRaw: 3n, link: payer.address }));
    const rival = await process(dev, buildBlock(payer, { previous: frontier, balanceRaw: 7n, link: payer.address }));
    other.node.reconnect();
    expect(await confirmedEverywhere([dev, other], spent.hash)).toEqual(["false", GONE]);
    dev.confirm(rival.hash);
    expect(await confirmedEverywhere([dev, other], spent.hash)).toEqual(["false", "false"]);
  });
});
