import { z } from "zod";
import type { SignedBlock } from "../nano/index.js";
import { X402_VERSION } from "./constants.js";
import { addressField, balanceField, hashField, nonceField, signatureField, timeField } from "./fields.js";
import { type Refusal, refuse } from "./reasons.js";
import { type Accepted, acceptedSchema, type Requirements, requirementsSchema } from "./requirements.js";

const WORK = /^[0-9a-fA-F]{16}$/;
/** Longer than any token a store makes; what is longer was not made by one. */
const MAX_LEASE_LENGTH = 512;

/** Unknown keys are dropped here, so they can never reach the node. `link_as_account` is read only to be compared. */
const blockSchema = z
  .object({
    type: z.literal("state"),
    account: addressField,
    previous: hashField,
    representative: addressField,
    balance: balanceField,
    link: hashField,
    link_as_account: addressField.optional(),
    signature: signatureField,
    work: z.string().optional(),
  })
  .transform((json) => {
    const { account, previous, representative, link, signature, work } = json;
    const wellFormed = work !== undefined && WORK.test(work);
    const block: SignedBlock = {
      account,
      previous,
      representative,
      balanceRaw: json.balance,
      link,
      signature,
      work: wellFormed ? work.toLowerCase() : undefined,
    };
    /** "absent" is for the facilitator to attach; "malformed" is refused as `invalid_work`, not as a shape. */
    const workForm: WorkForm = work === undefined || work === "" ? "absent" : wellFormed ? "present" : "malformed";
    return { block, workForm, linkAsAccount: json.link_as_account };
  });

export type WorkForm = "absent" | "present" | "malformed";

const challengeFields = { nonce: nonceField.optional(), validBefore: timeField.optional() };
const leaseField = z.string().max(MAX_LEASE_LENGTH).optional();

const nanoTxnSchema = z
  .object({ block: blockSchema, ...challengeFields, lease: leaseField })
  .transform(({ block: parsed, ...rest }) => ({ ...rest, ...parsed }));
const nanoSignatureSchema = z.object({
  blockHash: hashField,
  account: addressField,
  signature: signatureField,
  ...challengeFields,
  lease: leaseField,
});

export type NanoTxnPayload = z.output<typeof nanoTxnSchema>;
export type NanoSignaturePayload = z.output<typeof nanoSignatureSchema>;

interface PaymentOf<Track, Payload> {
  readonly track: Track;
  readonly accepted: Accepted;
  readonly requirements: Requirements;
  readonly payload: Payload;
}

/** A payment whose shape was checked; the track follows from the payload's shape, never from an `extra` (SPEC 3). */
export type Payment = NanoTxnPayment | NanoSignaturePayment;
export type NanoTxnPayment = PaymentOf<"nanoTxn", NanoTxnPayload>;
export type NanoSignaturePayment = PaymentOf<"nanoSignature", NanoSignaturePayload>;

/** `accepted` may be missing here, as it is in version 1: that is to be answered with the version, not with a shape. */
const envelopeSchema = z.object({
  x402Version: z.number(),
  accepted: z.unknown().optional(),
  payload: z.record(z.string(), z.unknown()),
});

/**
 * Row 1 of both tables: shape, types, ranges, checksums; exactly one of `block` and `blockHash`; version 2.
 * `request.x402Version` is the top-level one, where the sender gave it.
 */
export function parsePayment(
  paymentPayload: unknown,
  paymentRequirements: unknown,
  request: { readonly x402Version?: unknown; readonly allowLease: boolean },
): { readonly ok: true; readonly payment: Payment } | Refusal {
  const envelope = envelopeSchema.safeParse(paymentPayload);
  if (!envelope.success) return malformed(envelope.error, "paymentPayload");
  const { x402Version, accepted: rawAccepted, payload: rawPayload } = envelope.data;
  const requestVersion = request.x402Version ?? X402_VERSION;
  if (typeof requestVersion !== "number") return refuse("malformed_payload", "At x402Version.");
  if (x402Version !== X402_VERSION || requestVersion !== X402_VERSION) return refuse("invalid_x402_version");
  const requirements = requirementsSchema.safeParse(paymentRequirements);
  if (!requirements.success) return malformed(requirements.error, "paymentRequirements");
  const accepted = acceptedSchema.safeParse(rawAccepted);
  if (!accepted.success) return malformed(accepted.error, "accepted");
  if (!request.allowLease && Object.hasOwn(rawPayload, "lease")) {
    return refuse("malformed_payload", "At payload.lease.");
  }
  const common = { accepted: accepted.data, requirements: requirements.data };

  if (Object.hasOwn(rawPayload, "block") === Object.hasOwn(rawPayload, "blockHash")) {
    return refuse("malformed_payload", "The payload must hold exactly one of block and blockHash.");
  }
  if (Object.hasOwn(rawPayload, "block")) {
    const payload = nanoTxnSchema.safeParse(rawPayload);
    if (!payload.success) return malformed(payload.error, "payload");
    return { ok: true, payment: { track: "nanoTxn", payload: payload.data, ...common } };
  }
  const payload = nanoSignatureSchema.safeParse(rawPayload);
  if (!payload.success) return malformed(payload.error, "payload");
  return { ok: true, payment: { track: "nanoSignature", payload: payload.data, ...common } };
}

/** Names the place, never the value: a payload may hold what should not be repeated. */
function malformed(error: z.ZodError, root: string): Refusal {
  const path = [root, ...(error.issues[0]?.path ?? [])].map(String).join(".").slice(0, 80);
  return refuse("malformed_payload", `At ${path}.`);
}
