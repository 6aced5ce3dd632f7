import { PAYMENT_HEADERS, type TrafficListener } from "./fetch-traffic.js";

/** A `fetch` that tells of requests with a payment, and is else the very same. */
export function watchFetch(fetch: typeof globalThis.fetch, listener: TrafficListener): typeof globalThis.fetch {
  return async (input, init) => {
    const header = readPayment(input, init);
    if (header === undefined) return fetch(input, init);
    listener.onSent(header);
    const response = await fetch(input, init).catch((error: unknown) => {
      listener.onFailure(header);
      throw error;
    });
    listener.onAnswer(header, {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
    });
    return response;
  };
}

function readPayment(input: RequestInfo | URL, init: RequestInit | undefined): string | undefined {
  const own = input instanceof Request ? input.headers : undefined;
  const headers = init?.headers === undefined ? own : new Headers(init.headers);
  return PAYMENT_HEADERS.map((name) => headers?.get(name) ?? undefined).find((value) => value !== undefined);
}
