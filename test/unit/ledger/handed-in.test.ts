import { expect, test } from "vitest";
import { createHandedIn } from "../../../src/ledger/handed-in.js";
import { hashBlock, type SignedBlock } from "../../../src/nano/index.js";
import { json } from "./fake-node.js";
import { createStage, SEND, SEND_HASH, UNCONFIRMED_SEND } from "./support.js";

const stage = createStage();

function createScene() {
  let nowMs = 0;
  const spread: SignedBlock[] = [];
  const handedIn = createHandedIn({
    now: () => nowMs,
    spread: async (block) => {
      spread.push(block);
      throw new TypeError("nobody can be reached");
    },
  });
  const looksAt = (times: readonly number[]): number[] =>
    times.filter((ms) => {
      nowMs = ms;
      const before = spread.length;
      handedIn.noteLook(SEND_HASH, false);
      return spread.length > before;
    });
  return { handedIn, spread, looksAt };
}

test("a block that is waited for in vain is spread after two seconds, then after twice the time", () => {
  const { handedIn, spread, looksAt } = createScene();
  handedIn.note(SEND, "send");
  expect(looksAt([0, 500, 1_999, 2_000, 2_001, 5_999, 6_000, 13_999, 14_000])).toEqual([2_000, 6_000, 14_000]);
  expect(new Set(spread)).toEqual(new Set([SEND]));
});

test("one that is confirmed, that no endpoint has, or that was never handed in is not", () => {
  const { handedIn, spread, looksAt } = createScene();
  expect(looksAt([5_000])).toEqual([]);
  handedIn.note(SEND, "send");
  handedIn.noteLook(SEND_HASH, true);
  expect(looksAt([10_000])).toEqual([]);
  handedIn.note(SEND, "send");
  handedIn.forget(SEND_HASH);
  expect(looksAt([20_000])).toEqual([]);
  expect(spread).toEqual([]);
});

test("handing it in again begins anew, and only so many are remembered", () => {
  const { handedIn, looksAt } = createScene();
  handedIn.note(SEND, "send");
  expect(looksAt([1_500])).toEqual([]);
  handedIn.note(SEND, "send");
  expect(looksAt([3_000, 3_500])).toEqual([3_500]);
  for (let other = 1n; other <= 4_096n; other += 1n) handedIn.note({ ...SEND, balanceRaw: other }, "send");
  expect(hashBlock(SEND)).toBe(SEND_HASH);
  expect(looksAt([60_000])).toEqual([]);
});

test("the ledger gives it to the endpoints that do not show it", async () => {
  let nowMs = 0;
  const taken = json({ hash: SEND_HASH.toUpperCase() });
  const cutOff = await stage.node((response, heard) =>
    (heard.body["action"] === "process" ? taken : json(UNCONFIRMED_SEND))(response, heard),
  );
  const well = await stage.node((response, heard) =>
    (heard.body["action"] === "process" ? taken : json({ error: "Block not found" }))(response, heard),
  );
  const ledger = stage.ledger([cutOff.url, well.url], {
    clock: () => nowMs,
    pollIntervalMs: 5,
    onWarning: () => undefined,
  });
  expect(await ledger.process(SEND, "send")).toMatchObject({ outcome: "accepted" });
  nowMs = 2_500;
  const abort = new AbortController();
  const waiting = ledger.waitForConfirmation(SEND_HASH, {
    account: SEND.account,
    timeoutMs: 60_000,
    signal: abort.signal,
  });
  const given = () => well.heard.filter(({ body }) => body["action"] === "process").length;
  while (given() === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort();
  expect(await waiting).toBe(false);
  expect([given(), cutOff.heard.filter(({ body }) => body["action"] === "process").length]).toEqual([1, 1]);
});
