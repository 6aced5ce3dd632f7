import { describe, expect, test } from "vitest";
import type { SentRequest, TrafficListener } from "../../../src/adapters/faremeter/fetch-traffic.js";
import { createPresentations } from "../../../src/adapters/faremeter/presentations.js";
import { type BlockHash, parseBlockHash } from "../../../src/nano/index.js";
import { encodeHeader } from "../../../src/protocol/index.js";
import type { PaymentOutcome, PaymentProof, UnspentPayment } from "../../../src/purse/index.js";
import { createTestClock } from "../../support/clock.js";

const URL_A = "https://seller.example/a";
const URL_B = "https://seller.example/b";
const HASH = parseBlockHash("ab".repeat(32));
const OTHER = parseBlockHash("cd".repeat(32));

const proofB = (hash: BlockHash = HASH, signature = "11"): PaymentProof => ({
  hash,
  track: "nanoSignature",
  payload: { blockHash: hash, account: "nano_1", signature },
});
const proofA = (hash: BlockHash = HASH): PaymentProof => ({
  hash,
  track: "nanoTxn",
  payload: { block: { type: "state", signature: `sig ${hash}` } },
});
/** As Faremeter's client sends it; what stands around the payload differs by version. */
const headerOf = (proof: PaymentProof, around: object = { x402Version: 2, accepted: {} }): string =>
  encodeHeader({ ...around, payload: proof.payload });

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
}

const settled = (transaction: string | undefined, more: object = {}): string =>
  encodeHeader({
    success: true,
    network: "nano:mainnet",
    ...(transaction === undefined ? {} : { transaction }),
    ...more,
  });

function start(report?: (hash: string, outcome: PaymentOutcome) => Promise<void>) {
  const clock = createTestClock();
  const reports: [string, PaymentOutcome][] = [];
  const warnings: string[] = [];
  const heard = new Set<TrafficListener>();
  const naps: { readonly ms: number; readonly wake: () => void }[] = [];
  let subscriptions = 0;
  const unspent = new Set<BlockHash>([HASH, OTHER]);
  const presentations = createPresentations({
    clock,
    purse: {
      unspent: () => [...unspent].map((hash) => ({ hash }) as UnspentPayment),
      async report(hash, outcome) {
        reports.push([hash, outcome]);
        await report?.(hash, outcome);
      },
    },
    listen(listener) {
      heard.add(listener);
      subscriptions += 1;
      return () => heard.delete(listener);
    },
    sleep: (ms) =>
      new Promise((resolve) => {
        naps.push({ ms, wake: resolve });
      }),
    warn: (message) => warnings.push(message),
  });
  const send = (header: string): SentRequest | undefined => presentations.listener.onSent(header);
  const answer = (request: SentRequest | undefined, { status = 200, headers = {} }: Answer = {}): void => {
    const fields = new Headers(headers);
    request?.onAnswer({ status, header: (name) => fields.get(name) ?? undefined });
  };
  return {
    ...presentations,
    clock,
    reports,
    warnings,
    naps,
    unspent,
    send,
    answer,
    isListening: () => heard.size > 0,
    subscriptions: () => subscriptions,
    /** Sends the proof's request and answers it. */
    exchange(proof: PaymentProof, what: Answer): void {
      answer(send(headerOf(proof)), what);
    },
  };
}

const SERVED = { isServed: true };
const refused = (reason: string): PaymentOutcome => ({ isServed: false, reason });
const failed = { success: false, transaction: "", network: "nano:mainnet" };

describe.each([
  ["PAYMENT-RESPONSE", 2],
  ["X-PAYMENT-RESPONSE", 1],
])("what an answer says, in %s", (name) => {
  test.each<[string, Answer, PaymentOutcome]>([
    ["200, settled with our block", { headers: { [name]: settled(HASH.toUpperCase()) } }, SERVED],
    ["200, settled in lower case", { headers: { [name]: settled(HASH) } }, SERVED],
    ["200, settled without a hash", { headers: { [name]: settled(undefined) } }, SERVED],
    ["500 after the settlement", { status: 500, headers: { [name]: settled(HASH) } }, SERVED],
    [
      "200, settled with another block",
      { headers: { [name]: settled(OTHER) } },
      refused("settlement_of_another_block"),
    ],
    [
      "402, settled with another block",
      { status: 402, headers: { [name]: settled(OTHER) } },
      refused("settlement_of_another_block"),
    ],
    ["200, no settlement", {}, refused("no_settlement")],
    ["204, no settlement", { status: 204 }, refused("no_settlement")],
    ["500, no settlement", { status: 500 }, refused("no_settlement")],
    ["304, no settlement", { status: 304 }, refused("no_settlement")],
    ["200, unreadable", { headers: { [name]: "%%%" } }, refused("unreadable_settlement")],
    ["200, no JSON object", { headers: { [name]: btoa("[1]") } }, refused("unreadable_settlement")],
    [
      "200, no settlement inside",
      { headers: { [name]: encodeHeader({ hello: 1 }) } },
      refused("unreadable_settlement"),
    ],
    [
      "200, success that is no boolean",
      { headers: { [name]: settled(HASH, { success: "true" }) } },
      refused("unreadable_settlement"),
    ],
    [
      "402, refused",
      { status: 402, headers: { [name]: encodeHeader({ ...failed, errorReason: "payment_expired" }) } },
      refused("payment_expired"),
    ],
    ["200, refused without a reason", { headers: { [name]: encodeHeader(failed) } }, refused("settlement_failed")],
    ["402", { status: 402 }, refused("payment_required")],
    [
      "402 with an error",
      { status: 402, headers: { "PAYMENT-REQUIRED": encodeHeader({ error: "stale_frontier" }) } },
      refused("stale_frontier"),
    ],
    [
      "402 whose error is no text",
      { status: 402, headers: { "PAYMENT-REQUIRED": encodeHeader({ error: 5 }) } },
      refused("payment_required"),
    ],
    ["402 with junk", { status: 402, headers: { "PAYMENT-REQUIRED": "{" } }, refused("payment_required")],
  ])("%s", (_name, what, outcome) => {
    for (const proof of [proofA(), proofB()]) {
      const { expect: present, exchange, reports } = start();
      present(proof, URL_A);
      exchange(proof, what);
      expect(reports).toEqual([[HASH, outcome]]);
    }
  });
});

test("the settlement of version 2 goes before that of version 1", () => {
  const { expect: present, exchange, reports } = start();
  present(proofB(), URL_A);
  exchange(proofB(), { headers: { "PAYMENT-RESPONSE": encodeHeader(failed), "X-PAYMENT-RESPONSE": settled(HASH) } });
  expect(reports).toEqual([[HASH, refused("settlement_failed")]]);
});

test("a connection that is lost", () => {
  const { expect: present, send, reports } = start();
  present(proofB(), URL_A);
  send(headerOf(proofB()))?.onFailure();
  expect(reports).toEqual([[HASH, refused("no_answer")]]);
});

test("the envelope of version 1 is the same proof", () => {
  const { expect: present, send, answer, reports } = start();
  present(proofA(), URL_A);
  const around = { x402Version: 1, scheme: "exact", network: "nano:mainnet", asset: "XNO" };
  answer(send(headerOf(proofA(), around)), { headers: { "X-PAYMENT-RESPONSE": settled(HASH) } });
  expect(reports).toEqual([[HASH, SERVED]]);
});

describe("requests of others", () => {
  test.each([
    ["junk", "%%%"],
    ["nothing", ""],
    ["no JSON", btoa("{")],
    ["no envelope", encodeHeader({})],
    ["no payload", encodeHeader({ payload: null })],
    ["another network's payload", encodeHeader({ payload: { signature: "0x1", authorization: {} } })],
    ["a block without a signature", encodeHeader({ payload: { block: {} } })],
    ["another payment", headerOf(proofB(OTHER))],
    ["another block", headerOf(proofA(OTHER))],
    ["our block's proof that was never handed out", headerOf(proofA())],
  ])("%s", (_name, header) => {
    const { expect: present, send, reports, isListening } = start();
    present(proofB(), URL_A);
    expect(send(header)).toBeUndefined();
    expect(reports).toEqual([]);
    expect(isListening()).toBe(true);
  });
});

describe("listening", () => {
  test("starts with the first proof and ends with the last answer", () => {
    const { expect: present, exchange, isListening, subscriptions } = start();
    expect(isListening()).toBe(false);
    present(proofB(), URL_A);
    present(proofB(OTHER), URL_B);
    expect(isListening()).toBe(true);
    exchange(proofB(), { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(isListening()).toBe(true);
    exchange(proofB(OTHER), { status: 402 });
    expect(isListening()).toBe(false);
    present(proofB(OTHER), URL_B);
    expect([isListening(), subscriptions()]).toEqual([true, 2]);
  });

  test("a proof that no request could be told by is not waited for", async () => {
    const { expect: present, review, isListening, naps } = start();
    present({ ...proofB(), payload: {} }, URL_A);
    expect(isListening()).toBe(false);
    await review(URL_A);
    expect(naps).toEqual([]);
  });
});

describe("heard twice, by watch and by the channel", () => {
  test.each([
    ["served", { headers: { "PAYMENT-RESPONSE": settled(HASH) } }],
    ["refused", { status: 402 }],
  ])("%s: told once", (_name, what: Answer) => {
    const { expect: present, send, answer, reports } = start();
    present(proofB(), URL_A);
    const both = [send(headerOf(proofB())), send(headerOf(proofB()))];
    for (const request of both) answer(request, what);
    for (const request of both) request?.onFailure();
    expect(reports).toHaveLength(1);
  });

  test("a fetch that repeats the request by itself: its last answer counts", () => {
    const { expect: present, send, answer, reports } = start();
    present(proofB(), URL_A);
    const watched = send(headerOf(proofB()));
    answer(send(headerOf(proofB())), { status: 503 });
    answer(watched, { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(reports).toEqual([
      [HASH, refused("no_settlement")],
      [HASH, SERVED],
    ]);
  });
});

describe("one payment that is presented twice at a time, because the first answer took too long", () => {
  /** The second one's challenge may be the same: Faremeter's servers cache them. */
  test.each([
    ["another challenge", proofB(HASH, "22")],
    ["the same challenge", proofB()],
    ["the whole block", proofA()],
  ])("%s: refused as in progress, and the first is served after all", (_name, second) => {
    const { expect: present, send, answer, reports, isListening } = start();
    present(proofB(), URL_A);
    const first = send(headerOf(proofB()));
    present(second, URL_A);
    const again = send(headerOf(second));
    answer(again, { status: 402, headers: { "PAYMENT-REQUIRED": encodeHeader({ error: "payment_in_progress" }) } });
    expect(isListening()).toBe(true);
    answer(first, { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(reports).toEqual([
      [HASH, refused("payment_in_progress")],
      [HASH, SERVED],
    ]);
    expect(isListening()).toBe(false);
  });

  test("the first is served first: the second's refusal says nothing any more, and nothing is listened for", () => {
    const { expect: present, send, answer, reports, isListening } = start();
    present(proofA(), URL_A);
    const first = send(headerOf(proofA()));
    present(proofB(), URL_A);
    const second = send(headerOf(proofB()));
    answer(first, { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(isListening()).toBe(false);
    answer(second, { status: 402 });
    expect(reports).toEqual([[HASH, SERVED]]);
  });

  test("both refused: both are told, so that the purse waits for neither", () => {
    const { expect: present, send, answer, reports, isListening } = start();
    present(proofB(), URL_A);
    const first = send(headerOf(proofB()));
    present(proofB(HASH, "22"), URL_A);
    const second = send(headerOf(proofB(HASH, "22")));
    answer(first, { status: 402 });
    expect(isListening()).toBe(true);
    second?.onFailure();
    expect(reports).toEqual([
      [HASH, refused("payment_required")],
      [HASH, refused("no_answer")],
    ]);
    expect(isListening()).toBe(false);
  });
});

describe("review", () => {
  test("has nothing to wait for: no proof is open, or its request was seen", async () => {
    const { expect: present, send, review, naps, reports } = start();
    await review(URL_A);
    present(proofB(), URL_A);
    send(headerOf(proofB()));
    await review(URL_A);
    expect([naps, reports]).toEqual([[], []]);
  });

  test("another URL's proof is waited for by nobody, and given up when it is long overdue", async () => {
    const { expect: present, review, naps, reports, warnings, clock, isListening } = start();
    present(proofB(), URL_B);
    clock.advanceSeconds(10);
    await review(URL_A);
    expect([naps, reports, warnings]).toEqual([[], [], []]);
    clock.advanceSeconds(1);
    await review(URL_A);
    expect([naps, reports, warnings.length]).toEqual([[], [[HASH, refused("unheard")]], 1]);
    expect(isListening()).toBe(false);
  });

  test("another URL's request that was seen may take as long as it likes", async () => {
    const { expect: present, send, answer, review, reports, clock } = start();
    present(proofB(), URL_B);
    const request = send(headerOf(proofB()));
    clock.advanceSeconds(3_600);
    await review(URL_A);
    expect(reports).toEqual([]);
    answer(request, { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(reports).toEqual([[HASH, SERVED]]);
  });

  test("unheard after a second: told as refused, warned of once, and nothing is listened for", async () => {
    const { expect: present, review, naps, reports, warnings, isListening } = start();
    for (const round of [1, 2, 3]) {
      present(proofB(), URL_A);
      const reviewed = review(URL_A);
      expect(reports).toHaveLength(round - 1);
      expect(naps.map(({ ms }) => ms)).toEqual([1_000]);
      naps.pop()?.wake();
      await reviewed;
      expect(reports.at(-1)).toEqual([HASH, refused("unheard")]);
    }
    expect(warnings).toEqual([expect.stringContaining("handler.watch(fetch)")]);
    expect(isListening()).toBe(false);
  });

  test("a fetch that sends within that second is not taken for unheard", async () => {
    const { expect: present, send, review, naps, reports, warnings } = start();
    present(proofB(), URL_A);
    const reviewed = review(URL_A);
    send(headerOf(proofB()));
    await reviewed;
    naps.pop()?.wake();
    expect([reports, warnings]).toEqual([[], []]);
  });

  test("one that sends later is heard all the same, where it is served", async () => {
    const { expect: present, exchange, review, naps, reports } = start();
    present(proofB(), URL_A);
    const reviewed = review(URL_A);
    naps.pop()?.wake();
    await reviewed;
    exchange(proofB(), { status: 402 });
    exchange(proofB(), { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(reports).toEqual([
      [HASH, refused("unheard")],
      [HASH, SERVED],
    ]);
  });

  test("a proof that is handed out during the wait has a wait of its own", async () => {
    const { expect: present, review, naps, reports } = start();
    present(proofB(), URL_A);
    const reviewed = review(URL_A);
    present(proofB(OTHER), URL_A);
    naps.pop()?.wake();
    await reviewed;
    expect(reports).toEqual([[HASH, refused("unheard")]]);
  });

  test("an answer ends the wait", async () => {
    const { expect: present, exchange, review, reports } = start();
    present(proofB(), URL_A);
    const reviewed = review(URL_A);
    exchange(proofB(), { status: 402 });
    await reviewed;
    expect(reports).toEqual([[HASH, refused("payment_required")]]);
  });

  test("waits for what is being told to the purse", async () => {
    let arrive = (): void => undefined;
    const {
      expect: present,
      exchange,
      review,
    } = start(
      () =>
        new Promise((resolve) => {
          arrive = resolve;
        }),
    );
    present(proofB(), URL_A);
    exchange(proofB(), { status: 402 });
    const order: string[] = [];
    const reviewed = review(URL_A).then(() => order.push("reviewed"));
    await new Promise((resolve) => setImmediate(resolve));
    order.push("arrived");
    arrive();
    await reviewed;
    expect(order).toEqual(["arrived", "reviewed"]);
  });

  test("a purse that cannot be told stops nobody", async () => {
    const { expect: present, exchange, review, reports } = start(() => Promise.reject(new TypeError("broken")));
    present(proofB(), URL_A);
    exchange(proofB(), { status: 402 });
    await review(URL_A);
    expect(reports).toHaveLength(1);
  });
});

describe("refused lately", () => {
  test("by URL, for half a minute, until it is served, and only while the purse has it", async () => {
    const { expect: present, exchange, refusedLately, clock, unspent } = start();
    const lately = (url = URL_A): string[] => [...refusedLately(url)];
    present(proofB(), URL_A);
    expect(lately()).toEqual([]);
    exchange(proofB(), { status: 402 });
    expect([lately(), lately(URL_B)]).toEqual([[HASH], []]);
    clock.advanceSeconds(30);
    expect(lately()).toEqual([HASH]);
    clock.advanceSeconds(1);
    expect(lately()).toEqual([]);

    present(proofB(), URL_A);
    exchange(proofB(), { status: 402 });
    present(proofB(), URL_A);
    exchange(proofB(), { headers: { "PAYMENT-RESPONSE": settled(HASH) } });
    expect(lately()).toEqual([]);

    present(proofB(OTHER), URL_A);
    exchange(proofB(OTHER), { status: 402 });
    unspent.delete(OTHER);
    expect(lately()).toEqual([]);
  });
});
