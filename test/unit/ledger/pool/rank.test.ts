import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Kind } from "../../../../src/ledger/pool/kind.js";
import type { Member } from "../../../../src/ledger/pool/member.js";
import { rank } from "../../../../src/ledger/pool/rank.js";
import type { Fault, FaultKind } from "../../../../src/ledger/rpc/fault.js";
import { always, createStubPool, said } from "./stub.js";

const READ: Kind = { action: "block_info", isRead: true };
const OTHER_READ: Kind = { action: "account_info", isRead: true };
const PROCESS: Kind = { action: "process", isRead: false };
const LONG_MS = 8_000;

function createMembers(count: number, requestsPerSecond?: number) {
  const options = requestsPerSecond === undefined ? {} : { requestsPerSecond };
  const { members, time } = createStubPool(
    Array.from({ length: count }, () => always(said({}))),
    options,
  );
  const order = (kind = READ): string =>
    rank(members, kind)
      .map(({ name }) => name)
      .join("");
  const [a, b, c] = members;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three at least");
  return { a, b, c, order, time };
}

function fail(member: Member, fault: Partial<Fault> & { kind: FaultKind }, times = 3, kind = READ): void {
  for (let time = 0; time < times; time += 1) member.noteFault(kind, { sent: true, ...fault }, LONG_MS);
}

const httpStatus = (status: number, retryAfter?: string) => ({
  kind: "HTTP status" as const,
  facts: { status },
  retryAfter,
});

describe("the order in which endpoints are asked", () => {
  test("is the one they were given in, as long as all are well", () => {
    const { a, c, order } = createMembers(3);
    expect(order()).toBe("012");
    a.noteAnswer(READ, 900);
    c.noteAnswer(READ, 1);
    expect(order()).toBe("012");
  });

  test("has those last who asked for time, the longer the later", () => {
    const { a, b, order, time } = createMembers(3);
    fail(a, httpStatus(429, "20"), 1);
    fail(b, httpStatus(429, "10"), 1);
    expect(order()).toBe("210");
    return time.advance(10_000).then(() => expect(order()).toBe("120"));
  });

  test("has those after the others who failed three times in a row", () => {
    const { a, order } = createMembers(3);
    fail(a, { kind: "too late" }, 2);
    a.noteAnswer(READ, 1);
    fail(a, { kind: "too late" }, 2);
    expect(order()).toBe("012");
    fail(a, { kind: "unreachable" }, 1);
    expect(order()).toBe("120");
  });

  test("has those who failed before those who asked for time", () => {
    const { a, b, order } = createMembers(3);
    fail(a, httpStatus(429, "60"), 1);
    fail(b, { kind: "unreachable" });
    expect(order()).toBe("210");
  });

  test("has those last whose budget is spent", () => {
    const { a, order } = createMembers(3, 1);
    a.takeTurn();
    expect(order()).toBe("120");
  });

  test("has who was slow three times after the others", () => {
    const { a, order } = createMembers(3);
    a.noteSlow();
    a.noteSlow();
    expect(order()).toBe("012");
    a.noteSlow();
    expect(order()).toBe("120");
  });

  test("puts who may be back where it was, for reads; a block finds out last", async () => {
    const { a, order, time } = createMembers(3);
    fail(a, { kind: "connection lost" });
    expect([order(READ), order(PROCESS)]).toEqual(["120", "120"]);
    await time.advance(500);
    expect([order(READ), order(PROCESS)]).toEqual(["012", "120"]);
    const end = a.begin(READ);
    expect([order(READ), order(PROCESS)]).toEqual(["120", "120"]);
    end(undefined);
    a.noteAnswer(READ, 10);
    expect([order(READ), order(PROCESS)]).toEqual(["012", "012"]);
  });

  test("is the same for a block where nobody is well: who may be back goes before who rests", async () => {
    const { a, b, c, order, time } = createMembers(3);
    fail(b, { kind: "unreachable" });
    await time.advance(500);
    fail(a, { kind: "unreachable" });
    fail(c, { kind: "unreachable" });
    expect(order(PROCESS)).toBe("102");
  });

  test("a block is nobody's trial, and neither is work", async () => {
    const { a, time } = createMembers(3);
    fail(a, { kind: "unreachable" });
    await time.advance(500);
    a.begin(PROCESS);
    a.begin({ action: "work_generate", isRead: false });
    expect(a.trialOf("block_info")).toBeUndefined();
    a.begin(READ);
    expect(a.trialOf("block_info")).toBeDefined();
  });
});

describe("who lags behind", () => {
  test("goes after the others, for every question, whatever it answers", () => {
    const { a, order } = createMembers(3);
    for (let time = 0; time < 3; time += 1) a.noteLag();
    expect([order(READ), order(OTHER_READ), order(PROCESS)]).toEqual(["120", "120", "120"]);
    a.noteAnswer(READ, 10);
    expect(order()).toBe("120");
  });

  test("is asked again after a rest, and gets blocks again when it has not lagged for a minute", async () => {
    const { a, order, time } = createMembers(3);
    for (let times = 0; times < 3; times += 1) a.noteLag();
    await time.advance(500);
    expect([order(READ), order(PROCESS)]).toEqual(["012", "120"]);
    await time.advance(30_000);
    a.noteLag();
    expect(order(READ)).toBe("120");
    await time.advance(59_000);
    expect([order(READ), order(PROCESS)]).toEqual(["012", "120"]);
    await time.advance(1_001);
    expect(order(PROCESS)).toBe("012");
    a.noteLag();
    expect(order(READ)).toBe("012");
  });

  test("keeps nobody waiting for a trial, as it answers well all the while", () => {
    const { a } = createMembers(3);
    for (let time = 0; time < 3; time += 1) a.noteLag();
    a.begin(READ);
    expect(a.trialOf("block_info")).toBeUndefined();
  });
});

describe("a fault", () => {
  const about = (fault: Partial<Fault> & { kind: FaultKind }, kind = READ): [string, string] => {
    const { a, order } = createMembers(3);
    fail(a, fault, 3, kind);
    return [order(kind), order(OTHER_READ)];
  };
  const EVERYTHING: [string, string] = ["120", "120"];
  const THIS_ACTION: [string, string] = ["120", "012"];
  const NOTHING: [string, string] = ["012", "012"];

  test.each<[Partial<Fault> & { kind: FaultKind }, [string, string]]>([
    [{ kind: "unreachable" }, EVERYTHING],
    [{ kind: "connection lost" }, EVERYTHING],
    [{ kind: "too late" }, EVERYTHING],
    [{ kind: "not JSON" }, EVERYTHING],
    [{ kind: "answer too large" }, EVERYTHING],
    [httpStatus(500), EVERYTHING],
    [httpStatus(502), EVERYTHING],
    [httpStatus(503), EVERYTHING],
    [httpStatus(429), EVERYTHING],
    [httpStatus(301), EVERYTHING],
    [{ kind: "unknown error", facts: { nodeError: "action not allowed" } }, THIS_ACTION],
    [{ kind: "unexpected answer" }, THIS_ACTION],
    [httpStatus(400), THIS_ACTION],
    [httpStatus(403), THIS_ACTION],
    [httpStatus(405), THIS_ACTION],
    [{ kind: "aborted" }, NOTHING],
    [{ kind: "closed" }, NOTHING],
  ])("%j counts against what it speaks of", (fault, expected) => {
    expect(about(fault)).toEqual(expected);
  });

  test("that work or a block takes long says nothing about reads", () => {
    expect(about({ kind: "too late" }, PROCESS)).toEqual(THIS_ACTION);
    expect(about({ kind: "unreachable" }, PROCESS)).toEqual(EVERYTHING);
  });

  test("of one action is forgotten with its next answer, not with another's", () => {
    const { a, order } = createMembers(3);
    fail(a, { kind: "unknown error" }, 3);
    a.noteAnswer(OTHER_READ, 1);
    expect(order(READ)).toBe("120");
    a.noteAnswer(READ, 1);
    expect(order(READ)).toBe("012");
  });

  test("of one action shows that the endpoint is there", () => {
    const { a, order } = createMembers(3);
    fail(a, { kind: "unreachable" }, 3);
    fail(a, { kind: "unknown error" }, 1);
    expect(order(OTHER_READ)).toBe("012");
    fail(a, { kind: "unreachable" }, 3);
    fail(a, { kind: "too late" }, 1, PROCESS);
    expect(order(OTHER_READ)).toBe("120");
  });

  test("429 opens at once, and a word about how long counts whatever the status", () => {
    const { a, b, order } = createMembers(3);
    fail(a, httpStatus(429), 1);
    expect(order()).toBe("120");
    fail(b, httpStatus(403, "60"), 1);
    expect([order(), b.waitMs(), b.closedMs()]).toEqual(["201", 60_000, 60_000]);
    fail(b, httpStatus(503, "0"), 1);
    expect(b.waitMs()).toBe(0);
    fail(b, httpStatus(429, "nonsense"), 1);
    expect(b.waitMs()).toBe(500);
  });

  test.each([
    [199, 300, "012"],
    [499, 300, "012"],
    [500, 300, "120"],
    [3_999, 1_000, "012"],
    [4_000, 1_000, "120"],
  ])("too late after %d ms counts only where that is long for who answers in %d", (tookMs, usualMs, expected) => {
    const { a, order } = createMembers(3);
    for (let answer = 0; answer < 8; answer += 1) a.noteAnswer(READ, (usualMs === 300 ? 10 : usualMs) / 1.5);
    for (let time = 0; time < 3; time += 1) a.noteFault(READ, { kind: "too late", sent: true }, tookMs);
    expect(order()).toBe(expected);
  });
});

test("only reads say how fast an endpoint is", () => {
  const { a } = createMembers(3);
  for (let answer = 0; answer < 64; answer += 1) a.noteAnswer({ action: "work_generate", isRead: false }, 40_000);
  expect(a.patienceMs()).toBe(300);
  for (let answer = 0; answer < 8; answer += 1) a.noteAnswer(READ, 200);
  expect([a.patienceMs(), a.longPatienceMs()]).toEqual([300, 1_200]);
  for (let answer = 0; answer < 64; answer += 1) a.noteAnswer(READ, 1);
  expect([a.patienceMs(), a.longPatienceMs()]).toEqual([20, 500]);
});

const happening = fc.oneof(
  fc.record({
    kind: fc.constantFrom<FaultKind>("unreachable", "connection lost", "too late", "not JSON", "unknown error"),
    facts: fc.constant({}),
    retryAfter: fc.constant(undefined),
  }),
  fc.record({
    kind: fc.constant<FaultKind>("HTTP status"),
    facts: fc.record({ status: fc.constantFrom(429, 403, 500, 503) }),
    retryAfter: fc.constantFrom(undefined, "0", "1", "30", "9".repeat(20), "Fri, 31 Dec 9999 23:59:59 GMT", "never"),
  }),
  fc.constantFrom("slow" as const, "lag" as const, "answer" as const, "begin" as const),
  fc.record({ waitMs: fc.nat(40_000) }),
);

test("whatever befell an endpoint, it is asked again, and first, ten minutes later", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (happenings) => {
      const { a, order, time } = createMembers(3, 2);
      const ends: ((fault: undefined) => void)[] = [];
      for (const what of happenings) {
        if (what === "slow") a.noteSlow();
        else if (what === "lag") a.noteLag();
        else if (what === "answer") a.noteAnswer(READ, 10);
        else if (what === "begin") ends.push(a.begin(READ));
        else if ("waitMs" in what) await time.advance(what.waitMs);
        else a.noteFault(READ, { sent: true, ...what }, LONG_MS);
      }
      for (const end of ends) end(undefined);
      await time.advance(600_000);
      expect(order(READ)).toBe("012");
      expect([a.waitMs(), a.trialOf("block_info")]).toEqual([0, undefined]);
    }),
    { numRuns: 60 },
  );
});
