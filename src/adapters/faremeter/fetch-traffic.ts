/** What is heard of requests that carry a payment. The header is the whole base64 text. */
export interface TrafficListener {
  onSent(paymentHeader: string): void;
  onAnswer(paymentHeader: string, answer: TrafficAnswer): void;
  /** No answer will come: the connection was lost, or the caller gave up. */
  onFailure(paymentHeader: string): void;
}

export interface TrafficAnswer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

/** Listens to what the platform's own `fetch` sends, where the platform tells. Returns what ends it. */
export type ListenToFetch = (listener: TrafficListener) => () => void;

/** Of x402 version 2, and of version 1. */
export const PAYMENT_HEADERS = ["PAYMENT-SIGNATURE", "X-PAYMENT"] as const;
