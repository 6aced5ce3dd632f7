import { startPatience } from "../patience.js";
import { errorCodeOf, type FaultKind } from "./fault.js";
import { type CreateTransport, type Exchange, MAX_ANSWER_BYTES } from "./transport.js";

/** Global fetch. It does not tell whether a failed request left, so every one counts as sent. */
export const createTransport: CreateTransport = (endpoint) => {
  const live = new Map<Promise<Exchange>, (() => void) | undefined>();

  return {
    async post(body, { timeoutMs, signal, connection }) {
      if (signal?.aborted === true) return { ok: false, fault: { kind: "aborted", sent: false } };
      const stop = new AbortController();
      let end: FaultKind | undefined;
      const giveUp = (kind: FaultKind): void => {
        end ??= kind;
        stop.abort();
      };
      const endPatience = startPatience(timeoutMs, signal, giveUp);
      const exchange = send(`${endpoint.origin}${endpoint.path}`, endpoint.headers, body, stop.signal).catch(
        (error: unknown): Exchange => ({
          ok: false,
          fault: { kind: end ?? "connection lost", sent: true, facts: errorCodeOf(error) },
        }),
      );
      const cut = (): void => {
        giveUp("closed");
      };
      live.set(exchange, connection === "kept" ? cut : undefined);
      const result = await exchange;
      live.delete(exchange);
      endPatience();
      return result;
    },
    async close() {
      for (const cut of live.values()) cut?.();
      await Promise.all(live.keys());
    },
  };
};

async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Exchange> {
  const response = await fetch(url, {
    method: "POST",
    headers: { ...headers },
    body,
    signal,
    // A redirect would carry the provider's key, and a block, to somebody who was not asked.
    redirect: "error",
    credentials: "omit",
    cache: "no-store",
    referrerPolicy: "no-referrer",
  });
  const text = await readBounded(response);
  if (text === undefined) return { ok: false, fault: { kind: "answer too large", sent: true } };
  return { ok: true, status: response.status, text, retryAfter: response.headers.get("retry-after") ?? undefined };
}

/** undefined where the body exceeds the limit; a `content-length` is a claim, so the bytes are counted. */
async function readBounded(response: Response): Promise<string | undefined> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > MAX_ANSWER_BYTES) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}
