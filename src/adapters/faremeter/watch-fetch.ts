import { PAYMENT_HEADERS, type TrafficListener } from "./fetch-traffic.js";

/** A `fetch` that tells of requests with a payment, and is else the very same. Its answers are final, redirects too. */
export function watchFetch(fetch: typeof globalThis.fetch, listener: TrafficListener): typeof globalThis.fetch {
  return async (input, init) => {
    const header = readPayment(input, init);
    const sent = header === undefined ? undefined : listener.onSent(header);
    if (sent === undefined) return fetch(input, init);
    let response: Response;
    try {
      // Not every stand-in for `fetch` returns a promise: an app's own `fetch` in the same process need not.
      response = await fetch(input, init);
    } catch (error) {
      sent.onFailure();
      throw error;
    }
    sent.onAnswer({
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
