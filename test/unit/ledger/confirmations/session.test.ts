import { describe, expect, test } from "vitest";
import { createSession, type Session } from "../../../../src/ledger/confirmations/session.js";
import type { BlockHash, PublicKey } from "../../../../src/nano/index.js";
import { readFixture } from "../../../support/nano.js";
import {
  ACCOUNT,
  accountOf,
  addressesOf,
  answerTo,
  createScene,
  HASH,
  hashOf,
  pushOf,
  type Request,
  wait,
} from "./support.js";

function open(accounts: readonly PublicKey[] = [ACCOUNT]) {
  const requests: Request[] = [];
  const pushes: BlockHash[] = [];
  let answers = 0;
  const session: Session = createSession({
    send: (text) => requests.push(JSON.parse(text)),
    accounts,
    onPush: (hash) => pushes.push(hash),
    onAnswer: () => {
      answers += 1;
    },
  });
  return {
    session,
    requests,
    pushes,
    get answers() {
      return answers;
    },
    /** What was asked for since the last call. */
    taken: 0,
    /** Ends the turn. */
    async take(): Promise<readonly Request[]> {
      await Promise.resolve();
      const fresh = requests.slice(this.taken);
      this.taken = requests.length;
      return fresh;
    },
    answerAll() {
      const last = requests.at(-1);
      if (last !== undefined) session.receive(answerTo(last));
    },
  };
}

const numbered = (count: number, from = 1): readonly PublicKey[] =>
  Array.from({ length: count }, (_, index) => accountOf(from + index));
/** In short what a request does to the filter. */
const filterOf = ({ action, options }: Request) => ({
  action,
  ...(options?.accounts && { accounts: options.accounts.length }),
  ...(options?.accounts_add && { add: options.accounts_add.length }),
  ...(options?.accounts_del && { del: options.accounts_del.length }),
});

describe("a subscription", () => {
  test("is made for who waits when the socket opens, and not at all for nobody", async () => {
    expect((await open(numbered(3)).take()).map(filterOf)).toEqual([{ action: "subscribe", accounts: 3 }]);
    const scene = open([]);
    expect(await scene.take()).toEqual([]);
    scene.session.add(ACCOUNT);
    expect((await scene.take())[0]?.options?.accounts).toEqual(addressesOf(ACCOUNT));
  });

  test("changes once per turn, by what came and went", async () => {
    const scene = open(numbered(2));
    scene.session.add(accountOf(3));
    scene.session.add(accountOf(4));
    scene.session.remove(accountOf(1));
    scene.session.add(accountOf(5));
    scene.session.remove(accountOf(5));
    const requests = await scene.take();
    expect(requests.map(filterOf)).toEqual([
      { action: "subscribe", accounts: 2 },
      { action: "update", add: 2, del: 1 },
    ]);
    expect(requests[1]).toMatchObject({
      topic: "confirmation",
      ack: true,
      id: "2",
      options: { accounts_add: addressesOf(accountOf(3), accountOf(4)), accounts_del: addressesOf(accountOf(1)) },
    });
  });

  test("keeps accounts that nobody waits for until others come", async () => {
    const scene = open(numbered(10));
    await scene.take();
    for (const account of numbered(9)) scene.session.remove(account);
    expect(await scene.take()).toEqual([]);
    scene.session.add(accountOf(50));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", add: 1, del: 9 }]);
  });

  test("does not keep hundreds of them", async () => {
    const scene = open(numbered(300));
    await scene.take();
    for (const account of numbered(255)) scene.session.remove(account);
    expect(await scene.take()).toEqual([]);
    scene.session.remove(accountOf(256));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", del: 256 }]);
  });

  test("keeps none when nobody waits at all", async () => {
    const scene = open(numbered(2));
    await scene.take();
    for (const account of numbered(2)) scene.session.remove(account);
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", del: 2 }]);
    scene.session.add(accountOf(1));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", add: 1 }]);
  });

  test("takes back an account that it kept, without a word", async () => {
    const scene = open(numbered(2));
    await scene.take();
    scene.answerAll();
    scene.session.remove(accountOf(1));
    await scene.take();
    scene.session.add(accountOf(1));
    expect(scene.session.isHeard(accountOf(1))).toBe(true);
    scene.session.add(accountOf(3));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", add: 1 }]);
  });

  test("of an account that came and went in one turn says nothing", async () => {
    const scene = open(numbered(1));
    await scene.take();
    scene.session.add(accountOf(2));
    scene.session.remove(accountOf(2));
    expect(await scene.take()).toEqual([]);
  });
});

describe("an account is heard", () => {
  test("when the request that named it is acknowledged, or a later one", async () => {
    const scene = open([accountOf(1)]);
    scene.session.add(accountOf(2));
    await scene.take();
    scene.session.add(accountOf(3));
    await scene.take();
    const heard = () => [1, 2, 3, 4].map((n) => scene.session.isHeard(accountOf(n)));
    expect(heard()).toEqual([false, false, false, false]);
    scene.session.receive(JSON.stringify({ ack: "subscribe", id: "1" }));
    expect(heard()).toEqual([true, false, false, false]);
    scene.session.receive(JSON.stringify({ ack: "update", id: "3" }));
    expect(heard()).toEqual([true, true, true, false]);
    expect(scene.answers).toBe(2);
  });

  test("not before it is asked for", () => {
    const scene = open([accountOf(1)]);
    scene.session.add(accountOf(2));
    scene.answerAll();
    expect([scene.session.isHeard(accountOf(1)), scene.session.isHeard(accountOf(2))]).toEqual([true, false]);
  });

  test("no more when it was given up", async () => {
    const scene = open(numbered(1));
    scene.answerAll();
    scene.session.remove(accountOf(1));
    await scene.take();
    expect(scene.session.isHeard(accountOf(1))).toBe(false);
  });

  test("not by an answer to nothing", () => {
    const scene = open(numbered(1));
    for (const id of ["0", "2", "-1", "1.0", "", "x"]) scene.session.receive(JSON.stringify({ ack: "subscribe", id }));
    expect([scene.session.isHeard(accountOf(1)), scene.answers]).toEqual([false, 0]);
    for (let count = 0; count < 3; count += 1) scene.answerAll();
    expect([scene.session.isHeard(accountOf(1)), scene.answers]).toEqual([true, 1]);
  });
});

describe("with more accounts than a filter should hold", () => {
  test("everything is subscribed to, and whoever comes is heard at once", async () => {
    const scene = open(numbered(4_096));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "subscribe", accounts: 4_096 }]);
    scene.session.add(accountOf(5_000));
    const [request] = await scene.take();
    expect(request?.options).toEqual({ confirmation_type: "all", include_block: "true" });
    expect(scene.session.isHeard(accountOf(5_000))).toBe(false);
    scene.answerAll();
    scene.session.add(accountOf(5_001));
    expect([scene.session.isHeard(accountOf(5_000)), scene.session.isHeard(accountOf(5_001))]).toEqual([true, true]);
    expect(await scene.take()).toEqual([]);
  });

  test("a filter comes back when half of them have gone, for those who are left", async () => {
    const scene = open(numbered(5_000));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "subscribe" }]);
    scene.answerAll();
    scene.session.add(accountOf(6_000));
    for (const account of numbered(2_952)) scene.session.remove(account);
    expect(await scene.take()).toEqual([]);
    scene.session.remove(accountOf(2_953));
    const [request] = await scene.take();
    expect(request?.action).toBe("subscribe");
    expect(request?.options?.accounts).toEqual([
      ...addressesOf(...numbered(2_047, 2_954)),
      ...addressesOf(accountOf(6_000)),
    ]);
    expect([scene.session.isHeard(accountOf(2_954)), scene.session.isHeard(accountOf(1))]).toEqual([true, false]);
  });

  test("nothing is subscribed to any more when all have gone", async () => {
    const scene = open(numbered(5_000));
    await scene.take();
    for (const account of numbered(5_000)) scene.session.remove(account);
    expect((await scene.take()).map(({ options }) => options?.accounts)).toEqual([[]]);
  });
});

describe("a filter that lets nothing through", () => {
  test("is done without after three confirmations that were not pushed", async () => {
    const scene = open(numbered(2));
    await scene.take();
    scene.answerAll();
    scene.session.noteMiss();
    scene.session.noteMiss();
    expect(await scene.take()).toEqual([]);
    scene.session.noteMiss();
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "subscribe" }]);
    scene.session.receive(pushOf(HASH));
    scene.session.remove(accountOf(1));
    scene.session.add(accountOf(3));
    expect([await scene.take(), scene.pushes]).toEqual([[], [HASH]]);
  });

  test("is not suspected while anything comes through", async () => {
    const scene = open(numbered(2));
    await scene.take();
    for (let round = 0; round < 5; round += 1) {
      scene.session.noteMiss();
      scene.session.noteMiss();
      scene.session.receive(pushOf(hashOf(round)));
    }
    expect(await scene.take()).toEqual([]);
  });

  test("is done without for who comes when nobody waits", async () => {
    const scene = open(numbered(1));
    await scene.take();
    scene.session.remove(accountOf(1));
    for (let count = 0; count < 3; count += 1) scene.session.noteMiss();
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "update", del: 1 }]);
    scene.session.add(accountOf(2));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "subscribe" }]);
    scene.session.remove(accountOf(2));
    expect((await scene.take()).map(filterOf)).toEqual([{ action: "subscribe", accounts: 0 }]);
  });

  test.each([
    ["slow", undefined],
    ["first", Promise.resolve()],
  ])("is found out by %s looks that come too late, not by those that had to be made", async (_name, after) => {
    const confirmed = new Set<BlockHash>();
    const scene = createScene({ looks: (hash) => confirmed.has(hash) });
    const settle = async (number: number, isBefore: boolean) => {
      if (isBefore) confirmed.add(hashOf(number));
      const account = accountOf(isBefore ? number : 0);
      const waiting = scene.confirmations.wait(hashOf(number), wait({ account, after: isBefore ? undefined : after }));
      scene.confirmations.noteHandIn(hashOf(number));
      await scene.time.advance(500);
      confirmed.add(hashOf(number));
      await scene.time.advance(3_000);
      expect(await waiting).toBe(true);
    };
    const filters = () =>
      scene.socket.requests
        .filter(({ action }) => action === "subscribe")
        .map(({ options }) => options?.accounts?.length);
    // Somebody else waits all the time.
    void scene.confirmations.wait(HASH, wait({ account: accountOf(0), timeoutMs: 600_000 }));
    await scene.time.settle();
    for (const number of [1, 2, 3, 4, 5]) await settle(number, true);
    for (const number of [6, 7, 8]) {
      expect(filters()).toEqual([1]);
      await settle(number, false);
    }
    expect(filters()).toEqual([1, undefined]);
  });
});

describe("as a node was recorded", () => {
  test("requests have the recorded form, and what it answered is understood", async () => {
    const scene = open();
    const [request] = await scene.take();
    const recorded: Request = JSON.parse(readFixture("node-recordings/ws-subscribe.request.json"));
    expect(Object.keys(request ?? {})).toEqual(Object.keys(recorded));
    expect(Object.keys(request?.options ?? {})).toEqual(
      Object.keys(recorded.options ?? {}).filter((key) => key !== "include_election_info"),
    );
    scene.session.receive(readFixture("node-recordings/ws-subscribe.ack.json").replace("sub-1", "1"));
    expect(scene.session.isHeard(ACCOUNT)).toBe(true);
    scene.session.receive(readFixture("node-recordings/ws-confirmation-send.message.json"));
    expect(scene.pushes).toEqual(["05A7E574E5B9A4F743F4C514DD3AB6CE2F3973F961991EFC67DA6DA51B747341".toLowerCase()]);
  });

  test("a ping has the recorded form, and its pong is understood", async () => {
    const scene = open();
    await scene.take();
    scene.answerAll();
    for (let beat = 0; beat < 5; beat += 1) {
      expect(scene.session.beat()).toBe(true);
      const [ping] = await scene.take();
      const recorded = JSON.parse(readFixture("node-recordings/ws-ping.json"));
      if (ping === undefined) continue;
      expect(Object.keys(ping)).toEqual(Object.keys(recorded.sent));
      scene.session.receive(recorded.received.replace('"7"', `"${ping.id}"`));
    }
    expect(scene.requests.filter(({ action }) => action === "ping")).toHaveLength(1);
  });
});
