import type { Track } from "x402-nano/client";
import { decodeHeader, encodeHeader } from "../../src/protocol/index.js";
import type { Envelope, Offer } from "./hand-payer.js";

/** The two protocol versions that Faremeter speaks, as a buyer without any SDK sees them. */
export const VERSIONS = [1, 2] as const;
export type Version = (typeof VERSIONS)[number];

export type FaremeterOffers = { readonly [track in Track]: Offer } & {
  readonly all: readonly Offer[];
  readonly status: number;
};

/** What a 402 offers: in its body (version 1, where an amount is `maxAmountRequired`) or in its header (version 2). */
export async function fetchFaremeterOffers(url: string, version: Version): Promise<FaremeterOffers> {
  const response = await fetch(url);
  const body = (await response.json()) as { accepts: (Offer & { maxAmountRequired: string })[] };
  const all =
    version === 1
      ? body.accepts.map((entry) => ({ ...entry, amount: entry.maxAmountRequired }))
      : (decodeHeader(response.headers.get("PAYMENT-REQUIRED") ?? "")["accepts"] as Offer[]);
  const find = (track: Track): Offer => {
    const offer = all.find(({ extra }) => extra["assetTransferMethod"] === track);
    if (offer === undefined) throw new TypeError(`the 402 offers no ${track}`);
    return offer;
  };
  return { nanoTxn: find("nanoTxn"), nanoSignature: find("nanoSignature"), all, status: response.status };
}

/** The envelope as the version has it. Version 1 loses `accepted`: Track B's challenge goes into the payload (SPEC 3). */
export function envelopeFor(version: Version, proof: Envelope): Record<string, unknown> {
  const { accepted, payload } = proof;
  if (version === 2) return { ...proof };
  const { scheme, network, asset, extra } = accepted as Offer;
  const challenge = "blockHash" in payload ? { nonce: extra["nonce"], validBefore: extra["validBefore"] } : {};
  return { x402Version: 1, scheme, network, asset, payload: { ...challenge, ...payload } };
}

export interface FaremeterOutcome {
  readonly status: number;
  readonly settlement: Record<string, unknown> | undefined;
  /** Of a refused settlement. A refused verify leaves none: Faremeter keeps it to itself. */
  readonly reason: string | undefined;
}

/** Presents an envelope of `envelopeFor`, or a header as it stands. */
export async function presentTo(
  url: string,
  version: Version,
  envelope: Record<string, unknown> | string,
): Promise<FaremeterOutcome> {
  const header = typeof envelope === "string" ? envelope : encodeHeader(envelope);
  const response = await fetch(url, { headers: { [version === 1 ? "X-PAYMENT" : "PAYMENT-SIGNATURE"]: header } });
  await response.arrayBuffer();
  const settled = response.headers.get(version === 1 ? "X-PAYMENT-RESPONSE" : "PAYMENT-RESPONSE");
  const settlement = settled === null ? undefined : { ...decodeHeader(settled) };
  const reason = settlement?.["errorReason"];
  return { status: response.status, settlement, reason: typeof reason === "string" ? reason : undefined };
}
