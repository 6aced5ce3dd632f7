import { describe, expect, test } from "vitest";
import type { Asked } from "../../../../src/ledger/pool/ask-once.js";
import type { ProcessResult } from "../../../../src/ledger/port.js";
import { SEND, SEND_HASH } from "../support.js";
import { always, createStubPool, failed, type Script, type Step, said, status, within } from "./stub.js";

const ACCEPTED = said({ hash: SEND_HASH });
const OUTCOMES = {
  unsent: failed("unreachable", false),
  lost: failed("connection lost"),
  late: "silence",
  gap: said({ error: "Gap previous block" }),
  refused: said({ error: "Fork" }),
  accepted: ACCEPTED,
} satisfies Record<string, Step>;

type Outcome = keyof typeof OUTCOMES;
/** What the looks for the block say. */
type Look = boolean | undefined;

const outcomes = Object.keys(OUTCOMES) as Outcome[];
const sequencesFrom = (first: Outcome) =>
  outcomes.flatMap((second) => outcomes.map((third) => [first, second, third] as const));

/** Endpoints that do what they are told, and looks that are counted among the hand-ins. */
async function handInAt(scripts: readonly Script[], look: (nth: number) => Look | Promise<Look>, signal?: AbortSignal) {
  const log: string[] = [];
  let looks = 0;
  const stub = createStubPool(
    scripts.map(
      (script, index): Script =>
        (action, nth) => {
          log.push(String(index));
          return script(action, nth);
        },
    ),
  );
  const call = stub.pool.handIn(SEND, "send", {
    limits: within(8_000, signal),
    isThere: async () => {
      log.push("look");
      looks += 1;
      return look(looks);
    },
  });
  return { ...stub, log, call };
}

interface Expected {
  readonly log: readonly string[];
  readonly outcome: "accepted" | "refused" | "failed";
  readonly nodeError?: string;
  readonly at?: string;
  readonly isInDoubt: boolean;
}

/** SPEC R10, written down once more: what must come of three endpoints that behave like this. */
function expectedOf(sequence: readonly Outcome[], look: Look): Expected {
  const log: string[] = [];
  let isInDoubt = false;
  let gapAt: string | undefined;
  let refusedAt: string | undefined;
  for (const [index, outcome] of sequence.entries()) {
    if (isInDoubt) {
      log.push("look");
      if (look === true) return { log, outcome: "accepted", isInDoubt };
      if (look === undefined) break;
    }
    log.push(String(index));
    if (outcome === "accepted") return { log, outcome, isInDoubt };
    if (outcome === "lost" || outcome === "late") isInDoubt = true;
    if (outcome === "gap") gapAt ??= String(index);
    if (outcome === "refused") {
      refusedAt = String(index);
      break;
    }
  }
  if (isInDoubt) {
    log.push("look");
    if (look === true) return { log, outcome: "accepted", isInDoubt };
  }
  const at = refusedAt ?? gapAt;
  if (at === undefined) return { log, outcome: "failed", isInDoubt };
  const nodeError = refusedAt === undefined ? "Gap previous block" : "Fork";
  return { log, outcome: "refused", nodeError, at, isInDoubt };
}

const LOOKS: readonly (readonly [string, Look])[] = [
  ["nobody shows the block", false],
  ["the block is there", true],
  ["nobody can be asked for the block", undefined],
];

describe.each(LOOKS)("three endpoints, while %s", (_name, look) => {
  test.each(outcomes)("the first one %s, the others whatever", async (first) => {
    for (const sequence of sequencesFrom(first)) {
      const scripts = sequence.map((outcome) => always(OUTCOMES[outcome]));
      const { call, log, posts, time } = await handInAt(scripts, () => look);
      await time.advance(30_000);
      const asked = await call;
      const expected = expectedOf(sequence, look);
      const name = sequence.join(", ");
      expect(log, name).toEqual(expected.log);
      expect(outcomeOf(asked), name).toEqual(outcomeAs(expected));
      // Whatever the model says: nobody gets it twice, and never blindly after it may have got somewhere.
      const handed = log.filter((entry) => entry !== "look");
      expect(new Set(handed).size, name).toBe(handed.length);
      for (const [position, entry] of log.entries()) {
        const before = sequence[Number(log[position - 1])] ?? "";
        if (["lost", "late"].includes(before)) expect(entry, name).toBe("look");
      }
      expect(
        posts.every(({ connection }) => connection === "fresh"),
        name,
      ).toBe(true);
    }
  });
});

function outcomeOf(asked: Asked<ProcessResult>): unknown {
  return asked.ok ? asked.result : { sent: asked.fault.sent };
}

function outcomeAs({ outcome, nodeError, at, isInDoubt }: Expected): unknown {
  if (outcome === "accepted") return { outcome, hash: SEND_HASH };
  if (outcome === "failed") return { sent: isInDoubt };
  return { outcome, nodeError, at, ...(isInDoubt && { mayHaveLanded: true }) };
}

test("the model meets every outcome, in doubt and not", () => {
  const met = outcomes.flatMap(sequencesFrom).flatMap((sequence) =>
    LOOKS.map(([, look]) => {
      const { outcome, isInDoubt } = expectedOf(sequence, look);
      return `${outcome} ${String(isInDoubt)}`;
    }),
  );
  expect(new Set(met).size).toBe(6);
});

describe("whatever gives no usable answer", () => {
  test.each<[string, Step]>([
    ["429", status(429)],
    ["502", status(502)],
    ["HTML", { ok: true, status: 200, text: "<html>" }],
    ["an unknown error", said({ error: "action not allowed" })],
    ["a word that judges nothing", said({ error: "Error processing block" })],
    ["another block's hash", said({ hash: "AB".repeat(32) })],
    ["only that it began", said({ started: "1" })],
    ["an endless answer", failed("answer too large")],
  ])("%s leaves the block in doubt", async (_name, step) => {
    const { call, log } = await handInAt([always(step), always(ACCEPTED)], () => false);
    expect(await call).toMatchObject({ ok: true, member: { name: "1" } });
    expect(log).toEqual(["0", "look", "1"]);
    const sole = await handInAt([always(step)], () => true);
    expect(await sole.call).toMatchObject({ ok: false, fault: { sent: true } });
    expect(sole.log).toEqual(["0"]);
  });
});

describe("a block that is late", () => {
  test("is late after four times what reads take, and half a second at least", async () => {
    const { call, posts, time } = await handInAt([always("silence"), always(ACCEPTED)], () => false);
    await time.advance(1_199);
    expect(posts.length).toBe(1);
    await time.advance(1);
    expect(await call).toMatchObject({ ok: true, member: { name: "1" } });
    expect(posts.map(({ atMs }) => atMs)).toEqual([0, 1_200]);
  });

  test("may be taken after all while another endpoint has it", async () => {
    let answer = (_step: Step): void => undefined;
    const slow: Script = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { call, log, posts, time } = await handInAt([slow, always("silence")], () => false);
    await time.advance(1_500);
    answer(ACCEPTED);
    expect(await call).toMatchObject({ ok: true, member: { name: "0" }, result: { outcome: "accepted" } });
    await time.settle();
    expect(log).toEqual(["0", "look", "1"]);
    expect(posts.map(({ ended }) => ended)).toEqual(["answered", "aborted"]);
  });

  test("may be refused after all: then only the other one is in doubt", async () => {
    let answer = (_step: Step): void => undefined;
    const slow: Script = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { call, time } = await handInAt([slow, always(OUTCOMES.unsent)], () => false);
    await time.advance(1_500);
    answer(OUTCOMES.refused);
    const asked = await call;
    expect(asked.ok && asked.result).toEqual({ outcome: "refused", nodeError: "Fork", at: "0" });
  });

  test("is in doubt as long as it is late, whatever the others say", async () => {
    const { call, time } = await handInAt([always("silence"), always(OUTCOMES.refused)], () => false);
    await time.advance(1_200);
    const asked = await call;
    expect(asked.ok && asked.result).toMatchObject({ outcome: "refused", at: "1", mayHaveLanded: true });
  });

  test("is told of when all had it and none spoke", async () => {
    const { call, posts, time } = await handInAt([always("silence"), always("silence")], () => false);
    await time.advance(1_200 + 8_000);
    expect(await call).toMatchObject({ ok: false, fault: { kind: "too late", sent: true } });
    expect(posts.map(({ ended }) => ended)).toEqual(["too late", "too late"]);
  });
});

describe("a caller who leaves", () => {
  test("before anything was sent has paid nothing", async () => {
    const { call, log } = await handInAt([always(ACCEPTED)], () => false, AbortSignal.abort());
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: false } });
    expect(log).toEqual([]);
  });

  test("meanwhile is told that it may have landed, and nobody else gets the block", async () => {
    const leaving = new AbortController();
    const { call, log, time } = await handInAt(
      [always(OUTCOMES.gap), always("silence"), always(ACCEPTED)],
      () => true,
      leaving.signal,
    );
    await time.settle();
    leaving.abort();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: true } });
    expect(log).toEqual(["0", "1"]);
  });

  test("while it waits for its turn at the second has left the first one's doubt", async () => {
    const leaving = new AbortController();
    const { call, members, log, time } = await handInAt(
      [always("silence"), always(ACCEPTED)],
      () => false,
      leaving.signal,
    );
    const fault = { kind: "HTTP status", sent: true, facts: { status: 503 }, retryAfter: "6" } as const;
    members[1]?.noteFault({ action: "block_info", isRead: true }, fault, 0);
    await time.advance(1_300);
    leaving.abort();
    expect(await call).toMatchObject({ ok: false, fault: { kind: "aborted", sent: true } });
    expect(log).toEqual(["0", "look"]);
  });
});

describe("a block and endpoints that have no time", () => {
  test("waits for its turn, unsent, and goes to whoever is free first", async () => {
    const busy = { kind: "HTTP status", sent: true, facts: { status: 503 }, retryAfter: "3" } as const;
    const { pool, members, asked, time } = createStubPool([always(ACCEPTED), always(OUTCOMES.unsent)]);
    members[0]?.noteFault({ action: "block_info", isRead: true }, busy, 0);
    const call = pool.handIn(SEND, "send", { limits: within(8_000), isThere: async () => false });
    await time.advance(2_999);
    expect(asked()).toBe("1");
    await time.advance(1);
    expect(await call).toMatchObject({ ok: true, member: { name: "0" } });
  });

  test("is not in doubt for having waited in vain", async () => {
    const busy = { kind: "HTTP status", sent: true, facts: { status: 503 }, retryAfter: "60" } as const;
    const { pool, members, posts } = createStubPool([always(ACCEPTED), always(ACCEPTED)]);
    for (const member of members) member.noteFault({ action: "block_info", isRead: true }, busy, 0);
    const call = pool.handIn(SEND, "send", { limits: within(8_000), isThere: async () => true });
    expect(await call).toMatchObject({ ok: false, fault: { kind: "rate limited", sent: false } });
    expect(posts).toEqual([]);
  });

  test("is not handed on when the caller's time is over, only looked for", async () => {
    let leftMs = 8_000;
    const log: string[] = [];
    const script: Script = () => {
      leftMs = 0;
      return OUTCOMES.lost;
    };
    const { pool, asked } = createStubPool([script, always(ACCEPTED)]);
    const limits = { attemptMs: () => leftMs };
    const isThere = async () => log.push("look") > 9;
    expect(await pool.handIn(SEND, "send", { limits, isThere })).toMatchObject({ ok: false, fault: { sent: true } });
    expect([asked(), log]).toEqual(["0", ["look"]]);
  });

  test("is not begun when there is no time at all", async () => {
    const { pool, posts } = createStubPool([always(ACCEPTED), always(ACCEPTED)]);
    const call = pool.handIn(SEND, "send", { limits: within(0), isThere: async () => true });
    expect(await call).toMatchObject({ ok: false, fault: { kind: "too late", sent: false } });
    expect(posts).toEqual([]);
  });
});

describe("a pool that closes", () => {
  test("lets a block that is on its way arrive, and hands it to nobody else", async () => {
    let answer = (_step: Step): void => undefined;
    const slow: Script = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const taken = await handInAt([slow, always(ACCEPTED)], () => undefined);
    await taken.time.settle();
    await taken.pool.close();
    answer(ACCEPTED);
    expect(await taken.call).toMatchObject({ ok: true, member: { name: "0" } });
    const lost = await handInAt([slow, always(ACCEPTED)], () => false);
    await lost.time.settle();
    await lost.pool.close();
    answer(OUTCOMES.lost);
    expect(await lost.call).toMatchObject({ ok: false, fault: { kind: "closed", sent: true } });
    expect(lost.log).toEqual(["0", "look"]);
  });

  test("takes no block any more", async () => {
    const { pool, posts } = createStubPool([always(ACCEPTED), always(ACCEPTED)]);
    await pool.close();
    const call = pool.handIn(SEND, "send", { limits: within(8_000), isThere: async () => true });
    expect(await call).toMatchObject({ ok: false, fault: { kind: "closed", sent: false } });
    expect(posts).toEqual([]);
  });
});

test.each(["Gap previous block", "Gap source block"])(
  "a node that lacks what the block stands on: %s",
  async (error) => {
    const { call, log } = await handInAt([always(said({ error })), always(ACCEPTED)], () => true);
    expect(await call).toMatchObject({ ok: true, member: { name: "1" } });
    expect(log).toEqual(["0", "1"]);
  },
);

test("who said that there is a gap lags behind where another one took the block, and only there", async () => {
  const place = async (next: Step): Promise<number | undefined> => {
    const { pool, members } = createStubPool([always(OUTCOMES.gap), always(next)]);
    for (let call = 0; call < 3; call += 1) {
      await pool.handIn(SEND, "send", { limits: within(8_000), isThere: async () => false });
    }
    return members[0]?.placeFor({ action: "block_info", isRead: true });
  };
  expect([await place(ACCEPTED), await place(OUTCOMES.gap), await place(OUTCOMES.refused)]).toEqual([2, 0, 0]);
});
