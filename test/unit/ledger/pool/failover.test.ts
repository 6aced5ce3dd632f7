import { describe, expect, test } from "vitest";
import { hangUp, inTurn, json } from "../fake-node.js";
import { CONFIRMED_SEND, createGate, createStage, deadUrl, errorOf, recorded, SEND, SEND_HASH } from "../support.js";

const stage = createStage();
/** undici puts a connection back a moment after it has handed out the answer. */
const connectionsAreIdle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("several endpoints", () => {
  test("are asked in their order, and only as far as needed", async () => {
    const nodes = [await stage.node(json(CONFIRMED_SEND)), await stage.node(json(CONFIRMED_SEND))];
    const ledger = stage.ledger([await deadUrl(), ...nodes.map(({ url }) => url)]);
    await ledger.blockInfo(SEND_HASH);
    expect(nodes.map(({ heard }) => heard.length)).toEqual([1, 0]);
  });

  test("the last one's fault is told", async () => {
    const last = await stage.node(json({}, 503));
    const error = await errorOf(stage.ledger([await deadUrl(), last.url]).blockInfo(SEND_HASH));
    expect([error.facts["endpoint"], error.facts["status"]]).toEqual([last.host, 503]);
  });

  test("work comes from the next one where the first has none", async () => {
    const none = await stage.node(json({ error: "Local work generation is disabled" }));
    const some = await stage.node(json(recorded(15).response));
    const work = await stage.ledger([none.url, some.url]).generateWork(SEND.previous, 0xffc0000000000000n);
    expect(work).toBe("06b85cc3fd46ebab");
  });

  test("a caller who has gone is not taken to the next one", async () => {
    const controller = new AbortController();
    const first = await stage.node(() => controller.abort());
    const second = await stage.node(json(CONFIRMED_SEND));
    const { signal } = controller;
    const error = await errorOf(stage.ledger([first.url, second.url]).blockInfo(SEND_HASH, { signal }));
    expect([error.facts["endpoint"], error.facts["why"], second.heard]).toEqual([first.host, "aborted", []]);
  });

  test("a caller whose time is over is not taken to the next one", async () => {
    const clock = { nowMs: 0 };
    const first = await stage.node((response, heard) => {
      clock.nowMs += 5_000;
      json({}, 503)(response, heard);
    });
    const second = await stage.node(json(CONFIRMED_SEND));
    const ledger = stage.ledger([first.url, second.url], { clock: () => clock.nowMs });
    const error = await errorOf(ledger.blockInfo(SEND_HASH, { timeoutMs: 5_000 }));
    expect([error.facts["endpoint"], error.facts["status"], second.heard]).toEqual([first.host, 503, []]);
    expect((await ledger.blockInfo(SEND_HASH, { timeoutMs: 600_000 }))?.confirmed).toBe(true);
  });
});

describe("connections", () => {
  test("are kept for reads", async () => {
    const node = await stage.node(json(CONFIRMED_SEND));
    const ledger = stage.ledger(node.url);
    for (let call = 0; call < 5; call += 1) {
      await ledger.blockInfo(SEND_HASH);
      await connectionsAreIdle();
    }
    expect(new Set(node.heard.map(({ connection }) => connection)).size).toBe(1);
  });

  test("that were dead already cost a read nothing", async () => {
    const answer = json(CONFIRMED_SEND);
    const node = await stage.node(inTurn(answer, hangUp, answer));
    const ledger = stage.ledger(node.url);
    await ledger.blockInfo(SEND_HASH);
    await connectionsAreIdle();
    expect((await ledger.blockInfo(SEND_HASH))?.confirmed).toBe(true);
    expect(node.heard.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  test("that were all dead already cost a read nothing either", async () => {
    const answer = json(CONFIRMED_SEND);
    let areDead = false;
    const node = await stage.node((response, heard) => {
      const isKept = heard.headers.connection === "keep-alive";
      (areDead && isKept ? hangUp : answer)(response, heard);
    });
    const ledger = stage.ledger(node.url);
    await Promise.all([ledger.blockInfo(SEND_HASH), ledger.blockInfo(SEND_HASH), ledger.blockInfo(SEND_HASH)]);
    await connectionsAreIdle();
    areDead = true;
    expect((await ledger.blockInfo(SEND_HASH))?.confirmed).toBe(true);
  });

  test("are given up on after a second loss", async () => {
    const node = await stage.node(hangUp);
    await errorOf(stage.ledger(node.url).blockInfo(SEND_HASH));
    expect(node.heard.length).toBe(2);
  });

  test("are never an old one for a block", async () => {
    const node = await stage.node((response, heard) => {
      const isProcess = heard.body["action"] === "process";
      json(isProcess ? recorded(16).response : CONFIRMED_SEND)(response, heard);
    });
    const ledger = stage.ledger(node.url);
    await ledger.blockInfo(SEND_HASH);
    await connectionsAreIdle();
    await ledger.process(SEND, "send");
    await ledger.process(SEND, "send");
    await ledger.blockInfo(SEND_HASH);
    expect(node.heard.map(({ connection }) => connection)).toEqual([1, 2, 3, 1]);
    expect(node.heard.map(({ headers }) => headers.connection)).toEqual(["keep-alive", "close", "close", "keep-alive"]);
  });

  test("200 calls at once are all answered", async () => {
    const node = await stage.node(json(CONFIRMED_SEND));
    const ledger = stage.ledger(node.url);
    const infos = await Promise.all(Array.from({ length: 200 }, () => ledger.blockInfo(SEND_HASH)));
    expect(infos.filter((info) => info?.confirmed)).toHaveLength(200);
    expect(node.heard).toHaveLength(200);
  });

  test("of a node that closes each without a word cost no call", async () => {
    const node = await stage.node((response, heard) => {
      response.on("finish", () => response.socket?.end());
      json(CONFIRMED_SEND)(response, heard);
    });
    const ledger = stage.ledger(node.url);
    for (let call = 0; call < 20; call += 1) expect((await ledger.blockInfo(SEND_HASH))?.confirmed).toBe(true);
  });
});

describe("close", () => {
  test("ends reads, and every later call fails at once", async () => {
    const arrived = createGate();
    const node = await stage.node(() => arrived.open());
    const ledger = stage.ledger(node.url, { timeoutMs: 600_000 });
    const read = errorOf(ledger.blockInfo(SEND_HASH));
    await arrived.isOpen;
    const wait = ledger.waitForConfirmation(SEND_HASH, { account: SEND.account, timeoutMs: 600_000 });
    await ledger.close();
    expect((await read).facts["why"]).toBe("closed");
    expect(await wait).toBe(false);
    const late = [ledger.accountInfo(SEND.account), ledger.process(SEND, "send")];
    for (const error of await Promise.all(late.map(errorOf))) {
      expect([error.code, error.facts["why"]]).toEqual(["ledger_unavailable", "closed"]);
    }
    expect((await errorOf(ledger.generateWork(SEND.previous, 1n))).code).toBe("work_unavailable");
    expect(await ledger.waitForConfirmation(SEND_HASH, { account: SEND.account, timeoutMs: 600_000 })).toBe(false);
    expect(node.heard.length).toBeLessThan(3);
  });

  test("waits for a block that is on its way", async () => {
    const arrived = createGate();
    let answer = (): void => undefined;
    const node = await stage.node((response, heard) => {
      answer = () => json(recorded(16).response)(response, heard);
      arrived.open();
    });
    const ledger = stage.ledger(node.url, { timeoutMs: 600_000 });
    const accepted = ledger.process(SEND, "send");
    await arrived.isOpen;
    const closed = ledger.close();
    answer();
    expect(await accepted).toEqual({ outcome: "accepted", hash: SEND_HASH });
    await closed;
  });
});
