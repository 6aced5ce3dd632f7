import { createFacilitatorEngine, type FacilitatorEngine } from "x402-nano/facilitator";
import { type BlockHash, hashBlock, type SignedBlock } from "../../src/nano/index.js";
import { type FaultyLedger, faultyLedger } from "./faulty-ledger.js";
import type { HandPayer } from "./hand-payer.js";
import { type Deal, offersOf, proveBlock, type Request, requestOf } from "./offers.js";
import { startWorld, type World, type WorldOptions } from "./world.js";

/** A world whose engine asks a ledger that can be spoiled, with one payer. The payer's own ledger is never spoiled. */
export interface EngineWorld extends World {
  readonly ledgerFaults: FaultyLedger;
  readonly alice: HandPayer;
  /** Another facilitator on the same store and ledger: it has not seen what `engine` saw. */
  readonly other: FacilitatorEngine;
  /** The same store and ledger, but it gives up waiting almost at once: for calls that wait in vain. */
  readonly hurried: FacilitatorEngine;
  /** A signed Track A payment that nobody has broadcast. */
  payTrackA(deal?: Deal): Promise<TrackAPayment>;
  /** A Track B payment: broadcast by the payer, and proved. */
  payTrackB(deal?: Deal): Promise<TrackBPayment>;
  /** Track B's proof, with a fresh challenge, for a block that has landed. */
  claimTrackB(hash: BlockHash, deal?: Deal): Request;
  /** What anybody can do who saw the nine keys. */
  broadcast(block: SignedBlock): Promise<void>;
  /** The journal as recovery would find it: the hashes of its open entries. */
  journal(): Promise<string[]>;
}

export interface TrackAPayment {
  readonly request: Request;
  readonly block: SignedBlock;
  readonly hash: BlockHash;
}

export interface TrackBPayment {
  readonly request: Request;
  readonly hash: BlockHash;
}

const BRIEF_SECONDS = 0.04;

export async function startEngineWorld(options: Omit<WorldOptions, "wrapLedger"> = {}): Promise<EngineWorld> {
  const holder: { faults?: FaultyLedger } = {};
  const world = await startWorld({
    ...options,
    wrapLedger(real) {
      holder.faults = faultyLedger(real);
      return holder.faults.port;
    },
  });
  const { faults } = holder;
  if (faults === undefined) throw new TypeError("the ledger was not wrapped");
  const alice = await world.payer();
  const claimTrackB = (hash: BlockHash, deal?: Deal): Request =>
    requestOf(alice.proveNanoSignature(offersOf(world, deal).nanoSignature, hash));
  return {
    ...world,
    ledgerFaults: faults,
    alice,
    other: createFacilitatorEngine(world.facilitatorOptions),
    hurried: createFacilitatorEngine({
      ...world.facilitatorOptions,
      confirmationTimeoutSeconds: BRIEF_SECONDS,
      verifyTimeoutSeconds: BRIEF_SECONDS,
    }),
    async payTrackA(deal) {
      const { nanoTxn } = offersOf(world, deal);
      const block = await alice.signSend({ payTo: nanoTxn.payTo, amountRaw: BigInt(nanoTxn.amount) });
      return { request: requestOf(proveBlock(nanoTxn, block)), block, hash: hashBlock(block) };
    },
    async payTrackB(deal) {
      const { nanoSignature } = offersOf(world, deal);
      const { hash, ...envelope } = await alice.payNanoSignature(nanoSignature);
      return { request: requestOf(envelope), hash };
    },
    claimTrackB,
    async broadcast(block) {
      const answer = await world.ledger.process(block, "send");
      if (answer.outcome === "refused") throw new TypeError(answer.nodeError);
    },
    journal: async () => (await world.store.listOpen()).map(({ hash }) => hash),
  };
}
