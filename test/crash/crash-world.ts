import { setTimeout as pause } from "node:timers/promises";
import { createRandom } from "../support/nano.js";
import { CHALLENGE_SECRET, PAY_TO } from "../support/world.js";
import type { Bundle } from "./bundle.js";
import { type Buyer, createBuyer } from "./buyer.js";
import { createClosing } from "./closing.js";
import { type Front, openFront } from "./front.js";
import type { KeptProcess } from "./kept-process.js";
import { createKiller, FACILITATOR_DIES, type Killer } from "./killer.js";
import { type Network, startNetwork } from "./network.js";
import type { Place } from "./places.js";
import { openShop, type Shop, type ShopHost } from "./shop.js";

/** A facilitator in a process of its own that a killer is after, stock shops before it, and buyers. */
export interface CrashWorld {
  readonly network: Network;
  readonly facilitator: KeptProcess;
  readonly killer: Killer;
  readonly front: Front;
  readonly buyer: Buyer;
  close(): Promise<void>;
}

export interface CrashWorldOptions {
  readonly bundle: Bundle;
  readonly place: Place;
  readonly seed: number;
  /**
   * Also kills it in the middle of a settle that is repeated after a kill, before it can have redeemed, so that its
   * lease must end by itself, which takes 17 s; and some blocks are confirmed after everybody has stopped waiting, so
   * that they are left to recovery. For a run of a minute.
   */
  readonly isThorough: boolean;
}

/** A verify whose answer was lost holds its lease for so long. */
const MAX_TIMEOUT_SECONDS = 2;
/** Long enough for kills between a block's arrival and its confirmation. */
const CONFIRM_WITHIN_MS = 120;

export async function startCrashWorld(options: CrashWorldOptions): Promise<CrashWorld> {
  const { bundle, place, seed, isThorough } = options;
  const random = createRandom(seed);
  const closing = createClosing();
  try {
    const killer = createKiller({
      moments: FACILITATOR_DIES,
      random,
      kill: () => facilitator.kill(),
      isUp: () => facilitator.isUp,
      mayKill(hash) {
        const isThere = facilitator.isUp || facilitator.isStarting;
        return isThere && !front.hasLastChance(isThorough ? hash : undefined);
      },
    });
    const network = closing.keep(
      await startNetwork({ random, confirmWithinMs: CONFIRM_WITHIN_MS, hasLateBlocks: isThorough, killer }),
    );
    const facilitator = network.keepFacilitator(bundle, place, {
      onStart: () => killer.sees("it is starting"),
      onUp: () => killer.sees("it has just started"),
    });
    closing.onClose(() => facilitator.stop());
    await facilitator.origin();
    const front = closing.keep(await openFront({ facilitators: [facilitator], random, killer }));
    /** Fails now and then, and takes its time now and then. */
    const handle = async (id: string, attempt: string): Promise<number> => {
      const status = random.below(12) === 0 ? 503 : 200;
      buyer.sales.get(id)?.runs.push({ attempt, status });
      if (random.below(3) === 0) await pause(random.below(15));
      return status;
    };
    const open = async (host: ShopHost): Promise<Shop> => {
      const terms = { challengeSecret: CHALLENGE_SECRET, payTo: PAY_TO, maxTimeoutSeconds: MAX_TIMEOUT_SECONDS };
      return closing.keep(await openShop(host, { ...terms, facilitatorUrl: front.url, handle }));
    };
    const shops = [await open("express"), await open("hono")] as const;
    const buyer = createBuyer({ shops, ledger: network.ledger, random });
    return { network, facilitator, killer, front, buyer, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
