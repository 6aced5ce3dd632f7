import type { x402PaymentPayload, x402PaymentRequirements } from "@faremeter/types/x402v2";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  createFacilitatorHandler,
  type FaremeterFacilitatorOptions,
  type NanoFacilitatorHandler,
} from "x402-nano/faremeter";
import { isReason, TRACKS, type Track } from "../../../src/protocol/index.js";
import { type EngineWorld, startEngineWorld } from "../../support/engine-world.js";
import { answers, breaks, breaksAtOnce, refuses, unreachable } from "../../support/faulty-ledger.js";
import { type FaultyStore, faultyStore, storeDown } from "../../support/faulty-store.js";
import type { Envelope, Offer } from "../../support/hand-payer.js";
import { mutationsOf } from "../../support/json-mutations.js";
import { type Request, withLease } from "../../support/offers.js";
import { CHALLENGE_SECRET, PAY_TO } from "../../support/world.js";
import { openWithoutIo } from "../facilitator/no-io.js";

/** The handler as a Faremeter host calls it, with no host (UPSTREAM 3). */

const SKELETON: x402PaymentRequirements = {
  scheme: "exact",
  network: "nano:mainnet",
  asset: "XNO",
  amount: "1000",
  payTo: PAY_TO,
  maxTimeoutSeconds: 0,
};

let world: EngineWorld;
let store: FaultyStore;
let warnings: string[];
let handler: NanoFacilitatorHandler;

function open(more: Partial<FaremeterFacilitatorOptions> = {}): NanoFacilitatorHandler {
  const opened = createFacilitatorHandler({
    ...world.facilitatorOptions,
    store: store.port,
    recoveryIntervalSeconds: 0,
    onWarning: (message) => warnings.push(message),
    ...more,
  });
  world.onClose(() => opened.close());
  return opened;
}

beforeEach(async () => {
  world = await startEngineWorld();
  store = faultyStore(world.store);
  warnings = [];
  handler = open();
});
afterEach(() => world.close());

type Answer = Record<string, unknown> | null;

/** Strangers send what no type allows. */
async function verify({ paymentPayload, paymentRequirements }: Request, by = handler): Promise<Answer> {
  return by.handleVerify(
    paymentRequirements as unknown as x402PaymentRequirements,
    paymentPayload as unknown as x402PaymentPayload,
  );
}
async function settle({ paymentPayload, paymentRequirements }: Request, by = handler): Promise<Answer> {
  return by.handleSettle(
    paymentRequirements as unknown as x402PaymentRequirements,
    paymentPayload as unknown as x402PaymentPayload,
  );
}
const requestWith = (paymentPayload: unknown, paymentRequirements: unknown = SKELETON): Request => ({
  paymentPayload: paymentPayload as Envelope,
  paymentRequirements: paymentRequirements as Offer,
});
const pay = async (track: Track): Promise<Request> =>
  (track === "nanoTxn" ? await world.payTrackA() : await world.payTrackB()).request;
/** The same payment as another HTTP request brings it. */
const copyOf = (request: Request): Request => structuredClone(request);
const releases = (): number => store.countOf("release");

describe("what it says of itself", () => {
  test("schemes stand beside the capabilities and inside them, for Faremeter 0.21", () => {
    expect(handler.schemes).toEqual(["exact"]);
    expect(handler.capabilities).toEqual({ networks: ["nano:mainnet"], assets: ["XNO"], schemes: ["exact"] });
  });

  test("getSupported has one kind, with both tracks", async () => {
    const kind = { x402Version: 2, scheme: "exact", network: "nano:mainnet" };
    const extra = { assetTransferMethods: ["nanoTxn", "nanoSignature"] };
    expect(await Promise.all(handler.getSupported())).toEqual([{ ...kind, extra }]);
    const [attaching] = open({ workPolicy: "attach" }).getSupported();
    expect(await attaching).toMatchObject({ extra: { ...extra, work: "optional" } });
  });

  test("it holds no key", async () => {
    expect(await handler.getSigners()).toEqual({ "nano:*": [] });
  });

  test("recover makes a pass, and close ends the regular ones", async () => {
    expect(await handler.recover()).toEqual({ landed: 0, void: 0, open: 0 });
    let stopped = 0;
    const schedule = () => (): void => {
      stopped += 1;
    };
    open({ schedule, recoveryIntervalSeconds: 30 }).close();
    expect(stopped).toBe(1);
  });
});

describe("getRequirements", () => {
  const openAlone = (more: Partial<FaremeterFacilitatorOptions> = {}) => {
    const { options, calls } = openWithoutIo({ challengeSecret: CHALLENGE_SECRET });
    return { alone: open({ ...options, ...more }), calls };
  };

  test("makes both tracks of Faremeter's skeleton, and asks nobody", async () => {
    const { alone, calls } = openAlone();
    const offered = await alone.getRequirements({ accepts: [SKELETON], resource: { url: "http://shop/weather" } });
    expect(offered.map(({ amount }) => amount)).toEqual(["1001", "1000"]);
    expect(offered.map(({ maxTimeoutSeconds }) => maxTimeoutSeconds)).toEqual([60, 60]);
    expect(await alone.getRequirements({ accepts: [] })).toEqual([]);
    expect([calls(), warnings]).toEqual([[], []]);
  });

  const hostile: [string, Record<string, unknown>][] = [
    ...["-5", "1.5", "", "1e400", "0", "01", " 10", "１０", "NaN"].map((amount): [string, Record<string, unknown>] => [
      `amount ${amount}`,
      { amount },
    ]),
    ["an amount that Track B cannot ask", { amount: "1001" }],
    ["a number for an amount", { amount: 1000 }],
    ["no address", { payTo: "nano_1" }],
    ["an address of another network", { payTo: "0x0000000000000000000000000000000000000000" }],
    ["a negative time", { maxTimeoutSeconds: -1 }],
    ["an endless time", { maxTimeoutSeconds: Number.POSITIVE_INFINITY }],
    ["a text for an extra", { extra: "nanoTxn" }],
    ["a track of another network", { extra: { assetTransferMethod: "eip3009" } }],
    ["a nonce that is none", { extra: { nonce: "x" } }],
  ];

  test.each(hostile)("%s: left out, told once, and nobody is asked", async (_what, wrong) => {
    const { alone, calls } = openAlone();
    const accepts = [{ ...SKELETON, ...wrong }, SKELETON] as x402PaymentRequirements[];
    for (let round = 0; round < 3; round += 1) expect(await alone.getRequirements({ accepts })).toHaveLength(2);
    expect(warnings).toEqual([expect.stringContaining("x402-nano: a price is not offered to anybody: ")]);
    expect(warnings.join()).not.toContain(CHALLENGE_SECRET);
    expect(calls()).toEqual([]);
  });

  test("tells of each cause by itself", async () => {
    const { alone } = openAlone();
    const accepts = hostile.slice(-3).map(([, wrong]) => ({ ...SKELETON, ...wrong })) as x402PaymentRequirements[];
    for (let round = 0; round < 3; round += 1) expect(await alone.getRequirements({ accepts })).toEqual([]);
    expect(warnings).toHaveLength(3);
    expect(warnings.map((warning) => /extra[.a-zA-Z]*/.exec(warning)?.[0])).toEqual([
      "extra",
      "extra.assetTransferMethod",
      "extra.nonce",
    ]);
  });

  test("a null extra is none", async () => {
    const accepts = [{ ...SKELETON, extra: null }] as unknown as x402PaymentRequirements[];
    expect(await handler.getRequirements({ accepts })).toHaveLength(2);
  });

  test("an entry for somebody else is left out without a word", async () => {
    const accepts = [
      { ...SKELETON, network: "eip155:8453" },
      { ...SKELETON, asset: "USDC" },
      { ...SKELETON, scheme: "upto" },
    ];
    expect(await handler.getRequirements({ accepts })).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test("a receiver that is not served is not offered", async () => {
    const { alone } = openAlone({ payTo: world.alice.address });
    expect(await alone.getRequirements({ accepts: [SKELETON] })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("does not serve")]);
  });

  test("a bug on the way is no throw, and says nothing of itself", async () => {
    const clock = (): number => {
      throw new TypeError(`secret ${CHALLENGE_SECRET}`);
    };
    const { alone } = openAlone({ clock });
    expect(await alone.getRequirements({ accepts: [SKELETON, SKELETON] })).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("a fault of x402-nano")]);
    expect(warnings.join()).not.toContain(CHALLENGE_SECRET);
  });

  test("whatever the entries are, it resolves, with what can be paid or with nothing", async () => {
    const { alone, calls } = openAlone();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.anything(), mutationsOf({ ...SKELETON, extra: {} }))), async (accepts) => {
        for (const offered of await alone.getRequirements({ accepts: accepts as x402PaymentRequirements[] })) {
          expect([offered.network, offered.payTo]).toEqual(["nano:mainnet", PAY_TO]);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
    expect(calls()).toEqual([]);
  });
});

describe("without a challengeSecret", () => {
  test("it makes one, warns once, and its own offers can be paid", async () => {
    const { challengeSecret: _, ...options } = world.facilitatorOptions;
    const alone = open({ ...options, challengeSecret: undefined });
    expect(warnings).toEqual([expect.stringContaining("no challengeSecret was given")]);
    const [, offer] = await alone.getRequirements({ accepts: [{ ...SKELETON, amount: "1000" }] });
    const { hash: _hash, ...proof } = await world.alice.payNanoSignature(offer as unknown as Offer);
    expect(await verify(requestWith(proof, offer), alone)).toMatchObject({ isValid: true });
    expect(await settle(requestWith(proof, offer), alone)).toMatchObject({ success: true });
    expect(warnings).toHaveLength(1);
  });

  test("it takes no other process's challenge", async () => {
    const alone = open({ challengeSecret: undefined });
    expect(await settle(await pay("nanoSignature"), alone)).toMatchObject({ errorReason: "challenge_invalid" });
  });

  test("with one it says nothing", () => {
    expect(warnings).toEqual([]);
  });
});

describe("whose payments these are", () => {
  test.each([{ scheme: "upto" }, { network: "eip155:8453" }, { network: "nano:testnet" }, { asset: "USDC" }])(
    "%j is another handler's",
    async (foreign) => {
      const { paymentPayload, paymentRequirements } = await pay("nanoTxn");
      const request = requestWith(paymentPayload, { ...paymentRequirements, ...foreign });
      expect([await verify(request), await settle(request)]).toEqual([null, null]);
    },
  );

  test("whatever a client sends for ours is answered with one of our reasons", async () => {
    const { paymentPayload } = await pay("nanoSignature");
    const junk = fc.oneof(
      fc.anything(),
      fc.object(),
      fc.record({ x402Version: fc.constant(2), accepted: fc.anything(), payload: fc.anything() }),
      mutationsOf(paymentPayload),
    );
    const requirements = (await handler.getRequirements({ accepts: [SKELETON] }))[0];
    await fc.assert(
      fc.asyncProperty(junk, async (payment) => {
        const verified = await verify(requestWith(payment, requirements));
        const settled = await settle(requestWith(payment, requirements));
        expect([verified?.["isValid"], settled?.["success"]]).toEqual([false, false]);
        expect(isReason(String(verified?.["invalidReason"]))).toBe(true);
        expect(isReason(String(settled?.["errorReason"]))).toBe(true);
        expect([settled?.["transaction"], settled?.["network"]]).toEqual(["", "nano:mainnet"]);
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  test("a payment without a payload is malformed to settle as well", async () => {
    const { paymentPayload } = await pay("nanoTxn");
    const { payload: _payload, ...rest } = paymentPayload;
    for (const payment of [{ ...paymentPayload, payload: null }, rest]) {
      expect(await settle(requestWith(payment))).toMatchObject({ errorReason: "malformed_payload" });
    }
  });

  test("whatever the host sends for ours is answered too", async () => {
    const { paymentPayload } = await pay("nanoTxn");
    await fc.assert(
      fc.asyncProperty(
        fc.record({ amount: fc.anything(), payTo: fc.anything(), extra: fc.anything() }),
        async (junk) => {
          const request = requestWith(paymentPayload, { ...SKELETON, ...junk });
          expect(await verify(request)).toMatchObject({ isValid: false });
          expect(await settle(request)).toMatchObject({ success: false });
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe.each(TRACKS)("%s", (track) => {
  test("is verified and settled with the same object, and the lease never shows", async () => {
    const request = await pay(track);
    const verified = await verify(request);
    expect(verified).toEqual({ isValid: true, payer: world.alice.address });
    const settled = await settle(request);
    expect(settled).toMatchObject({ success: true, payer: world.alice.address });
    for (const [, payload] of Object.entries({ verified, settled, request })) {
      expect(JSON.stringify(payload)).not.toMatch(/lease|\.[0-9a-f]{64}\./);
    }
  });

  test("is settled without a verify, as settle-first hosts do, and bought once", async () => {
    const request = await pay(track);
    expect(await settle(request)).toMatchObject({ success: true });
    expect(await settle(copyOf(request))).toMatchObject({ success: false, errorReason: "duplicate_block_hash" });
    expect(await verify(copyOf(request))).toMatchObject({ isValid: false, invalidReason: "duplicate_block_hash" });
  });

  test("has its lease used: a settle after the expiry is served", async () => {
    const request = await pay(track);
    expect(await verify(request)).toMatchObject({ isValid: true });
    world.clock.advanceSeconds(90);
    expect(await settle(request)).toMatchObject({ success: true });
    const late = await pay(track);
    world.clock.advanceSeconds(90);
    expect(await settle(late)).toMatchObject({ errorReason: "payment_expired" });
  });

  test("with the same object again is the stored success, which serves nobody new", async () => {
    const request = await pay(track);
    await verify(request);
    expect(await settle(request)).toEqual(await settle(request));
    expect(await settle(copyOf(request))).toMatchObject({ errorReason: "duplicate_block_hash" });
  });

  test("while it is verified, a copy of the request is in progress and takes nothing from it", async () => {
    const request = await pay(track);
    await verify(request);
    expect(await verify(copyOf(request))).toEqual({
      isValid: false,
      invalidReason: "payment_in_progress",
      payer: world.alice.address,
    });
    expect(await settle(request)).toMatchObject({ success: true });
  });

  test.each(["guess", "", 7, null])("a client's lease %j is malformed in both calls", async (lease) => {
    const request = withLease(await pay(track), lease);
    expect(await verify(request)).toMatchObject({ isValid: false, invalidReason: "malformed_payload" });
    expect(await settle(request)).toMatchObject({ success: false, errorReason: "malformed_payload" });
    expect(store.countOf("get")).toBe(0);
  });

  test("a lease that leaked opens nothing either", async () => {
    const request = await pay(track);
    const lease = (await world.engine.verify(request)).extra?.lease;
    expect(await settle(withLease(request, lease))).toMatchObject({ errorReason: "malformed_payload" });
    expect(await world.engine.verify(request)).toMatchObject({ invalidReason: "payment_in_progress" });
  });

  test("a client's undefined lease is one too: JSON has no such thing, a host's objects may", async () => {
    expect(await settle(withLease(await pay(track), undefined))).toMatchObject({ errorReason: "malformed_payload" });
  });

  test("an outage of the store is asked once more where a lease is held", async () => {
    const request = await pay(track);
    await verify(request);
    store.next("get", storeDown);
    expect(await settle(request)).toMatchObject({ success: true });
  });

  test("an outage that lasts is the answer, and the payer can present it again once it is over", async () => {
    const request = await pay(track);
    await verify(request);
    const before = store.countOf("get");
    store.next("get", storeDown, 9);
    expect(await settle(request)).toMatchObject({ errorReason: "facilitator_unavailable", transaction: "" });
    expect(store.countOf("get") - before).toBe(2);
    store.heal();
    expect(await verify(copyOf(request))).toMatchObject({ isValid: true });
  });

  test("an outage without a lease is the answer at once", async () => {
    const request = await pay(track);
    store.next("get", storeDown);
    expect(await settle(request)).toMatchObject({ errorReason: "facilitator_unavailable" });
    expect(store.countOf("get")).toBe(1);
    expect(await settle(request)).toMatchObject({ success: true });
  });

  test("an outage of the ledger in verify is a refusal, and gives no lease", async () => {
    const request = await pay(track);
    world.ledgerFaults.next("blockInfo", unreachable, 3);
    expect(await verify(request)).toMatchObject({ isValid: false, invalidReason: "ledger_unavailable" });
    world.ledgerFaults.heal();
    expect(await verify(copyOf(request))).toMatchObject({ isValid: true });
  });

  test.each(["get", "claim"] as const)(
    "a bug of the store's %s is an answer, in verify and in settle",
    async (method) => {
      const request = await pay(track);
      store.next(method, breaks);
      expect(await verify(request)).toMatchObject({ isValid: false, invalidReason: "facilitator_unavailable" });
      store.next(method, breaks);
      expect(await settle(request)).toMatchObject({ success: false, errorReason: "facilitator_unavailable" });
      expect(await settle(request)).toMatchObject({ success: true });
    },
  );

  test.each([breaks, breaksAtOnce])("a bug of the store with a lease, release included, is an answer", async (bug) => {
    const request = await pay(track);
    await verify(request);
    for (const method of ["get", "release"] as const) store.always(method, bug);
    const answer = await settle(request);
    expect(answer).toMatchObject({ success: false, errorReason: "facilitator_unavailable" });
    expect(JSON.stringify(answer)).not.toContain("undefined");
  });
});

describe("a settle with a lease that is refused", () => {
  test("ends the lease: the response is withheld, and the payer can present the proof at once", async () => {
    const request = await pay("nanoTxn");
    await verify(request);
    world.ledgerFaults.next("process", refuses("Insufficient work"));
    expect(await settle(request)).toMatchObject({ success: false, errorReason: "broadcast_failed" });
    expect(await verify(copyOf(request))).toMatchObject({ isValid: true });
  });

  test("while it is pending keeps the lease, for the host that asks again", async () => {
    world.ledgerFaults.always("waitForConfirmation", answers(false));
    const request = await pay("nanoTxn");
    await verify(request);
    const answer = await settle(request);
    expect(answer).toMatchObject({ success: false, errorReason: "settlement_pending" });
    expect(answer?.["transaction"]).toMatch(/^[0-9A-F]{64}$/);
    // The engine ends it, except for the holder of the token (R9); a second end would be the handler's.
    expect(releases()).toBe(1);
    world.ledgerFaults.heal();
    expect(await settle(request)).toMatchObject({ success: true });
  });

  test("because somebody else settled it leaves everything as it is", async () => {
    const request = await pay("nanoSignature");
    await verify(request);
    expect(await world.engine.settle(request)).toMatchObject({ success: true });
    const before = releases();
    const answer = await settle(request);
    expect(answer).toMatchObject({ success: false, errorReason: "duplicate_block_hash" });
    expect(releases()).toBe(before);
  });

  test("because somebody else is at it leaves that one's lease", async () => {
    const request = await pay("nanoSignature");
    await verify(request);
    world.clock.advanceSeconds(60);
    const other = copyOf(request);
    expect(await world.engine.verify(other)).toMatchObject({ isValid: true });
    const before = releases();
    expect(await settle(request)).toMatchObject({ success: false, errorReason: "payment_in_progress" });
    expect(releases()).toBe(before);
    expect(await world.engine.verify(other)).toMatchObject({ invalidReason: "payment_in_progress" });
  });
});
