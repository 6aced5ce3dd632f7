import { NanoError } from "../errors/index.js";
import type { Ledger } from "../ledger/port.js";
import { MAINNET_WORK_THRESHOLDS, type PublicKey, parseAddress } from "../nano/index.js";
import {
  type ChallengeAuthority,
  type ChallengeSecret,
  createChallengeAuthority,
  DEFAULT_TIMEOUT_SECONDS,
  type RandomBytes,
  systemRandomBytes,
} from "../protocol/index.js";
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
  /** The receivers that are served, all of them where it is left out. An entry that names none is for the first. */
  readonly payTo?: string | readonly string[] | undefined;
  /** How long a buyer has under an entry of `accepts` that does not say. Default 60 s. */
  readonly maxTimeoutSeconds?: number | undefined;
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
  readonly randomBytes?: RandomBytes | undefined;
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
  /** undefined: whoever the requirements name. */
  readonly receivers: readonly PublicKey[] | undefined;
  readonly maxTimeoutSeconds: number;
  readonly workPolicy: WorkPolicy;
  readonly sendWorkThreshold: bigint;
  readonly paymentAgeSeconds: number;
  readonly confirmationTimeoutSeconds: number;
  readonly verifyTimeoutSeconds: number;
  readonly clock: () => number;
  readonly randomBytes: RandomBytes;
  readonly sleep: (ms: number) => Promise<void>;
  readonly recoveryIntervalSeconds: number;
  readonly schedule: Schedule;
}

export function resolveOptions(options: FacilitatorOptions): FacilitatorSettings {
  const { challengeSecret, randomBytes = systemRandomBytes } = options;
  return {
    ledger: options.ledger,
    store: options.store,
    sightings: createSightings(),
    authority: challengeSecret === undefined ? undefined : createChallengeAuthority(challengeSecret, randomBytes),
    receivers: options.payTo === undefined ? undefined : receiversOf(options.payTo),
    maxTimeoutSeconds: wholeSeconds("maxTimeoutSeconds", options.maxTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS),
    workPolicy: options.workPolicy ?? "validate",
    sendWorkThreshold: options.sendWorkThreshold ?? MAINNET_WORK_THRESHOLDS.send,
    paymentAgeSeconds: seconds("paymentAgeSeconds", options.paymentAgeSeconds ?? 3600, 1),
    confirmationTimeoutSeconds: seconds("confirmationTimeoutSeconds", options.confirmationTimeoutSeconds ?? 25, 0),
    verifyTimeoutSeconds: seconds("verifyTimeoutSeconds", options.verifyTimeoutSeconds ?? 10, 0),
    recoveryIntervalSeconds: seconds("recoveryIntervalSeconds", options.recoveryIntervalSeconds ?? 30, 0),
    schedule: options.schedule ?? scheduleUnref,
    clock: options.clock ?? Date.now,
    randomBytes,
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

function wholeSeconds(setting: string, value: number): number {
  if (Number.isSafeInteger(value)) return seconds(setting, value, 1);
  throw new NanoError("invalid_configuration", { setting, accepted: "a whole number of seconds, at least 1" });
}

/** Nobody at all would be served by an empty list, which is a mistake and not a wish. */
function receiversOf(payTo: string | readonly string[]): readonly PublicKey[] {
  const list = typeof payTo === "string" ? [payTo] : payTo;
  if (list.length === 0) throw receiversError();
  try {
    return list.map(parseAddress);
  } catch (cause) {
    throw receiversError(cause);
  }
}

function receiversError(cause?: unknown): NanoError {
  return new NanoError("invalid_configuration", { setting: "payTo", accepted: "one Nano address or several" }, cause);
}
