import { concatBytes } from "../../../nano/index.js";
import { canonicalJson } from "./canonical-json.js";
import type { ReplayRequestWithBody } from "./fingerprint.js";
import { isServed, type KeptResponse } from "./kept-response.js";
import type { Recording, Replay } from "./replay.js";

type HeaderValue = string | number | readonly string[] | undefined;

/** As much of Express's request, 4 or 5, as is needed; Node's own and Connect's fit too. */
export interface ExpressRequestLike {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What a parser in front of this made of the body. */
  readonly body?: unknown;
  readonly readableEnded?: boolean | undefined;
}

export interface ExpressResponseLike {
  statusCode: number;
  getHeaders(): Readonly<Record<string, HeaderValue>>;
  setHeader(name: string, value: string | readonly string[]): unknown;
  once(event: "close", listener: () => void): unknown;
  writeHead(...args: unknown[]): unknown;
  flushHeaders(): void;
  write(...args: unknown[]): boolean;
  end(...args: unknown[]): unknown;
}

export function serveExpress(
  replay: Replay,
  request: ExpressRequestLike,
  response: ExpressResponseLike,
  next: (error?: unknown) => void,
): void {
  const facts = describe(request);
  if (!replay.hasPayment(facts)) {
    next();
    return;
  }
  replay
    .decide(facts)
    .then((decision) => {
      if (decision.kind === "answer") {
        send(response, decision.response);
        return;
      }
      if (decision.kind === "run") record(response, decision.recording);
      next();
    })
    .catch(next);
}

function describe(request: ExpressRequestLike): ReplayRequestWithBody {
  const target = request.originalUrl ?? request.url ?? "";
  const mark = target.indexOf("?");
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === "string" ? value : value?.join(", ");
  };
  return {
    method: request.method ?? "",
    host: (header("host") ?? "").toLowerCase(),
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? "" : target.slice(mark),
    header,
    readBody: async (maxBytes) => {
      const body = readParsedBody(request, header);
      return body === undefined || body.length > maxBytes ? undefined : body;
    },
  };
}

/**
 * The stream cannot be read here: the handler would find it empty. So a body counts as known once a parser has read it
 * to its end. Parsers of multipart forms leave the files out of what they give.
 */
function readParsedBody(
  { body, readableEnded }: ExpressRequestLike,
  header: (name: string) => string | undefined,
): Uint8Array | undefined {
  const isEmpty = header("transfer-encoding") === undefined && Number(header("content-length") ?? 0) === 0;
  if (isEmpty) return new Uint8Array();
  const isMultipart = /^\s*multipart\//i.test(header("content-type") ?? "");
  if (body === undefined || readableEnded !== true || isMultipart) return undefined;
  if (body instanceof Uint8Array) return body;
  const text = typeof body === "string" ? body : canonicalJson(body);
  return text === undefined ? undefined : new TextEncoder().encode(text);
}

/** Listens in on the response as it passes; the stock middleware hands it over in one go, once it is settled. */
function record(response: ExpressResponseLike, recording: Recording): void {
  const before = response.getHeaders();
  const writeHead = response.writeHead.bind(response);
  const flushHeaders = response.flushHeaders.bind(response);
  const write = response.write.bind(response);
  const end = response.end.bind(response);
  const chunks: Uint8Array[] = [];
  let length = 0;
  let head: { readonly status: number; readonly headers: KeptResponse["headers"] } | undefined;
  let isOver = false;

  const discard = (): void => {
    isOver = true;
    chunks.length = 0;
    recording.discard();
  };
  /** Before it is passed on: what sits further out, compression for one, changes the headers for itself. */
  const takeHead = (status: number, given: unknown[] = []): void => {
    if (head !== undefined || isOver) return;
    const headers = headersAdded(before, { ...response.getHeaders(), ...readGiven(given) });
    head = { status, headers };
    if (isServed(status, headers)) recording.markPaid();
    else discard();
  };
  const takeChunk = (chunk: unknown, encoding: unknown): void => {
    if (isOver || chunk === undefined || chunk === null || typeof chunk === "function") return;
    const bytes = toBytes(chunk, encoding);
    length += bytes?.length ?? 0;
    if (bytes === undefined || length > recording.maxBodyBytes) discard();
    else chunks.push(bytes);
  };

  response.writeHead = (...args) => {
    takeHead(typeof args[0] === "number" ? args[0] : response.statusCode, args.slice(1));
    return writeHead(...args);
  };
  response.flushHeaders = () => {
    takeHead(response.statusCode);
    flushHeaders();
  };
  response.write = (...args) => {
    takeHead(response.statusCode);
    takeChunk(args[0], args[1]);
    return write(...args);
  };
  response.end = (...args) => {
    takeHead(response.statusCode);
    takeChunk(args[0], args[1]);
    if (!isOver && head !== undefined) {
      isOver = true;
      recording.keep(head.status, head.headers, concatBytes(...chunks));
    }
    return end(...args);
  };
  // A client that leaves early changes nothing for a handler that still runs; a response that broke off is none.
  response.once("close", () => {
    if (!isOver && head !== undefined) discard();
  });
}

/** What was set further out before this, a request's id or CORS, is set anew for each request and not kept. */
function headersAdded(
  before: Readonly<Record<string, HeaderValue>>,
  after: Readonly<Record<string, HeaderValue>>,
): KeptResponse["headers"] {
  return Object.entries(after).flatMap(([name, value]) => {
    if (value === undefined || String(value) === String(before[name])) return [];
    const lines = typeof value === "object" ? value : [String(value)];
    return lines.map((line): [string, string] => [name, line]);
  });
}

/** The headers in a call of `writeHead`: an object, or names and values in turn, flat or in pairs. */
function readGiven(given: unknown[]): Record<string, HeaderValue> {
  const last = given[given.length - 1];
  if (typeof last !== "object" || last === null) return {};
  const flat: unknown[] = Array.isArray(last) ? last.flat() : Object.entries(last).flat();
  const headers: Record<string, HeaderValue> = {};
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [name, value] = [flat[index], flat[index + 1]];
    headers[String(name).toLowerCase()] = Array.isArray(value) ? value.map(String) : String(value);
  }
  return headers;
}

/** undefined for the rare encodings: the response is then not kept. */
function toBytes(chunk: unknown, encoding: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return new Uint8Array(chunk);
  if (typeof chunk !== "string") return undefined;
  const name = typeof encoding === "string" ? encoding.toLowerCase() : "utf8";
  return name === "utf8" || name === "utf-8" ? new TextEncoder().encode(chunk) : undefined;
}

function send(response: ExpressResponseLike, { status, headers, body }: KeptResponse): void {
  const lines = new Map<string, string[]>();
  for (const [name, value] of headers) lines.set(name, [...(lines.get(name) ?? []), value]);
  response.statusCode = status;
  for (const [name, values] of lines) response.setHeader(name, values.length === 1 ? String(values[0]) : values);
  response.end(body);
}
