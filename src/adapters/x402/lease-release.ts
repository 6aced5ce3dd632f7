import { NanoError } from "../../errors/index.js";
import { releaseAnswerSchema } from "../../protocol/index.js";

/** Ends the lease of a cancelled response, so that the payer can use the same proof at once (R3). */
export type ReleaseLease = (lease: string) => Promise<boolean>;

export interface ReleaseOptions {
  /** A facilitator in this process: the scheme or the engine. */
  readonly facilitator?: { release(lease: string): Promise<boolean> } | undefined;
  /** Our facilitator's base URL: leases are ended with `POST /release`. */
  readonly facilitatorUrl?: string | undefined;
  /** As the stock client takes it; `release` is used here, else `settle`. */
  readonly createAuthHeaders?: (() => Promise<AuthHeaders>) | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

type AuthHeaders = {
  readonly [path in "release" | "settle" | "verify" | "supported" | "bazaar"]?: Record<string, string>;
};

const RELEASE_TIMEOUT_MS = 10_000;

/** undefined where no facilitator was named: leases then end by themselves. */
export function createLeaseRelease(options: ReleaseOptions): ReleaseLease | undefined {
  const { facilitator, facilitatorUrl, createAuthHeaders } = options;
  if (facilitator !== undefined) return (lease) => facilitator.release(lease);
  if (facilitatorUrl === undefined) return undefined;
  if (!URL.canParse(facilitatorUrl)) {
    throw new NanoError("invalid_configuration", { setting: "facilitatorUrl", accepted: "an absolute URL" });
  }
  const url = `${facilitatorUrl.replace(/\/+$/, "")}/release`;
  const send = options.fetch ?? globalThis.fetch;
  return async (lease) => {
    const auth = await createAuthHeaders?.();
    const response = await send(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(auth?.release ?? auth?.settle) },
      body: JSON.stringify({ lease }),
      signal: AbortSignal.timeout(RELEASE_TIMEOUT_MS),
    });
    const answer = releaseAnswerSchema.safeParse(await response.json());
    return response.ok && answer.success && answer.data.released;
  };
}
