/** What is heard of requests that carry a payment. The header is the whole base64 text. */
export interface TrafficListener {
  /** A request leaves. What becomes of it is told to what this returns; undefined where nobody wants to know. */
  onSent(paymentHeader: string): SentRequest | undefined;
}

/** One request. A redirect that is followed is none of its answers: another request follows it. */
export interface SentRequest {
  onAnswer(answer: TrafficAnswer): void;
  /** No answer will come: the connection was lost, or the caller gave up. */
  onFailure(): void;
}

export interface TrafficAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

/** Listens to what the platform's own `fetch` sends, where the platform tells. Returns what ends it. */
export type ListenToFetch = (listener: TrafficListener) => () => void;

/** Of x402 version 2, and of version 1. */
export const PAYMENT_HEADERS = ["PAYMENT-SIGNATURE", "X-PAYMENT"] as const;
