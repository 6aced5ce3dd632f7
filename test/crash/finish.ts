import type { Ledger } from "x402-nano/rpc";
import type { Random } from "../support/nano.js";
import type { Buyer } from "./buyer.js";
import { type Sale, timesServed } from "./sale.js";

export interface FinishOptions {
  readonly ledger: Ledger;
  readonly buyer: Buyer;
  readonly random: Random;
}

/** So many payments at once. */
const AT_ONCE = 8;

/**
 * The facilitator is up for good. What was not served is presented until it is decided; some of what has not landed is
 * given up instead: the payer signs another block on the same `previous` (R8), and the old one must buy nothing. Then
 * everything that was ever paid is claimed once more, with proofs that nobody has seen. Returns how many were given up.
 */
export async function finish({ ledger, buyer, random }: FinishOptions): Promise<number> {
  const all = [...buyer.sales.values()];
  let givenUp = 0;
  await each(
    all.filter((sale) => timesServed(sale) === 0),
    async (sale) => {
      const hasLanded = (await ledger.blockInfo(sale.hash)) !== undefined;
      if (hasLanded || random.below(3) > 0) return buyer.presentUntilDecided(sale);
      givenUp += 1;
      await sale.payer.send({ payTo: sale.payer.address, amountRaw: 1n });
      return buyer.presentCopies(sale);
    },
  );
  await each(
    all.filter((sale) => timesServed(sale) > 0),
    (sale) => buyer.claimUntilDecided(sale),
  );
  return givenUp;
}

async function each(sales: readonly Sale[], job: (sale: Sale) => Promise<void>): Promise<void> {
  const left = [...sales];
  const work = async (): Promise<void> => {
    for (let sale = left.shift(); sale !== undefined; sale = left.shift()) await job(sale);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
