import { setTimeout as pause } from "node:timers/promises";
import type { HandPayer } from "../support/hand-payer.js";
import type { Random } from "../support/nano.js";
import type { Buyer } from "./buyer.js";
import type { Sale } from "./sale.js";

export interface LoadOptions {
  readonly buyer: Buyer;
  readonly random: Random;
  readonly lanes: number;
  readonly openPayer: () => Promise<HandPayer>;
}

export interface Load {
  /** Rejects at once where a buyer met what cannot be. */
  readonly failed: Promise<never>;
  /** No new payments; resolves when all answers are in. */
  stop(): Promise<void>;
}

/** While it may be down for a moment, a buyer asks again so often. */
const PATIENCE = 3;

/** Payments of both tracks in equal parts, on as many accounts at once as there are lanes. */
export function startLoad({ buyer, random, lanes, openPayer }: LoadOptions): Load {
  let isStopped = false;

  const lane = async (): Promise<void> => {
    let payer = await openPayer();
    while (!isStopped) {
      const sale = await buyer.pay(payer, random.below(2) === 0 ? "nanoTxn" : "nanoSignature");
      const isServed = await presentSome(sale);
      // Its block may come onto this account at any time, so nothing else is put on its frontier.
      if (!isServed && sale.track === "nanoTxn") payer = await openPayer();
      if (isServed && random.below(5) === 0) await buyer.claimAnew(sale);
      await pause(random.below(20));
    }
  };
  const presentSome = async (sale: Sale): Promise<boolean> => {
    for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
      if (await buyer.present(sale)) return true;
      await pause(10 + random.below(60));
    }
    return false;
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  const failed = new Promise<never>((_resolve, reject) => {
    running.catch(reject);
  });
  failed.catch(() => undefined);
  return {
    failed,
    async stop() {
      isStopped = true;
      await running;
    },
  };
}
