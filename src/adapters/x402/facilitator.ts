import type { x402Facilitator } from "@x402/core/facilitator";
import type { SchemeNetworkFacilitator, SettleResponse, VerifyResponse } from "@x402/core/types";
import {
  createFacilitatorEngine,
  type FacilitatorEngine,
  type FacilitatorOptions,
  type RecoveryReport,
} from "../../facilitator/index.js";
import { NETWORK, SCHEME } from "../../protocol/index.js";
import type { FacilitatorLink } from "./facilitator-link.js";

/** Scheme `exact` on `nano:mainnet` for a stock `x402Facilitator`. It holds no key, so it has no signers. */
export class ExactNanoScheme implements SchemeNetworkFacilitator, FacilitatorLink {
  readonly scheme = SCHEME;
  readonly caipFamily = "nano:*";
  readonly #engine: FacilitatorEngine;

  constructor(options: FacilitatorOptions) {
    this.#engine = createFacilitatorEngine(options);
  }

  getExtra(): Record<string, unknown> {
    return { ...this.#engine.extra() };
  }

  getSigners(): string[] {
    return [];
  }

  async verify(paymentPayload: unknown, paymentRequirements: unknown): Promise<VerifyResponse> {
    return this.#engine.verify({ paymentPayload, paymentRequirements });
  }

  async settle(paymentPayload: unknown, paymentRequirements: unknown): Promise<SettleResponse> {
    return this.#engine.settle({ paymentPayload, paymentRequirements });
  }

  /** Ends the lease of a cancelled response: what `POST /release` calls, and a resource server in the same process. */
  async release(lease: string): Promise<boolean> {
    return this.#engine.release(lease);
  }

  /** One pass over the journal now (R9); the engine makes one at the start and then regularly. */
  async recover(): Promise<RecoveryReport> {
    return this.#engine.recover();
  }

  /** Ends the regular passes. Ledger and store stay open: they are the caller's. */
  close(): void {
    this.#engine.close();
  }
}

/** Registers the scheme and gives it back, for `release`. */
export function registerExactNanoScheme(facilitator: x402Facilitator, options: FacilitatorOptions): ExactNanoScheme {
  const scheme = new ExactNanoScheme(options);
  facilitator.register(NETWORK, scheme);
  return scheme;
}
