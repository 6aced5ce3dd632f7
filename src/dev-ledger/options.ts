import { NanoError } from "../errors/index.js";
import type { Schedule } from "./confirmations.js";
import type { DevWorkThresholds } from "./genesis.js";
import type { NodeRules } from "./node.js";

export interface DevLedgerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The websocket has a port of its own, as on a node. Default 0: any free port. */
  readonly websocketPort?: number;
  /** Loopback only; default 127.0.0.1. */
  readonly host?: string;
  /** `never` leaves every block unconfirmed until `confirm` or `confirmAll` is called. */
  readonly confirm?: "auto" | "never";
  /** Milliseconds from a block's arrival to its confirmation; default 0, before `process` answers. */
  readonly confirmAfterMs?: number;
  /** Default: tiny ones, of epoch 2. `MAINNET_WORK_THRESHOLDS` make it as hard as the live network. Not with a preset. */
  readonly workThresholds?: Partial<DevWorkThresholds>;
  /** `recorded-dev-network`: genesis, thresholds and version of the network in `node-recordings/`. */
  readonly preset?: "recorded-dev-network";
  /** The node's `enable_control`; default true. */
  readonly control?: boolean;
  /** Whether `work_generate` computes anything; default true. */
  readonly workGeneration?: boolean;
  /** Milliseconds; what every time in an answer or a websocket message is read from. */
  readonly clock?: () => number;
  /** What runs delayed confirmations; default: timers that do not keep the process alive. */
  readonly schedule?: Schedule;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);
const CONFIRM = new Set<string>(["auto", "never"]);
const PRESETS = new Set<string>(["recorded-dev-network"]);
const EPOCHS = new Set<number>([0, 1, 2]);
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Throws `invalid_configuration` for what cannot work, or would show a ledger without secrets to the network. */
export function checkOptions(options: DevLedgerOptions): void {
  const { port = 0, websocketPort = 0, host = "127.0.0.1", workThresholds, preset } = options;
  const { confirm = "auto", confirmAfterMs = 0 } = options;
  if (!LOOPBACK.has(host)) throw misconfigured("host", [...LOOPBACK].join(", "));
  if (!isPort(port)) throw misconfigured("port", "0 … 65535");
  if (!isPort(websocketPort)) throw misconfigured("websocketPort", "0 … 65535");
  if (!Number.isInteger(confirmAfterMs) || confirmAfterMs < 0 || confirmAfterMs > MAX_TIMER_MS) {
    throw misconfigured("confirmAfterMs", "0 … 2147483647");
  }
  if (!CONFIRM.has(confirm)) throw misconfigured("confirm", [...CONFIRM].join(", "));
  if (preset !== undefined && !PRESETS.has(preset)) throw misconfigured("preset", [...PRESETS].join(", "));
  if (preset !== undefined && workThresholds !== undefined) {
    throw misconfigured("workThresholds", "none beside a preset");
  }
  checkThresholds(workThresholds ?? {});
}

function checkThresholds({ epoch = 2, ...thresholds }: Partial<DevWorkThresholds>): void {
  if (!EPOCHS.has(epoch)) throw misconfigured("workThresholds.epoch", [...EPOCHS].join(", "));
  for (const threshold of Object.values(thresholds)) {
    if (threshold < 0n || threshold >= 2n ** 64n) throw misconfigured("workThresholds", "0 … 2^64-1");
  }
}

export function rulesOf({ control = true, workGeneration = true }: DevLedgerOptions): NodeRules {
  return { control, workGeneration };
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= 65_535;
}

function misconfigured(setting: string, accepted: string): NanoError {
  return new NanoError("invalid_configuration", { setting, accepted });
}
