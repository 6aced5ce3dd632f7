import { expect } from "vitest";
import { createFacilitatorHandler } from "x402-nano/faremeter";
import { type BlockHash, hashBlock, type SignedBlock } from "../../src/nano/index.js";
import {
  envelopeFor,
  type FaremeterOffers,
  type FaremeterOutcome,
  fetchFaremeterOffers,
  presentTo,
  type Version,
} from "../support/faremeter-buyers.js";
import { type FaremeterSeller, startFaremeterSeller } from "../support/faremeter-sellers.js";
import type { HandPayer, Offer } from "../support/hand-payer.js";
import { proveBlock } from "../support/offers.js";
import { startWorld, type World } from "../support/world.js";
import type { Board, CellName } from "./faremeter-matrix-board.js";
import { watchUnhandledRejections } from "./faremeter-matrix-faults.js";

/** A send that pays: signed and not broadcast on Track A, on the ledger already on Track B. */
export interface Payment {
  readonly payer: HandPayer;
  readonly block: SignedBlock;
  readonly hash: BlockHash;
}

/** A seller of one combination, its payers, and the checks that are counted for it. */
export interface Cell extends CellName {
  readonly world: World;
  readonly seller: FaremeterSeller;
  readonly isRemote: boolean;
  offers(): Promise<FaremeterOffers>;
  /** The entry of this cell's track. */
  offer(): Promise<Offer>;
  /** Pays what the offer asks, or else what is said. */
  pay(offer: Offer, other?: { readonly amountRaw?: bigint; readonly payTo?: string }): Promise<Payment>;
  /** This cell's proof of a payment for an offer, in this cell's version. */
  prove(payment: Payment, offer: Offer): Record<string, unknown>;
  present(envelope: Record<string, unknown> | string, over?: Version): Promise<FaremeterOutcome>;
  /**
   * One check: 402, the handler did not run, and just this reason; undefined where Faremeter refuses by itself. `over` the
   * cell's version where none is named.
   */
  refuses(
    name: string,
    envelope: Record<string, unknown> | string,
    reason: string | undefined,
    over?: Version,
  ): Promise<void>;
  /** One check: 200, the handler ran once, and the settlement and the ledger both show the send. */
  serves(name: string, envelope: Record<string, unknown>, payment: Payment): Promise<void>;
  /** One check: the server answers an unpaid request, nothing was thrown, and an honest payment is served. */
  isAlive(): Promise<void>;
  close(): Promise<void>;
}

export async function openCell(name: CellName, board: Board): Promise<Cell> {
  const { place, version, track } = name;
  const world = await startWorld();
  const faults = watchUnhandledRejections();
  /** In authorize-first mode Faremeter keeps verify's reason to itself: overheard between it and our handler. */
  const overheard: string[] = [];
  const seller = await startFaremeterSeller(world, {
    place,
    ...(place === "hono authorize-first" ? { args: { x402Handlers: [overhear(world, overheard)] } } : {}),
  });

  const prove: Cell["prove"] = ({ payer, block, hash }, offer) =>
    envelopeFor(version, track === "nanoTxn" ? proveBlock(offer, block) : payer.proveNanoSignature(offer, hash));
  const present: Cell["present"] = async (envelope, over = version) => {
    overheard.length = 0;
    const outcome = await faults.before(presentTo(seller.url, over, envelope));
    return { ...outcome, reason: outcome.reason ?? overheard.at(-1) };
  };
  const offers: Cell["offers"] = () => faults.before(fetchFaremeterOffers(seller.url, version));
  const cell: Cell = {
    ...name,
    world,
    seller,
    isRemote: place.startsWith("remote"),
    offers,
    offer: async () => (await offers())[track],
    async pay({ payTo, amount }, other = {}) {
      const payer = await world.payer();
      const send = { payTo, amountRaw: BigInt(amount), ...other };
      if (track === "nanoSignature") return { payer, ...(await payer.send(send)) };
      const block = await payer.signSend(send);
      return { payer, block, hash: hashBlock(block) };
    },
    prove,
    present,
    refuses: (what, envelope, reason, over) =>
      board.check(name, async () => {
        const before = seller.handlerRuns();
        const { status, settlement, reason: seen } = await present(envelope, over);
        const handlerRan = seller.handlerRuns() - before;
        expect({ what, status, reason: seen, handlerRan }).toEqual({ what, status: 402, reason, handlerRan: 0 });
        expect(settlement?.["success"], what).not.toBe(true);
      }),
    serves: (what, envelope, payment) =>
      board.check(name, async () => {
        const before = seller.handlerRuns();
        const { status, settlement } = await present(envelope);
        const handlerRan = seller.handlerRuns() - before;
        expect({ what, status, settlement, handlerRan }).toMatchObject({
          what,
          status: 200,
          settlement: successOf(payment),
          handlerRan: 1,
        });
        expect(JSON.stringify(settlement), what).not.toContain("lease");
        await expectOnLedger(world, payment);
      }),
    isAlive: () =>
      board.check(name, async () => {
        const unpaid = await offers();
        expect(unpaid.status).toBe(402);
        expect(unpaid.all.map(({ extra }) => extra["assetTransferMethod"])).toEqual(["nanoTxn", "nanoSignature"]);
        expect(faults.seen).toEqual([]);
        const payment = await cell.pay(unpaid[track]);
        const paid = await present(prove(payment, unpaid[track]));
        expect(paid).toMatchObject({ status: 200, settlement: successOf(payment) });
        expect(faults.seen).toEqual([]);
      }),
    async close() {
      faults.stop();
      await world.close();
      expect(faults.seen).toEqual([]);
    },
  };
  return cell;
}

/** What a settlement says to the buyer when all went well. */
export function successOf({ payer, hash }: Payment): Record<string, unknown> {
  return { success: true, network: "nano:mainnet", transaction: hash.toUpperCase(), payer: payer.address };
}

/** One confirmed send, and nothing else, has left the payer's account. */
export async function expectOnLedger(world: World, { payer, block, hash }: Payment): Promise<void> {
  const [info, account] = await Promise.all([world.ledger.blockInfo(hash), world.ledger.accountInfo(payer.account)]);
  expect(info).toMatchObject({ confirmed: true, subtype: "send" });
  expect(account).toMatchObject({ frontier: hash, balanceRaw: block.balanceRaw });
}

/** The handler as the seller would have it, and what its verify answers. */
function overhear(world: World, reasons: string[]): ReturnType<typeof createFacilitatorHandler> {
  const handler = createFacilitatorHandler(world.facilitatorOptions);
  world.onClose(() => handler.close());
  return {
    ...handler,
    async handleVerify(requirements, payment) {
      const answer = await handler.handleVerify(requirements, payment);
      if (answer?.invalidReason !== undefined) reasons.push(answer.invalidReason);
      return answer;
    },
  };
}
