import type { KeptResponse } from "./kept-response.js";

/** What this layer answers itself. No payment was looked at, so each of them can be put right without paying again. */
const PROBLEMS = {
  payment_identifier_required: {
    status: 400,
    sentence: "This resource wants a payment identifier (extensions.payment-identifier.info.id).",
  },
  payment_identifier_malformed: {
    status: 400,
    sentence: "A payment identifier has 16 to 128 letters, digits, hyphens and underscores.",
  },
  payment_identifier_conflict: {
    status: 409,
    sentence: "This payment identifier belongs to another payment or request. Present the payment under a new one.",
  },
  payment_identifier_in_progress: {
    status: 503,
    sentence: "The same request is still being answered. Send it again, unchanged, in a moment.",
  },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type PaymentIdentifierProblem = keyof typeof PROBLEMS;

export function problemResponse(code: PaymentIdentifierProblem): KeptResponse {
  const { status, sentence } = PROBLEMS[code];
  const body = new TextEncoder().encode(JSON.stringify({ error: code, message: sentence }));
  const headers: [string, string][] = [
    ["Content-Type", "application/json"],
    ["Cache-Control", "no-store"],
  ];
  if (status === 503) headers.push(["Retry-After", "1"]);
  return { status, headers, body };
}
