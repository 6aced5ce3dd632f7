import type { FacilitatorEngine, FacilitatorRequest, VerifyAnswer } from "x402-nano/facilitator";
import { encodeBlockJson, parseAddress, type SignedBlock } from "../../src/nano/index.js";
import { createChallengeAuthority } from "../../src/protocol/index.js";
import { type Envelope, type Offer, wrap } from "./hand-payer.js";
import { CHALLENGE_SECRET, PAY_TO, type World } from "./world.js";

export const PRICE_RAW = 10n ** 27n;

export interface Deal {
  /** Track B's amount; Track A asks for one raw more. */
  readonly amountRaw?: bigint;
  readonly maxTimeoutSeconds?: number;
  readonly payTo?: string;
  /** When the server's clock says the offers are made. */
  readonly nowSeconds?: number;
}

/** Both entries as a server that holds the secret offers them, with a fresh nonce each time. */
export function offersOf(world: Pick<World, "clock">, deal: Deal = {}): { nanoTxn: Offer; nanoSignature: Offer } {
  const { amountRaw = PRICE_RAW, maxTimeoutSeconds = 60, payTo = PAY_TO } = deal;
  const validBefore = (deal.nowSeconds ?? Math.floor(world.clock() / 1000)) + maxTimeoutSeconds;
  const terms = { payTo: parseAddress(payTo), amountRaw, validBefore };
  const nonce = createChallengeAuthority(CHALLENGE_SECRET).issueNonce(terms);
  const entry = (amount: bigint, extra: Record<string, unknown>): Offer => ({
    scheme: "exact",
    network: "nano:mainnet",
    asset: "XNO",
    amount: amount.toString(),
    payTo,
    maxTimeoutSeconds,
    extra: { validBefore, ...extra },
  });
  return {
    nanoTxn: entry(amountRaw + 1n, { assetTransferMethod: "nanoTxn" }),
    nanoSignature: entry(amountRaw, { assetTransferMethod: "nanoSignature", nonce }),
  };
}

export interface Request extends FacilitatorRequest {
  readonly paymentPayload: Envelope;
  readonly paymentRequirements: Offer;
}

/** What a server sends to verify and to settle; by default the requirements are what the client accepted. */
export function requestOf(envelope: Envelope, requirements?: Offer): Request {
  return {
    paymentPayload: envelope,
    paymentRequirements: requirements ?? (envelope.accepted as Offer),
  };
}

/** Track A for a block that is there already, whoever signed it. */
export function proveBlock(offer: Offer, block: SignedBlock): Envelope {
  return wrap(offer, { block: { ...encodeBlockJson(block) } });
}

/** A settle that hands the lease back, as the server scheme does. */
export function withLease(request: Request, lease: unknown): Request {
  const { paymentPayload } = request;
  return { ...request, paymentPayload: { ...paymentPayload, payload: { ...paymentPayload.payload, lease } } };
}

/** Verifies and gives the lease, or says why there is none. */
export async function leaseOf(engine: FacilitatorEngine, request: FacilitatorRequest): Promise<string> {
  const answer: VerifyAnswer = await engine.verify(request);
  const lease = answer.extra?.lease;
  if (lease === undefined) throw new TypeError(`verify refused: ${answer.invalidMessage ?? "without a word"}`);
  return lease;
}

/** The nine keys of a Track A request, to spoil them. */
export function blockOf(request: Request): Record<string, unknown> {
  return { ...(request.paymentPayload.payload["block"] as Record<string, unknown>) };
}

export function withBlock(request: Request, block: Record<string, unknown>): Request {
  const { paymentPayload } = request;
  return { ...request, paymentPayload: { ...paymentPayload, payload: { ...paymentPayload.payload, block } } };
}
