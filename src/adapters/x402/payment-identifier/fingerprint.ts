import { blake2b, bytesToHex, equalBytes } from "../../../nano/index.js";
import { decodeHeader, X402_VERSION } from "../../../protocol/index.js";
import { canonicalJson } from "./canonical-json.js";
import { readIdentifier } from "./identifier.js";

/** A request as every host can describe it. */
export interface ReplayRequest {
  readonly method: string;
  /** As the client named it, port included, in lower case. */
  readonly host: string;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  header(name: string): string | undefined;
}

/** Also what it carries. undefined where that cannot be had: read by nobody yet, or too long. */
export interface ReplayRequestWithBody extends ReplayRequest {
  readBody(maxBytes: number): Promise<Uint8Array | undefined>;
}

/** Which payment a request presents, and under which name. */
export type Naming =
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly problem: "payment_identifier_required" | "payment_identifier_malformed" }
  | { readonly kind: "named"; readonly id: string; readonly payment: string };

const DIGEST_BYTES = 32;
const KEY_DOMAIN = "x402-nano/response-key/1";
const FINGERPRINT_DOMAIN = "x402-nano/response-fingerprint/1";

/** Reads `PAYMENT-SIGNATURE`. What is no version 2 payment is left to the host to refuse. Never throws. */
export function readNaming(header: string | undefined, isRequired: boolean): Naming {
  if (header === undefined || header === "") return { kind: "none" };
  const envelope = decode(header);
  if (envelope === undefined || envelope["x402Version"] !== X402_VERSION) return { kind: "none" };
  const identifier = readIdentifier(envelope);
  // The payer's own echo of the declaration counts too; core refuses an echo that says otherwise than the route.
  if (identifier.kind === "absent") {
    const isMissing = isRequired || identifier.isRequired;
    return isMissing ? { kind: "refused", problem: "payment_identifier_required" } : { kind: "none" };
  }
  if (identifier.kind === "malformed") return { kind: "refused", problem: "payment_identifier_malformed" };
  const payment = canonicalJson(envelope);
  return payment === undefined ? { kind: "none" } : { kind: "named", id: identifier.id, payment };
}

/**
 * Where a response is kept. Hashed: whoever can list the keys of a shared store does not learn the identifiers, and
 * how long a look-up takes says nothing about them.
 */
export function responseKey(scope: string, id: string): string {
  return digest(JSON.stringify([KEY_DOMAIN, scope, id]));
}

/**
 * What has to be the same for a response to be handed out again: the whole payment payload, and what was asked with it.
 *
 * The look-up comes before any verification (a settled payment would fail it), so this digest is all that stands between
 * a stranger and somebody's response. On Track B it holds the payer's signature over the challenge, which is never
 * published. On Track A it does not: once the block has landed all nine keys are public and `validBefore` can be
 * guessed, so there the identifier is the only secret. It must be random, 128 bits as our client's and upstream's are,
 * and is worth as much as the response that it names.
 */
export function requestFingerprint(
  request: ReplayRequest,
  about: {
    readonly scope: string;
    readonly payment: string;
    readonly body: Uint8Array;
    readonly boundHeaders: readonly string[];
  },
): string {
  const headers = about.boundHeaders.map((name) => [name, request.header(name) ?? null]);
  const body = bytesToHex(blake2b(about.body, DIGEST_BYTES));
  const asked = [about.scope, request.method.toUpperCase(), request.path, request.query, headers, body];
  return digest(JSON.stringify([FINGERPRINT_DOMAIN, asked, about.payment]));
}

/** Without an early exit, as secrets are compared. */
export function isSameFingerprint(left: string, right: string): boolean {
  const text = new TextEncoder();
  return equalBytes(text.encode(left), text.encode(right));
}

function decode(header: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return bytesToHex(blake2b(new TextEncoder().encode(text), DIGEST_BYTES));
}
