import type { SettleResponse } from "@x402/core/types";
import type { z } from "zod";
import { NanoError } from "../../errors/index.js";
import { NETWORK, releaseAnswerSchema, settleResponseSchema } from "../../protocol/index.js";

/** How the server scheme itself reaches the facilitator, beside the host's own client (R3, R9). */
export interface FacilitatorLink {
  /** Ends the lease of a cancelled response, so that the payer can use the same proof at once. */
  release(lease: string): Promise<boolean>;
  /** Asks again with the lease after an answer was lost. What was redeemed with it is the stored success. */
  settle(paymentPayload: unknown, paymentRequirements: unknown): Promise<SettleResponse>;
}

export interface FacilitatorLinkOptions {
  /** A facilitator scheme in this process. */
  readonly facilitator?: FacilitatorLink | undefined;
  /** Our facilitator's base URL: `POST /release` and `POST /settle` below it are used. */
  readonly facilitatorUrl?: string | undefined;
  /** As the stock client takes it; for `/release` its `release` is used, else its `settle`. */
  readonly createAuthHeaders?: (() => Promise<AuthHeaders>) | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

type AuthHeaders = {
  readonly [path in "release" | "settle" | "verify" | "supported" | "bazaar"]?: Record<string, string>;
};

/** An error response waits for it. */
const RELEASE_TIMEOUT_MS = 3_000;
/** A response that is paid for waits for it, and Track A's confirmation may take as long as a settle does. */
const SETTLE_TIMEOUT_MS = 40_000;

/** undefined where no facilitator was named: leases then end by themselves, and lost answers stay lost. */
export function createFacilitatorLink(options: FacilitatorLinkOptions): FacilitatorLink | undefined {
  const { facilitator, facilitatorUrl, createAuthHeaders } = options;
  if (facilitator !== undefined) return facilitator;
  if (facilitatorUrl === undefined) return undefined;
  if (!URL.canParse(facilitatorUrl)) {
    throw new NanoError("invalid_configuration", { setting: "facilitatorUrl", accepted: "an absolute URL" });
  }
  const base = facilitatorUrl.replace(/\/+$/, "");
  const send = options.fetch ?? globalThis.fetch;

  const ask = async <Answer>(path: "release" | "settle", body: unknown, schema: z.ZodType<Answer>): Promise<Answer> => {
    const auth = await createAuthHeaders?.();
    const response = await send(`${base}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(auth?.[path] ?? auth?.settle) },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(path === "release" ? RELEASE_TIMEOUT_MS : SETTLE_TIMEOUT_MS),
    });
    const answer = schema.safeParse(await response.json());
    if (response.ok && answer.success) return answer.data;
    throw new NanoError("facilitator_refused", { path, status: response.status });
  };

  return {
    release: async (lease) => (await ask("release", { lease }, releaseAnswerSchema)).released,
    async settle(paymentPayload, paymentRequirements) {
      const body = { x402Version: 2, paymentPayload, paymentRequirements };
      const { success, transaction, payer, errorReason } = await ask("settle", body, settleResponseSchema);
      return {
        success,
        transaction: transaction ?? "",
        network: NETWORK,
        ...(typeof payer === "string" ? { payer } : {}),
        ...(typeof errorReason === "string" ? { errorReason } : {}),
      };
    },
  };
}
