import { createLedger, type Ledger } from "x402-nano/rpc";
import { type DevLedger, startDevLedger } from "x402-nano/testing";
import { type HandPayer, openHandPayer } from "../support/hand-payer.js";
import type { Random } from "../support/nano.js";
import { CHALLENGE_SECRET } from "../support/world.js";
import { hashIn } from "./bodies.js";
import type { Bundle } from "./bundle.js";
import { createClosing } from "./closing.js";
import { type KeptProcess, type KeptProcessOptions, keepProcess } from "./kept-process.js";
import type { Killer } from "./killer.js";
import type { Place } from "./places.js";
import { startRelay } from "./relay.js";

/** A dev ledger: buyers, and whoever judges, ask it directly, facilitators through a relay that sees what they ask. */
export interface Network {
  readonly dev: DevLedger;
  readonly ledger: Ledger;
  /** An account of its own, with money on it. */
  openPayer(): Promise<HandPayer>;
  keepFacilitator(bundle: Bundle, place: Place, hooks?: Pick<KeptProcessOptions, "onStart" | "onUp">): KeptProcess;
  close(): Promise<void>;
}

export interface NetworkOptions {
  readonly random: Random;
  /** Blocks are confirmed at random within this. */
  readonly confirmWithinMs: number;
  /** One in many is confirmed only when a buyer has asked three times. */
  readonly hasLateBlocks?: boolean;
  readonly killer?: Pick<Killer, "sees">;
}

const LATE_ONE_IN = 100;
const LATE_MS = 10_000;

/**
 * The node's clock is ahead, within what R5 allows: a store refuses blocks of the second it was born in (R6), and nobody
 * has to wait for that to pass.
 */
const NODE_CLOCK_AHEAD_MS = 1_000;

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const { random, confirmWithinMs, hasLateBlocks = false, killer } = options;
  const closing = createClosing();
  const dev = closing.keep(
    await startDevLedger({
      clock: () => Date.now() + NODE_CLOCK_AHEAD_MS,
      // Any delay: the schedule below has its own.
      confirmAfterMs: 1,
      schedule: (task) => {
        const isLate = hasLateBlocks && random.below(LATE_ONE_IN) === 0;
        const confirm = (): void => {
          task();
          killer?.sees("a block has just been confirmed");
        };
        const timer = setTimeout(confirm, isLate ? LATE_MS : random.below(confirmWithinMs));
        return () => clearTimeout(timer);
      },
    }),
  );
  const ledger = closing.keep(createLedger({ rpcUrls: dev.rpcUrl, pollIntervalMs: 5, onWarning: () => undefined }));
  const node = closing.keep(
    await startRelay({
      target: async () => dev.rpcUrl,
      onRequest({ body }) {
        const isKilled =
          body.action === "process"
            ? killer?.sees("it asks the node to process, which never hears of it", hashIn(body))
            : killer?.sees("it asks the node for a block");
        return isKilled === true ? "lose" : "pass";
      },
      onAnswer({ body }) {
        if (body.action !== "process") return "pass";
        return killer?.sees("the node has processed, and the answer is lost", hashIn(body)) === true ? "lose" : "pass";
      },
      onAnswered({ body }) {
        if (body.action === "process") killer?.sees("the node has processed, and the answer has arrived");
      },
    }),
  );
  let payers = 0;
  return {
    dev,
    ledger,
    openPayer() {
      payers += 1;
      return openHandPayer({ dev, ledger, index: payers });
    },
    keepFacilitator({ path }, { kind, at }, hooks = {}) {
      const env = {
        RPC_URL: node.url,
        WEBSOCKET_URL: dev.websocketUrl,
        SEND_WORK_THRESHOLD: `0x${dev.workThresholds.send.toString(16)}`,
        CHALLENGE_SECRET,
        STORE: kind,
        STORE_AT: at,
      };
      return keepProcess({ path, env, ...hooks });
    },
    close: () => closing.close(),
  };
}
