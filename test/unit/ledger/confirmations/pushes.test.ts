import { describe, expect, test } from "vitest";
import { createGate } from "../support.js";
import { ACCOUNT, accountOf, addressesOf, createScene, HASH, hashOf, pushOf, wait } from "./support.js";

describe("a wait with a websocket", () => {
  test("opens it at the first wait, and no other one after that", async () => {
    const scene = createScene();
    await scene.time.advance(10_000);
    expect(scene.sockets).toEqual([]);
    for (let count = 0; count < 3; count += 1) {
      const waiting = scene.confirmations.wait(HASH, wait());
      await scene.time.settle();
      scene.socket.push(HASH);
      expect(await waiting).toBe(true);
    }
    expect(scene.sockets.length).toBe(1);
    expect([scene.socket.url, scene.socket.headers]).toEqual(["wss://node.example:7078/key", {}]);
    expect(scene.notices).toEqual([]);
  });

  test("subscribes by account, looks once when that is acknowledged, and takes the push", async () => {
    const scene = createScene({ answers: false });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(900);
    expect(scene.socket.requests).toEqual([
      {
        action: "subscribe",
        topic: "confirmation",
        ack: true,
        id: "1",
        options: { confirmation_type: "all", include_block: "true", accounts: addressesOf(ACCOUNT) },
      },
    ]);
    expect(scene.looks).toEqual([]);
    scene.socket.answer();
    await scene.time.settle();
    expect(scene.lookTimes).toEqual([900]);
    await scene.time.advance(1_000);
    scene.socket.push(HASH);
    expect(await waiting).toBe(true);
    expect(scene.lookTimes).toEqual([900]);
  });

  test("is settled by the look when the block was confirmed before", async () => {
    const scene = createScene({ looks: () => true });
    expect(await scene.confirmations.wait(HASH, wait())).toBe(true);
    expect(scene.lookTimes).toEqual([0]);
  });

  test("polls slowly beside the websocket: what it lost is found", async () => {
    const scene = createScene({ looks: (_hash, look) => look === 9 });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(60_000);
    expect(await waiting).toBe(true);
    const gaps = scene.lookTimes.slice(1).map((at, index) => at - (scene.lookTimes[index] ?? 0));
    expect(gaps.map(Math.round)).toEqual([3000, 3750, 4688, 5859, 7324, 9155, 10000, 10000]);
  });

  test("does not wait long for an answer to its subscription, and looks again when it comes", async () => {
    const scene = createScene({ answers: false });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(2_000);
    expect(scene.lookTimes.map(Math.round)).toEqual([1_000, 1_250, 1_563, 1_953]);
    scene.socket.answer();
    await scene.time.advance(3_000);
    expect(scene.lookTimes.map(Math.round)).toEqual([1_000, 1_250, 1_563, 1_953, 2_000, 5_000]);
    expect(await scene.stateOf(waiting)).toBe("waits");
  });

  test("that is looked for when the answer comes is looked for once more", async () => {
    const first = createGate();
    const scene = createScene({
      answers: false,
      looks: (_hash, look) => (look === 1 ? first.isOpen.then(() => false) : true),
    });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect(scene.looks.length).toBe(1);
    scene.socket.answer();
    await scene.time.settle();
    expect(scene.looks.length).toBe(1);
    first.open();
    expect(await waiting).toBe(true);
    expect(scene.lookTimes).toEqual([1_000, 1_000]);
  });

  test("that is found while the answer comes needs no other look", async () => {
    const first = createGate();
    const scene = createScene({ answers: false, looks: () => first.isOpen.then(() => true) });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    scene.socket.answer();
    await scene.time.settle();
    first.open();
    expect([await waiting, scene.lookTimes]).toEqual([true, [1_000]]);
  });

  test.each([
    ["in upper case, as a node writes it", pushOf(HASH.toUpperCase())],
    ["in lower case", JSON.stringify({ topic: "confirmation", message: { hash: HASH } })],
    ["with other things, and wrong ones", JSON.stringify({ topic: "confirmation", message: { hash: HASH, block: 7 } })],
  ])("takes a push %s", async (_name, text) => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.say(text);
    expect(await waiting).toBe(true);
  });

  test.each([
    ["another block", pushOf(hashOf(1))],
    ["another topic", JSON.stringify({ topic: "vote", message: { hash: HASH } })],
    ["no topic", JSON.stringify({ message: { hash: HASH } })],
    ["the block's account alone", JSON.stringify({ topic: "confirmation", message: { account: ACCOUNT } })],
    ["a longer hash", pushOf(`${HASH}00`)],
    ["a shorter hash", pushOf(HASH.slice(1))],
    ["a hash that is no text", JSON.stringify({ topic: "confirmation", message: { hash: [HASH] } })],
  ])("takes no push of %s for its own", async (_name, text) => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.say(text);
    expect(await scene.stateOf(waiting)).toBe("waits");
    scene.socket.push(HASH);
    expect(await waiting).toBe(true);
  });

  test("is over in time when nothing is pushed, and nobody looks any more", async () => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 2_000 }));
    await scene.time.advance(2_000);
    expect(await waiting).toBe(false);
    await scene.time.advance(60_000);
    expect([scene.lookTimes, scene.timers]).toEqual([[0], 0]);
  });
});

describe("a wait for a block of its own", () => {
  /** `open`: the node has answered. The block leaves when the subscription has been acknowledged, or would have been. */
  const handOver = async (scene: ReturnType<typeof createScene>) => {
    const { isOpen, open } = createGate();
    const waiting = { isOver: scene.confirmations.wait(HASH, wait({ after: isOpen })) };
    await scene.time.settle();
    scene.confirmations.noteHandIn(HASH);
    return { waiting: waiting.isOver, open };
  };

  test("never looks where the push comes", async () => {
    const scene = createScene();
    const { waiting, open } = await handOver(scene);
    await scene.time.advance(40);
    open();
    await scene.time.advance(600);
    scene.socket.push(HASH);
    expect(await waiting).toBe(true);
    await scene.time.advance(60_000);
    expect([scene.looks, scene.timers]).toEqual([[], 0]);
  });

  test("takes a push that comes before the hand-over is answered", async () => {
    const scene = createScene();
    const { waiting, open } = await handOver(scene);
    await scene.time.settle();
    scene.socket.push(HASH);
    expect(await waiting).toBe(true);
    open();
    await scene.time.advance(60_000);
    expect([scene.looks, scene.timers]).toEqual([[], 0]);
  });

  test("finds a second later what was pushed and lost", async () => {
    const scene = createScene({ looks: () => true });
    const { waiting, open } = await handOver(scene);
    await scene.time.advance(40);
    open();
    await scene.time.advance(999);
    expect(await scene.stateOf(waiting)).toBe("waits");
    await scene.time.advance(1);
    expect([await waiting, scene.lookTimes]).toEqual([true, [1_040]]);
  });

  test("looks at once where the block left before its account was heard: a confirmation may have slipped in", async () => {
    const scene = createScene({ looks: () => true });
    const { isOpen, open } = createGate();
    const waiting = scene.confirmations.wait(HASH, wait({ after: isOpen }));
    scene.confirmations.noteHandIn(HASH);
    await scene.time.advance(40);
    expect(scene.looks).toEqual([]);
    open();
    expect([await waiting, scene.lookTimes]).toEqual([true, [40]]);
  });

  test("looks at once where nobody said when the block left", async () => {
    const scene = createScene({ looks: () => true });
    const { isOpen, open } = createGate();
    const waiting = scene.confirmations.wait(HASH, wait({ after: isOpen }));
    await scene.time.advance(40);
    open();
    expect([await waiting, scene.lookTimes]).toEqual([true, [40]]);
  });

  test("looks slowly from then on", async () => {
    const scene = createScene();
    const { open } = await handOver(scene);
    await scene.time.settle();
    open();
    await scene.time.advance(8_000);
    expect(scene.lookTimes).toEqual([1_000, 4_000, 7_750]);
  });

  test("looks when the subscription is acknowledged only after the hand-over", async () => {
    const scene = createScene({ answers: false });
    const { waiting, open } = await handOver(scene);
    await scene.time.advance(100);
    open();
    await scene.time.advance(100);
    expect(scene.looks).toEqual([]);
    scene.socket.answer();
    await scene.time.advance(1_000);
    expect([await scene.stateOf(waiting), scene.lookTimes]).toEqual(["waits", [200]]);
  });

  test("looks at once when the websocket was lost meanwhile, even if it is back", async () => {
    const scene = createScene();
    const { open } = await handOver(scene);
    await scene.time.advance(100);
    scene.socket.die();
    await scene.time.advance(900);
    expect([scene.sockets.length, scene.looks.length]).toEqual([2, 0]);
    open();
    await scene.time.settle();
    expect(scene.lookTimes).toEqual([1_000]);
  });

  test("looks at once, and often, while there is no websocket", async () => {
    const scene = createScene({ opens: () => "is refused" });
    const { open } = await handOver(scene);
    await scene.time.advance(100);
    expect(scene.looks).toEqual([]);
    open();
    await scene.time.advance(600);
    expect(scene.lookTimes).toEqual([100, 350, 662.5]);
  });
});

describe("several waits with a websocket", () => {
  test("for one hash share its account, its look and its push", async () => {
    const scene = createScene();
    const waits = Array.from({ length: 50 }, () => scene.confirmations.wait(HASH, wait()));
    await scene.time.settle();
    expect([scene.socket.requests.length, scene.lookTimes]).toEqual([1, [0]]);
    scene.socket.push(HASH);
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
  });

  test("a later one for the same hash needs no look of its own", async () => {
    const scene = createScene();
    const first = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(100);
    const second = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(100);
    expect([scene.socket.requests.length, scene.lookTimes]).toEqual([1, [0]]);
    scene.socket.push(HASH);
    expect([await first, await second]).toEqual([true, true]);
  });

  test("a later one for another hash on the same account looks at once", async () => {
    const scene = createScene();
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(100);
    void scene.confirmations.wait(hashOf(1), wait());
    await scene.time.settle();
    expect(scene.looks.map(({ atMs, hash }) => [atMs, hash])).toEqual([
      [0, HASH],
      [100, hashOf(1)],
    ]);
  });

  test("each look when their own account is heard", async () => {
    const scene = createScene({ answers: false });
    void scene.confirmations.wait(hashOf(1), wait({ account: accountOf(1) }));
    await scene.time.settle();
    void scene.confirmations.wait(hashOf(2), wait({ account: accountOf(2) }));
    await scene.time.settle();
    scene.socket.say(JSON.stringify({ ack: "subscribe", id: "1" }));
    await scene.time.settle();
    expect(scene.looks.map(({ hash }) => hash)).toEqual([hashOf(1)]);
    scene.socket.say(JSON.stringify({ ack: "update", id: "2" }));
    await scene.time.settle();
    expect(scene.looks.map(({ hash }) => hash)).toEqual([hashOf(1), hashOf(2)]);
  });

  test("that are over before their account is heard are not looked for", async () => {
    const scene = createScene({ answers: false });
    const short = scene.confirmations.wait(HASH, wait({ timeoutMs: 100 }));
    void scene.confirmations.wait(hashOf(1), wait());
    await scene.time.advance(100);
    expect(await short).toBe(false);
    scene.socket.answer();
    await scene.time.settle();
    expect(scene.looks.map(({ hash }) => hash)).toEqual([hashOf(1)]);
  });

  test("a later one under another account has the hash looked for when that is heard", async () => {
    const scene = createScene();
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(100);
    void scene.confirmations.wait(HASH, wait({ account: accountOf(2) }));
    await scene.time.advance(100);
    expect(scene.lookTimes).toEqual([0, 100]);
  });

  test("an account is given up with the last who waits for it", async () => {
    const scene = createScene();
    const first = scene.confirmations.wait(hashOf(1), wait({ timeoutMs: 100 }));
    const second = scene.confirmations.wait(hashOf(2), wait({ timeoutMs: 200 }));
    await scene.time.advance(100);
    expect([await first, scene.socket.requests.length]).toEqual([false, 1]);
    await scene.time.advance(100);
    expect([await second, scene.socket.requests.length]).toEqual([false, 2]);
    expect(scene.socket.requests[1]?.options).toEqual({ accounts_del: addressesOf(ACCOUNT) });
  });

  test("ten thousand of them take one socket, one timer and one request", async () => {
    const scene = createScene();
    const waits = Array.from({ length: 10_000 }, (_, index) =>
      scene.confirmations.wait(hashOf(index), wait({ account: accountOf(index), timeoutMs: 20_000 + index })),
    );
    await scene.time.settle();
    expect([scene.sockets.length, scene.timers, scene.socket.requests.length]).toEqual([1, 1, 1]);
    for (let index = 0; index < 10_000; index += 1) scene.socket.push(hashOf(index));
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
    await scene.time.settle();
    expect(scene.timers).toBe(0);
  });

  test("are all ended by close, with their socket", async () => {
    const scene = createScene();
    const waits = [scene.confirmations.wait(hashOf(1), wait()), scene.confirmations.wait(hashOf(2), wait())];
    await scene.time.advance(100);
    scene.confirmations.close();
    expect(await Promise.all(waits)).toEqual([false, false]);
    expect([scene.socket.isClosed, scene.timers]).toEqual([true, 0]);
    expect(await scene.confirmations.wait(HASH, wait())).toBe(false);
    await scene.time.advance(60_000);
    expect([scene.sockets.length, scene.notices]).toEqual([1, []]);
  });

  test("closed while the socket is being opened leave none behind", async () => {
    const scene = createScene({ opens: () => "hangs" });
    const waiting = scene.confirmations.wait(HASH, wait());
    scene.confirmations.close();
    scene.socket.open();
    await scene.time.advance(60_000);
    expect([await waiting, scene.socket.isClosed, scene.socket.requests, scene.timers]).toEqual([false, true, [], 0]);
  });
});

describe("where several nodes must agree", () => {
  test("a push is a hint to look, and to look often", async () => {
    const scene = createScene({ lookAfterPush: true, looks: (_hash, look) => look === 5 });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect(scene.lookTimes).toEqual([0]);
    scene.socket.push(HASH);
    await scene.time.advance(5_000);
    expect(await waiting).toBe(true);
    expect(scene.lookTimes.map(Math.round)).toEqual([0, 1_000, 1_250, 1_563, 1_953]);
  });

  test("a push for a block of its own is looked after before the hand-over is answered", async () => {
    const scene = createScene({ lookAfterPush: true, looks: () => true });
    const waiting = scene.confirmations.wait(HASH, wait({ after: new Promise(() => undefined) }));
    await scene.time.advance(100);
    expect(scene.looks).toEqual([]);
    scene.socket.push(HASH);
    expect(await waiting).toBe(true);
  });
});
