import fc from "fast-check";
import { expect, test } from "vitest";
import { createFacilitatorEngine, type FacilitatorEngine, memoryStore } from "x402-nano/facilitator";
import type { Ledger } from "x402-nano/rpc";
import { type BlockHash, hashBlock, type SignedBlock } from "../../src/nano/index.js";
import { TRACKS, type Track } from "../../src/protocol/index.js";
import type { RedemptionStore } from "../../src/store/port.js";
import { createTestClock, type TestClock } from "../support/clock.js";
import { FakeLedger, type ProcessFault } from "../support/fake-ledger.js";
import { type FaultyLedger, faultyLedger } from "../support/faulty-ledger.js";
import { interleaved } from "../support/interleaving.js";
import { createManualTime } from "../support/manual-time.js";
import {
  aPayer,
  BALANCE_RAW,
  NOW_SECONDS,
  nanoSignaturePayment,
  nanoTxnPayment,
  type Payer,
  type PaymentJson,
  PRICE_RAW,
  signedSend,
  TEST_WORK_THRESHOLD,
} from "../support/payments.js";

/**
 * Several servers, payers and strangers at once, on two facilitators that share a store, with faults of the network, in
 * every order: a block buys at most one response, only when it is confirmed, and a payer whose block has landed can
 * always claim it in the end (R4, R8, R9).
 */

interface Payment {
  readonly payer: Payer;
  readonly block: SignedBlock;
  readonly hash: BlockHash;
}

interface Room {
  readonly scheduler: fc.Scheduler;
  readonly clock: TestClock;
  readonly ledger: FakeLedger;
  readonly store: RedemptionStore;
  readonly engines: readonly FacilitatorEngine[];
  readonly payments: readonly Payment[];
  /** Who was served with which block; a token that is served again is one holder. */
  readonly served: Map<BlockHash, Set<string>>;
  /** The tokens whose settlements have called process. */
  readonly broadcasters: Set<string>;
}

const ACTORS = 4;
const PAYMENTS = 3;
/** Whoever broadcasts what is not in the journal. */
const NOBODY = "nobody";

const target = fc.nat({ max: PAYMENTS - 1 });
const track = fc.constantFrom(...TRACKS);
const engine = fc.nat({ max: 1 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("verify" as const), target, track, engine }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      target,
      track,
      engine,
      token: fc.constantFrom("own", "own", "own", "none", "guess"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), target, engine }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("land" as const), target }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("confirm" as const), target }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(1, 30, 61) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      fault: fc.constantFrom<ProcessFault>("unsent", "lostBefore", "lostAfter", { refuse: "Fork" }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function openRoom(scheduler: fc.Scheduler, confirmsAtOnce: boolean): Room {
  const clock = createTestClock((NOW_SECONDS - 10) * 1000);
  const ledger = new FakeLedger({ ...createManualTime(), clock });
  ledger.confirmsAtOnce = confirmsAtOnce;
  const store = memoryStore({ clock });
  clock.advanceSeconds(10);
  const payments = Array.from({ length: PAYMENTS }, (_, index): Payment => {
    const payer = aPayer(index);
    const previous = ledger.open(payer.account, BALANCE_RAW);
    const block = signedSend({ payer, previous, balanceRaw: BALANCE_RAW - PRICE_RAW - 1n });
    return { payer, block, hash: hashBlock(block) };
  });
  const broadcasters = new Set<string>();
  const options = {
    ledger: interleaved(observed(ledger, store, broadcasters), scheduler),
    store: interleaved(store, scheduler),
    sendWorkThreshold: TEST_WORK_THRESHOLD,
    clock,
    sleep: async () => undefined,
  };
  const engines = [createFacilitatorEngine(options), createFacilitatorEngine(options)];
  return { scheduler, clock, ledger, store, engines, payments, served: new Map(), broadcasters };
}

/** Notes who broadcasts. Waits by looking once: what is not confirmed by then has not been confirmed in time. */
function observed(ledger: FakeLedger, store: RedemptionStore, broadcasters: Set<string>): Ledger {
  return spoiltBy(ledger, (faults) => {
    faults.always("waitForConfirmation", async (_real, hash) => (await ledger.blockInfo(hash))?.confirmed === true);
    faults.always("process", async (real, block, ...rest) => {
      const entry = (await store.listOpen()).find(({ hash }) => hash === hashBlock(block));
      broadcasters.add(entry?.token ?? NOBODY);
      return real(block, ...rest);
    });
  });
}

function spoiltBy(ledger: Ledger, spoil: (faults: FaultyLedger) => void): Ledger {
  const faults = faultyLedger(ledger);
  spoil(faults);
  return faults.port;
}

function requestFor(payment: Payment, by: Track): PaymentJson {
  const validBefore = NOW_SECONDS + 60;
  return by === "nanoTxn"
    ? nanoTxnPayment({ payer: payment.payer, block: payment.block, validBefore })
    : nanoSignaturePayment({ payer: payment.payer, hash: payment.hash, validBefore });
}

function withLease(request: PaymentJson, lease: string | undefined): PaymentJson {
  const { paymentPayload } = request;
  if (lease === undefined) return request;
  return { ...request, paymentPayload: { ...paymentPayload, payload: { ...paymentPayload.payload, lease } } };
}

const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new TypeError("no such item");
  return item;
};

async function act(room: Room, steps: readonly Step[], name: string): Promise<void> {
  const leases = new Map<string, string>();
  for (const [index, next] of steps.entries()) {
    await room.scheduler.schedule(Promise.resolve(), `${name} ${next.kind}`);
    switch (next.kind) {
      case "pass":
        room.clock.advanceSeconds(next.seconds);
        break;
      case "fault":
        room.ledger.faults.push(next.fault);
        break;
      case "land": {
        const { block } = at(room.payments, next.target);
        if (room.ledger.headOf(block.account) === block.previous) room.ledger.land(block);
        break;
      }
      case "confirm":
        room.ledger.confirm(at(room.payments, next.target).hash);
        break;
      case "release": {
        for (const by of TRACKS) await at(room.engines, next.engine).release(leases.get(`${next.target} ${by}`) ?? "");
        break;
      }
      case "verify": {
        const request = requestFor(at(room.payments, next.target), next.track);
        const { extra } = await at(room.engines, next.engine).verify(request);
        if (extra !== undefined) leases.set(`${next.target} ${next.track}`, extra.lease);
        break;
      }
      case "settle": {
        const payment = at(room.payments, next.target);
        const own = leases.get(`${next.target} ${next.track}`);
        const guess = `${payment.payer.account}.${payment.hash}.${"0".repeat(64)}`;
        const lease = next.token === "own" ? own : next.token === "guess" ? guess : undefined;
        const request = withLease(requestFor(payment, next.track), lease);
        const answer = await at(room.engines, next.engine).settle(request);
        if (answer.success) await serve(room, payment, { by: next.track, lease, name: `${name} ${index}` });
        if (answer.errorReason === "settlement_pending") expect(answer.transaction).toBe(payment.hash.toUpperCase());
      }
    }
  }
}

interface Response {
  readonly by: Track;
  readonly lease: string | undefined;
  readonly name: string;
}

async function serve(room: Room, { hash, payer }: Payment, { by, lease, name }: Response): Promise<void> {
  expect(await room.ledger.blockInfo(hash)).toMatchObject({ confirmed: true });
  const { state, token = "" } = await room.store.get({ account: payer.account, hash });
  expect(state).toBe("redeemed");
  // Row 8: of a block that has landed, only the settlement that broadcast it goes on.
  if (by === "nanoTxn") expect(room.broadcasters).toContain(token);
  room.served.set(hash, new Set([...(room.served.get(hash) ?? []), lease === token ? token : name]));
}

/** The network has recovered, leases have ended: what is on the ledger and was not served can be claimed once. */
async function claimAll(room: Room): Promise<void> {
  room.clock.advanceSeconds(120);
  room.ledger.faults.length = 0;
  for (const { hash, payer } of room.payments) {
    room.ledger.confirm(hash);
    const hasLanded = (await room.ledger.blockInfo(hash)) !== undefined;
    const validBefore = NOW_SECONDS + 10_000;
    const claim = nanoSignaturePayment({ payer, hash, validBefore });
    const engineWithoutBounds = createFacilitatorEngine({
      ledger: room.ledger,
      store: room.store,
      clock: room.clock,
      sleep: async () => undefined,
    });
    const maxed = { ...claim, paymentRequirements: { ...claim.paymentRequirements, maxTimeoutSeconds: 20_000 } };
    const answer = await engineWithoutBounds.settle(maxed);
    const holders = room.served.get(hash)?.size ?? 0;
    expect(holders).toBeLessThanOrEqual(1);
    expect(answer.errorReason).toBe(holders === 1 ? "duplicate_block_hash" : hasLanded ? undefined : "block_not_found");
  }
}

test("in every interleaving a block buys one response, and no landed payment is lost", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.boolean(),
      fc.array(fc.array(step, { maxLength: 7 }), { minLength: ACTORS, maxLength: ACTORS }),
      async (scheduler, confirmsAtOnce, scripts) => {
        const room = openRoom(scheduler, confirmsAtOnce);
        await scheduler.waitFor(Promise.all(scripts.map((steps, index) => act(room, steps, `actor ${index}`))));
        for (const { subtype } of room.ledger.processCalls) expect(subtype).toBe("send");
        expect(room.broadcasters).not.toContain(NOBODY);
        const open = new Set((await room.store.listOpen()).map(({ hash }) => hash));
        for (const hash of room.served.keys()) expect(open.has(hash)).toBe(false);
        await claimAll(room);
      },
    ),
    { numRuns: 200 },
  );
});
