import { NanoError } from "../errors/index.js";
import type { Ledger } from "../ledger/port.js";
import { MAINNET_WORK_THRESHOLDS } from "../nano/index.js";
import { type ChallengeAuthority, type ChallengeSecret, createChallengeAuthority } from "../protocol/index.js";
import type { RedemptionStore } from "../store/port.js";
import type { WorkPolicy } from "../tracks/nano-txn/index.js";
import { type Schedule, scheduleUnref } from "./schedule.js";
import { createSightings, type Sightings } from "./sightings.js";

export interface FacilitatorOptions {
  readonly ledger: Ledger;
  /** Named explicitly: a silent in-memory store would forget what was redeemed (R6). */
  readonly store: RedemptionStore;
  /** With it the facilitator authenticates challenges itself; without it only their time bounds are judged (SPEC 5). */
  readonly challengeSecret?: ChallengeSecret | readonly ChallengeSecret[] | undefined;
  readonly workPolicy?: WorkPolicy | undefined;
  /** What the network asks of a send; mainnet's by default. */
  readonly sendWorkThreshold?: bigint | undefined;
  /** R5: how long after the node saw it a block can be redeemed. Default 3600 s. */
  readonly paymentAgeSeconds?: number | undefined;
  /** How long a settlement waits for the confirmation, at most `maxTimeoutSeconds`. Default 25 s. */
  readonly confirmationTimeoutSeconds?: number | undefined;
  /** How long Track B's verify waits for a block to appear and to be confirmed. Default 10 s. */
  readonly verifyTimeoutSeconds?: number | undefined;
  /** Milliseconds since 1970. */
  readonly clock?: (() => number) | undefined;
  /** How often the journal is looked through for blocks whose settlement died or is pending (R9). Default 30 s, 0: never. */
  readonly recoveryIntervalSeconds?: number | undefined;
  /** Calls again and again; a timer that keeps no process alive where it is left out. */
  readonly schedule?: Schedule | undefined;
  /** How long to wait between two looks for a block the node does not know yet; injected in tests. */
  readonly sleep?: ((ms: number) => Promise<void>) | undefined;
}

export interface FacilitatorSettings {
  readonly ledger: Ledger;
  readonly store: RedemptionStore;
  readonly sightings: Sightings;
  readonly authority: ChallengeAuthority | undefined;
  readonly workPolicy: WorkPolicy;
  readonly sendWorkThreshold: bigint;
  readonly paymentAgeSeconds: number;
  readonly confirmationTimeoutSeconds: number;
  readonly verifyTimeoutSeconds: number;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly recoveryIntervalSeconds: number;
  readonly schedule: Schedule;
}

export function resolveOptions(options: FacilitatorOptions): FacilitatorSettings {
  const { challengeSecret } = options;
  return {
    ledger: options.ledger,
    store: options.store,
    sightings: createSightings(),
    authority: challengeSecret === undefined ? undefined : createChallengeAuthority(challengeSecret),
    workPolicy: options.workPolicy ?? "validate",
    sendWorkThreshold: options.sendWorkThreshold ?? MAINNET_WORK_THRESHOLDS.send,
    paymentAgeSeconds: seconds("paymentAgeSeconds", options.paymentAgeSeconds ?? 3600, 1),
    confirmationTimeoutSeconds: seconds("confirmationTimeoutSeconds", options.confirmationTimeoutSeconds ?? 25, 0),
    verifyTimeoutSeconds: seconds("verifyTimeoutSeconds", options.verifyTimeoutSeconds ?? 10, 0),
    recoveryIntervalSeconds: seconds("recoveryIntervalSeconds", options.recoveryIntervalSeconds ?? 30, 0),
    schedule: options.schedule ?? scheduleUnref,
    clock: options.clock ?? Date.now,
    sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
  };
}

/** NaN or a negative number here would switch a check off without a word. */
function seconds(setting: string, value: number, minimum: number): number {
  if (Number.isFinite(value) && value >= minimum) return value;
  throw new NanoError("invalid_configuration", {
    setting,
    accepted: `a number of seconds, at least ${String(minimum)}`,
  });
}
