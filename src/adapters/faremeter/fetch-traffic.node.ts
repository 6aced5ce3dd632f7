import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { z } from "zod";
import { type ListenToFetch, PAYMENT_HEADERS } from "./fetch-traffic.js";

/** Header names and values in turn: text of a request, bytes of a response. */
const pairs = z.array(z.union([z.string(), z.instanceof(Uint8Array), z.array(z.string())]));
const requestSchema = z.object({ request: z.object({ headers: pairs }) });
const responseSchema = z.object({ response: z.object({ statusCode: z.number(), headers: pairs }) });

type Pairs = z.output<typeof pairs>;

/**
 * Node's `fetch` and undici publish what they send and receive on these channels, for tracing; nothing is patched, and a
 * request without a payment costs a look at the names of its headers.
 */
export const listenToFetch: ListenToFetch = (listener) => {
  const heard = (tell: (paymentHeader: string, message: unknown) => void) => (message: unknown) => {
    const read = requestSchema.safeParse(message);
    const header = read.success ? readPayment(read.data.request.headers) : undefined;
    if (header !== undefined) tell(header, message);
  };
  const channels = {
    "undici:request:create": heard((header) => {
      listener.onSent(header);
    }),
    "undici:request:headers": heard((header, message) => {
      const read = responseSchema.safeParse(message);
      if (!read.success) return;
      const { statusCode: status, headers } = read.data.response;
      listener.onAnswer(header, { status, header: (name) => headerIn(headers, name) });
    }),
    "undici:request:error": heard((header) => {
      listener.onFailure(header);
    }),
  };
  for (const [name, onMessage] of Object.entries(channels)) subscribe(name, onMessage);
  return () => {
    for (const [name, onMessage] of Object.entries(channels)) unsubscribe(name, onMessage);
  };
};

function readPayment(headers: Pairs): string | undefined {
  for (const name of PAYMENT_HEADERS) {
    const value = headerIn(headers, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function headerIn(headers: Pairs, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [key, value] = [headers[index], headers[index + 1]];
    if (key !== undefined && value !== undefined && textOf(key).toLowerCase() === wanted) return textOf(value);
  }
  return undefined;
}

function textOf(value: Pairs[number]): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? (value[0] ?? "") : new TextDecoder("latin1").decode(value);
}
