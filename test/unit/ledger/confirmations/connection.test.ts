import { describe, expect, test } from "vitest";
import { createConfirmations } from "../../../../src/ledger/confirmations/index.js";
import { errorOf } from "../support.js";
import { ACCOUNT, accountOf, addressesOf, answerTo, createScene, HASH, hashOf, wait } from "./support.js";

const LOST = "websocket node.example:7078: no connection; confirmations are polled for until it is back";
const BACK = "websocket node.example:7078: back";

describe("a websocket that is lost", () => {
  test("is opened again, subscribed anew, and every block is looked for once", async () => {
    const scene = createScene();
    const waits = [1, 2, 3].map((n) => scene.confirmations.wait(hashOf(n), wait({ account: accountOf(n) })));
    await scene.time.advance(1_000);
    expect(scene.looks.length).toBe(3);
    scene.socket.die();
    await scene.time.settle();
    expect([scene.sockets.length, scene.notices]).toEqual([1, [LOST]]);
    // Before it is back: a look at each within the first interval, for what the dead socket did not tell.
    await scene.time.advance(249);
    expect([scene.sockets.length, scene.looks.length]).toEqual([1, 6]);
    await scene.time.advance(1);
    expect(scene.sockets.length).toBe(2);
    expect(scene.socket.requests.map(({ action, options }) => [action, options?.accounts])).toEqual([
      ["subscribe", addressesOf(accountOf(1), accountOf(2), accountOf(3))],
    ]);
    expect([scene.looks.length, scene.notices]).toEqual([9, [LOST, BACK]]);
    await scene.time.advance(2_900);
    expect(scene.looks.length).toBe(9);
    for (const n of [1, 2, 3]) scene.socket.push(hashOf(n));
    expect(await Promise.all(waits)).toEqual([true, true, true]);
  });

  test("is not missed by what it pushed before", async () => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.push(HASH);
    scene.socket.die();
    expect(await waiting).toBe(true);
    await scene.time.advance(60_000);
    expect([scene.sockets.length, scene.notices, scene.timers]).toEqual([1, [], 0]);
  });

  test("while it is gone everybody polls as if there were none", async () => {
    const scene = createScene({ opens: (count) => (count === 0 ? "opens" : "hangs") });
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(2_900);
    scene.socket.die();
    await scene.time.advance(2_900);
    expect(scene.lookTimes.map(Math.round)).toEqual([0, 3_025, 3_275, 3_588, 3_978, 4_466, 5_077]);
  });

  test("is tried again after pauses that double, up to half a minute", async () => {
    const times: number[] = [];
    const scene = createScene({
      opens: () => {
        times.push(scene.time.clock());
        return "is refused";
      },
    });
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.advance(150_000);
    const pauses = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test.each([
    [0, 187.5],
    [0.5, 250],
    [0.999_999, 312.5],
  ])("is tried again after a pause that chance changes (%s)", async (chance, pauseMs) => {
    const times: number[] = [];
    const scene = createScene({
      random: () => chance,
      opens: () => {
        times.push(scene.time.clock());
        return "is refused";
      },
    });
    const startMs = scene.time.clock();
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(400);
    expect((times[1] ?? 0) - startMs).toBeCloseTo(pauseMs, 1);
  });

  test("says so once, and that it is back once, however many wait and however often it is tried", async () => {
    let isUp = false;
    const scene = createScene({ opens: () => (isUp ? "opens" : "is refused") });
    for (let n = 0; n < 20; n += 1) void scene.confirmations.wait(hashOf(n), wait({ account: accountOf(n) }));
    await scene.time.advance(20_000);
    expect(scene.notices).toEqual([LOST]);
    isUp = true;
    await scene.time.advance(20_000);
    expect(scene.notices).toEqual([LOST, BACK]);
    isUp = false;
    scene.socket.die();
    await scene.time.advance(10_000);
    expect(scene.notices).toEqual([LOST, BACK, LOST]);
  });

  test("that opens and ends at once is not back, and is tried ever more seldom", async () => {
    const scene = createScene({ answers: false });
    void scene.confirmations.wait(HASH, wait());
    for (let round = 0; round < 600; round += 1) {
      await scene.time.advance(100);
      scene.sockets.at(-1)?.die();
    }
    expect(scene.notices).toEqual([LOST]);
    expect(scene.sockets.length).toBeLessThan(10);
  });

  test("after it has worked is tried again soon", async () => {
    let isUp = false;
    const scene = createScene({ opens: () => (isUp ? "opens" : "is refused") });
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.advance(50_000);
    isUp = true;
    await scene.time.advance(30_000);
    const { length } = scene.sockets;
    scene.socket.die();
    await scene.time.advance(250);
    expect(scene.sockets.length).toBe(length + 1);
  });

  test("with nobody waiting stays lost until somebody does, and nothing is said", async () => {
    const scene = createScene();
    const first = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.push(HASH);
    await first;
    await scene.time.settle();
    scene.socket.die();
    await scene.time.advance(60_000);
    expect([scene.sockets.length, scene.timers]).toEqual([1, 0]);
    const second = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    expect([scene.sockets.length, scene.lookTimes]).toEqual([2, [0, 60_000]]);
    scene.socket.push(HASH);
    expect([await second, scene.notices]).toEqual([true, []]);
  });

  test("is given up with the last who waits, and tried at once for the next", async () => {
    const scene = createScene({ opens: () => "is refused" });
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 20_000 }));
    await scene.time.advance(20_000);
    expect([await waiting, scene.timers]).toEqual([false, 0]);
    const { length } = scene.sockets;
    await scene.time.advance(600_000);
    expect(scene.sockets.length).toBe(length);
    void scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    expect(scene.sockets.length).toBe(length + 1);
    expect(scene.lookTimes.at(-1)).toBe(620_000);
  });

  test("that cannot even be made is one like any other, and its reason stays untold", async () => {
    const scene = createScene({ opens: () => "throws", looks: (_hash, look) => look === 3 });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect([await waiting, scene.lookTimes, scene.notices]).toEqual([true, [0, 250, 562.5], [LOST]]);
  });

  test("is heard no more: what an old socket says late counts for nothing", async () => {
    const scene = createScene({ answers: false });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    const old = scene.socket;
    old.die();
    await scene.time.advance(250);
    expect(scene.sockets.length).toBe(2);
    old.push(HASH);
    old.say(answerTo({ action: "subscribe", id: "1" }));
    old.die();
    await scene.time.advance(1_000);
    expect([await scene.stateOf(waiting), scene.notices]).toEqual(["waits", [LOST]]);
    expect([scene.sockets.length, scene.socket.isClosed]).toEqual([2, false]);
  });

  test("is not tried by every wait that begins meanwhile", async () => {
    const scene = createScene({ opens: () => "is refused" });
    for (let n = 0; n < 70; n += 1) {
      void scene.confirmations.wait(hashOf(n), wait({ account: accountOf(n) }));
      await scene.time.advance(50);
    }
    // At 0, 250, 750 and 1,750 ms.
    expect(scene.sockets.length).toBe(4);
  });
});

describe("a websocket that does not open", () => {
  test("is given up after ten seconds, and there are never two", async () => {
    const scene = createScene({ opens: () => "hangs" });
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.advance(9_999);
    expect([scene.sockets.length, scene.socket.isClosed, scene.notices]).toEqual([1, false, []]);
    await scene.time.advance(1);
    expect([scene.socket.isClosed, scene.notices]).toEqual([true, [LOST]]);
    await scene.time.advance(100_000);
    expect(scene.sockets.length).toBeGreaterThan(5);
    expect(scene.sockets.filter(({ isClosed }) => !isClosed).length).toBeLessThan(2);
  });

  test("does not hold a wait up for more than a second, later ones not at all", async () => {
    const scene = createScene({ opens: () => "hangs" });
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect(scene.lookTimes).toEqual([1_000]);
    await scene.time.advance(10_000);
    void scene.confirmations.wait(hashOf(1), wait());
    await scene.time.settle();
    expect(scene.looks.at(-1)).toMatchObject({ atMs: 11_000, hash: hashOf(1) });
  });

  test("and opens when it has been given up counts for nothing", async () => {
    const scene = createScene({ opens: (count) => (count === 0 ? "hangs" : "opens"), answers: false });
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(10_250);
    expect(scene.sockets.map(({ isClosed }) => isClosed)).toEqual([true, false]);
    scene.sockets[0]?.open();
    scene.socket.answer();
    await scene.time.settle();
    expect([scene.sockets[0]?.requests, scene.notices]).toEqual([[], [LOST, BACK]]);
    void scene.confirmations.wait(HASH, wait({ account: accountOf(2) }));
    await scene.time.settle();
    expect(scene.socket.requests.length).toBe(2);
  });

  test("leaves nothing due when nobody waits, and is given up for the next who does", async () => {
    const scene = createScene({ opens: () => "hangs" });
    const waiting = scene.confirmations.wait(HASH, wait({ timeoutMs: 1_000 }));
    await scene.time.advance(1_000);
    expect([await waiting, scene.timers]).toEqual([false, 0]);
    await scene.time.advance(60_000);
    expect(scene.socket.isClosed).toBe(false);
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(10_000);
    expect(scene.sockets[0]?.isClosed).toBe(true);
  });

  test("may open when nobody waits any more, and serves the next", async () => {
    const scene = createScene({ opens: () => "hangs" });
    const first = scene.confirmations.wait(HASH, wait({ timeoutMs: 1_000 }));
    await scene.time.advance(1_000);
    expect(await first).toBe(false);
    scene.socket.open();
    await scene.time.settle();
    expect(scene.socket.requests).toEqual([]);
    const second = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.push(HASH);
    expect([await second, scene.sockets.length]).toEqual([true, 1]);
  });
});

describe("a websocket that falls silent", () => {
  test("is asked whether it is there, and kept when it is", async () => {
    const scene = createScene();
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.advance(120_000);
    const pings = scene.socket.requests.filter(({ action }) => action === "ping").length;
    expect(pings).toBeGreaterThan(4);
    expect(pings).toBeLessThan(9);
    expect([scene.sockets.length, scene.notices]).toEqual([1, []]);
  });

  test("is not asked while it speaks", async () => {
    const scene = createScene();
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    for (let round = 0; round < 30; round += 1) {
      await scene.time.advance(4_000);
      scene.socket.push(hashOf(round));
    }
    expect(scene.socket.requests.map(({ action }) => action)).toEqual(["subscribe"]);
  });

  test("is given up when it does not answer, within half a minute", async () => {
    const scene = createScene({ answers: false });
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.settle();
    scene.socket.answer();
    await scene.time.advance(19_000);
    expect(scene.socket.isClosed).toBe(false);
    await scene.time.advance(11_000);
    expect([scene.sockets[0]?.isClosed, scene.sockets.length, scene.notices]).toEqual([true, 2, [LOST]]);
  });

  test.each([
    ["no subscription", () => "nothing"],
    ["with what nobody asked for", () => JSON.stringify({ ack: "subscribe", id: "77" })],
    ["with no number", () => JSON.stringify({ ack: "subscribe", id: "one" })],
    ["without saying what", () => JSON.stringify({ ack: "subscribe" })],
  ])("that acknowledges %s is given up within ten seconds", async (_name, text) => {
    const scene = createScene({ answers: false });
    void scene.confirmations.wait(HASH, wait());
    for (let round = 0; round < 10; round += 1) {
      await scene.time.advance(1_000);
      scene.sockets[0]?.say(text());
    }
    expect([scene.sockets[0]?.isClosed, scene.notices]).toEqual([true, [LOST]]);
  });

  test("is noticed by the next who waits, when it fell silent with nobody waiting", async () => {
    const scene = createScene({ answers: false });
    const first = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.answer();
    scene.socket.push(HASH);
    await first;
    await scene.time.advance(3_600_000);
    expect([scene.sockets.length, scene.timers]).toEqual([1, 0]);
    void scene.confirmations.wait(HASH, wait());
    await scene.time.advance(1_000);
    expect(scene.looks.length).toBe(2);
    await scene.time.advance(9_000);
    expect(scene.sockets[0]?.isClosed).toBe(true);
  });
});

describe("a websocket that says what no node says", () => {
  const GARBAGE = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"text"',
    "[".repeat(100_000),
    '{"topic":"confirmation"}',
    '{"topic":"confirmation","message":null}',
    '{"topic":"confirmation","message":[]}',
    '{"topic":"confirmation","message":{"hash":{}}}',
    '{"topic":["confirmation"],"message":{"hash":"00"}}',
    '{"topic":"nobody knows it","message":{}}',
    '{"__proto__":{"ack":"subscribe","id":"1"}}',
    '{"ack":7,"id":"1"}',
    '{"ack":"subscribe","id":1}',
    '{"ack":"subscribe","id":"-1"}',
    '{"ack":"subscribe","id":"1e3"}',
    '{"ack":"subscribe","id":"99999999999999999999"}',
    `{"ack":"subscribe","id":"${"1".repeat(1_000)}"}`,
    `{"topic":"confirmation","message":{"hash":"${"G".repeat(64)}"}}`,
  ];

  test("neither ends a wait nor breaks one", async () => {
    const scene = createScene({ answers: false });
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    for (const text of GARBAGE) scene.socket.say(text);
    await scene.time.settle();
    expect([await scene.stateOf(waiting), scene.looks.length]).toEqual(["waits", 0]);
    scene.socket.answer();
    for (const text of GARBAGE) scene.socket.say(text);
    scene.socket.push(HASH);
    expect([await waiting, scene.sockets.length]).toEqual([true, 1]);
  });

  test("is not held for one that is there", async () => {
    const scene = createScene({ answers: false });
    void scene.confirmations.wait(HASH, wait({ timeoutMs: 600_000 }));
    await scene.time.settle();
    scene.socket.answer();
    for (let round = 0; round < 30; round += 1) {
      await scene.time.advance(1_000);
      scene.sockets[0]?.say("{");
    }
    expect(scene.sockets[0]?.isClosed).toBe(true);
  });

  test("is not listened to at any length", async () => {
    const scene = createScene();
    const waiting = scene.confirmations.wait(HASH, wait());
    await scene.time.settle();
    scene.socket.say(JSON.stringify({ topic: "confirmation", message: { hash: HASH, more: "x".repeat(1_048_576) } }));
    expect(await scene.stateOf(waiting)).toBe("waits");
    scene.socket.say(JSON.stringify({ topic: "confirmation", message: { hash: HASH, more: "x".repeat(1_048_000) } }));
    expect(await waiting).toBe(true);
  });
});

describe("the address", () => {
  const open = (url: string) => async () => {
    const { confirmations } = createScene({
      socket: {
        url,
        openSocket: () => {
          throw new Error("not to be opened");
        },
      },
    });
    await confirmations.wait(HASH, wait({ timeoutMs: 0 }));
  };

  test.each(["https://node.example/SECRET", "node.example", "", "ws://", "wss://node.example/SECRET#part"])(
    "%s is no websocket's, and is not shown",
    async (url) => {
      const error = await errorOf(open(url)());
      expect([error.code, error.facts]).toEqual([
        "invalid_configuration",
        { option: "websocketUrl", why: "not a ws or wss URL" },
      ]);
      expect(JSON.stringify({ ...error, message: error.message })).not.toContain("SECRET");
    },
  );

  test("shows its host alone in what is told", async () => {
    const scene = createScene({
      looks: () => true,
      socket: {
        url: "wss://user:SECRET@node.example/SECRET?key=SECRET",
        headers: { authorization: "SECRET" },
        openSocket: () => {
          throw new Error("SECRET");
        },
      },
    });
    expect(await scene.confirmations.wait(HASH, wait({ account: ACCOUNT }))).toBe(true);
    expect(scene.notices).toEqual([
      "websocket node.example: no connection; confirmations are polled for until it is back",
    ]);
  });

  test("and headers are handed on as they are", async () => {
    const scene = createScene();
    const seen: unknown[] = [];
    const confirmations = createConfirmations({
      isConfirmed: async () => true,
      deadlines: { in: () => () => undefined, close: () => undefined },
      pollIntervalMs: 250,
      random: () => 0,
      onNotice: () => undefined,
      socket: {
        url: "wss://user:key@node.example/path?key=1",
        headers: { "X-Key": "1" },
        openSocket: (address) => {
          seen.push(address);
          return { send: () => undefined, close: () => undefined };
        },
      },
    });
    void confirmations.wait(HASH, wait());
    await scene.time.settle();
    expect(seen).toEqual([{ url: "wss://user:key@node.example/path?key=1", headers: { "X-Key": "1" } }]);
  });
});
