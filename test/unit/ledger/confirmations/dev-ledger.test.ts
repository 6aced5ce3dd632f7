import { describe, expect, test } from "vitest";
import { createDeadlines } from "../../../../src/ledger/deadlines.js";
import { addressOf } from "../../../../src/nano/index.js";
import { startNode } from "../../../dev-ledger/support.js";
import { connectClient } from "../../../dev-ledger/websocket-client.js";
import { createManualTime } from "../../../support/manual-time.js";
import { createGate } from "../support.js";
import { asLiveNode, processSends, signSends, startLive } from "./live.js";
import { accountOf, hashOf } from "./support.js";

const timeoutMs = 600_000;

describe("against the dev ledger", () => {
  test("a block is settled by `process` and one push", async () => {
    const dev = await startNode({ confirm: "never" });
    const [first, ...others] = await signSends(dev, 3, 2);
    if (first === undefined) return;
    const { confirmations, looks, looked, answered } = startLive(asLiveNode(dev));
    // The first finds no websocket yet, so it is looked for once when it is subscribed to.
    const opening = confirmations.wait(first.hash, { account: first.account, timeoutMs, after: first.process() });
    await looked(1);
    dev.confirm(first.hash);
    expect(await opening).toBe(true);

    for (const { hash, account, process } of others) {
      const { isOpen, open } = createGate();
      const waiting = confirmations.wait(hash, { account, timeoutMs, after: isOpen });
      await answered();
      confirmations.noteHandIn(hash);
      expect(await process()).toEqual({ hash: hash.toUpperCase() });
      open();
      dev.confirm(hash);
      expect(await waiting).toBe(true);
    }
    expect(looks).toEqual([first.hash]);
  });

  test("blocks that are confirmed before `process` answers are settled all the same", async () => {
    const dev = await startNode();
    const blocks = await signSends(dev, 2, 10);
    const { confirmations } = startLive(asLiveNode(dev));
    for (const { hash, account, process } of blocks) {
      expect(await confirmations.wait(hash, { account, timeoutMs, after: process() })).toBe(true);
    }
  });

  test("a block that was confirmed long ago is found at once", async () => {
    const dev = await startNode();
    const [block] = await processSends(dev, 1, 1);
    if (block === undefined) return;
    const { confirmations, looks } = startLive(asLiveNode(dev));
    expect(await confirmations.wait(block.hash, { account: block.account, timeoutMs })).toBe(true);
    expect(looks).toEqual([block.hash]);
  });

  test("many accounts that come and go are each heard, and others' blocks settle nothing", async () => {
    const dev = await startNode({ confirm: "never" });
    const blocks = await processSends(dev, 20, 5);
    const { confirmations } = startLive(asLiveNode(dev));
    const stranger = confirmations.wait(hashOf(1), { account: accountOf(1), timeoutMs });
    for (let round = 0; round < 5; round += 1) {
      const due = blocks.filter((_, index) => index % 5 === round);
      const waits = due.map(({ hash, account }) => confirmations.wait(hash, { account, timeoutMs }));
      for (const { hash } of due) dev.confirm(hash);
      expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
    }
    confirmations.close();
    expect(await stranger).toBe(false);
  });

  test("more accounts than a filter should hold are subscribed to without one, and with one later", async () => {
    const dev = await startNode({ confirm: "never" });
    const [first, second] = await processSends(dev, 2, 1);
    if (first === undefined || second === undefined) return;
    const { confirmations, looks, looked } = startLive(asLiveNode(dev), { isConfirmed: async () => false });
    const leaving = new AbortController();
    const crowd = Array.from({ length: 17_000 }, (_, index) =>
      confirmations.wait(hashOf(index), {
        account: accountOf(index),
        timeoutMs,
        after: new Promise(() => undefined),
        ...(index === 0 && { signal: leaving.signal }),
      }),
    );
    const one = confirmations.wait(first.hash, { account: first.account, timeoutMs });
    await looked(1);
    dev.confirm(first.hash);
    expect([await one, looks]).toEqual([true, [first.hash]]);
    const other = confirmations.wait(second.hash, { account: second.account, timeoutMs });
    await looked(2);
    dev.confirm(second.hash);
    expect(await other).toBe(true);
    confirmations.close();
    expect(new Set(await Promise.all(crowd))).toEqual(new Set([false]));
  });

  test("where the first-connected subscriber leaves the blocks out, the filter is given up and pushes come", async () => {
    const dev = await startNode({ confirm: "never" });
    const blocks = await processSends(dev, 4, 1);
    const neighbour = await connectClient(dev.websocketUrl);
    await neighbour.subscribe({ include_block: "false" });

    const time = createManualTime();
    const { confirmations, looked, looks } = startLive(asLiveNode(dev), {
      deadlines: createDeadlines({ clock: time.clock, sleep: time.sleep }),
    });
    for (const [index, { hash, account }] of blocks.entries()) {
      const waiting = confirmations.wait(hash, { account, timeoutMs });
      await looked(looks.length + 1);
      await time.settle();
      dev.confirm(hash);
      expect((await neighbour.sync()).map(({ message }) => message.account)).toEqual([addressOf(account)]);
      // Nothing is pushed to the first three; the slow poll finds them. The fourth waits for no time at all.
      if (index < 3) await Promise.all([looked(looks.length + 1), time.advance(10_000)]);
      expect(await waiting).toBe(true);
    }
  });
});
