import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { z } from "zod";
import { type ListenToFetch, PAYMENT_HEADERS, type SentRequest } from "./fetch-traffic.js";

/** Header names and values in turn: text of a request, bytes of a response. */
const pairs = z.array(z.union([z.string(), z.instanceof(Uint8Array), z.array(z.string())]));
/** Told apart by identity, so not copied as a schema for an object would. */
const request = z.custom<object>((value) => typeof value === "object" && value !== null);
const messageSchema = z.object({ request });
const requestSchema = z.object({ headers: pairs });
const responseSchema = z.object({ response: z.object({ statusCode: z.number(), headers: pairs }) });

type Pairs = z.output<typeof pairs>;

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Node's `fetch` and undici publish what they send and receive on these channels, for tracing; nothing is patched, and a
 * request without a payment costs a look at the names of its headers.
 */
export const listenToFetch: ListenToFetch = (listener) => {
  const open = new WeakMap<object, SentRequest>();
  const sentRequest = (message: unknown): SentRequest | undefined => {
    const read = messageSchema.safeParse(message);
    return read.success ? open.get(read.data.request) : undefined;
  };
  const channels = {
    "undici:request:create": (message: unknown) => {
      const read = messageSchema.safeParse(message);
      const head = read.success ? requestSchema.safeParse(read.data.request) : undefined;
      if (!read.success || head?.success !== true) return;
      const header = readPayment(head.data.headers);
      const sent = header === undefined ? undefined : listener.onSent(header);
      if (sent !== undefined) open.set(read.data.request, sent);
    },
    "undici:request:headers": (message: unknown) => {
      const sent = sentRequest(message);
      const read = sent === undefined ? undefined : responseSchema.safeParse(message);
      if (sent === undefined || read?.success !== true) return;
      const { statusCode: status, headers } = read.data.response;
      if (status < 200 || REDIRECTS.has(status)) return;
      sent.onAnswer({ status, header: (name) => headerIn(headers, name) });
    },
    "undici:request:error": (message: unknown) => {
      sentRequest(message)?.onFailure();
    },
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
