import { describe, expect, test } from "vitest";
import { CONFIRMED_SEND, SEND, SEND_HASH } from "../support.js";
import { createStubPool, failed, type Script, type Step, said, within } from "./stub.js";

const SHOWS = said(CONFIRMED_SEND);
const LACKS = said({ error: "Block not found" });
const TAKES = said({ hash: SEND_HASH });
const BLOCK_INFO = { action: "block_info", isRead: true } as const;

const node = (look: Step, take: Step = TAKES): Script => {
  return (action) => (action === "process" ? take : look);
};

async function spreadTo(...scripts: readonly Script[]) {
  const stub = createStubPool(scripts);
  let isOver = false;
  const call = stub.pool.spread(SEND, "send", within(8_000)).finally(() => {
    isOver = true;
  });
  await stub.time.settle();
  const given = (): string =>
    stub.posts
      .filter(({ action }) => action === "process")
      .map(({ at }) => at)
      .join("");
  return { ...stub, call, given, isOver: () => isOver };
}

describe("a block that is spread", () => {
  test("goes to those who do not show it, on connections of its own, and to each once", async () => {
    const { call, given, posts } = await spreadTo(node(LACKS), node(SHOWS), node(LACKS, failed("connection lost")));
    await call;
    expect(given()).toBe("02");
    expect(posts.map(({ action, connection }) => `${action} ${connection}`).sort()).toEqual([
      "block_info kept",
      "block_info kept",
      "block_info kept",
      "process fresh",
      "process fresh",
    ]);
  });

  test("goes to nobody who cannot be asked", async () => {
    const { call, given } = await spreadTo(
      node(failed("unreachable", false)),
      node(said({ error: "no" })),
      node(SHOWS),
    );
    await call;
    expect(given()).toBe("");
  });

  test("does not wait for who is silent", async () => {
    const { call, given, isOver, time } = await spreadTo(node("silence"), node(LACKS), node(LACKS));
    expect([given(), isOver()]).toEqual(["12", false]);
    await time.advance(8_000);
    await call;
  });

  test("goes to nobody any more when the pool closes, and nothing is thrown", async () => {
    const { call, given, pool } = await spreadTo(node("silence"), node("silence"));
    await pool.close();
    await call;
    expect(given()).toBe("");
  });
});

describe("the minority", () => {
  const places = async (...scripts: readonly Script[]) => {
    const stub = createStubPool(scripts);
    for (let time = 0; time < 3; time += 1) await stub.pool.spread(SEND, "send", within(8_000));
    return stub.members.map((member) => member.placeFor(BLOCK_INFO));
  };

  test("is cut off: with the block, or without it", async () => {
    expect(await places(node(SHOWS), node(LACKS), node(LACKS))).toEqual([2, 0, 0]);
    expect(await places(node(LACKS), node(SHOWS), node(SHOWS))).toEqual([2, 0, 0]);
    expect(await places(node(failed("answer too large")), node(SHOWS), node(LACKS), node(LACKS))).toEqual([2, 2, 0, 0]);
  });

  test("is nobody where there is none", async () => {
    expect(await places(node(SHOWS), node(LACKS))).toEqual([0, 0]);
    expect(await places(node(LACKS), node(LACKS))).toEqual([0, 0]);
  });
});
