import { concatBytes } from "../../../nano/index.js";
import type { ReplayRequestWithBody } from "./fingerprint.js";
import { isServed, type KeptResponse } from "./kept-response.js";
import type { Recording, Replay } from "./replay.js";

/** As much of a Hono context as is needed. */
export interface HonoContextLike {
  readonly req: { readonly raw: Request; arrayBuffer(): Promise<ArrayBuffer> };
  readonly res: Response;
}

/** A status that must have no body. */
const EMPTY = new Set([204, 205, 304]);

/** `next` is what comes after, the stock payment middleware first of all. Called once or not at all. */
export async function respond(
  replay: Replay,
  request: Request,
  next: () => Response | Promise<Response>,
  readParsedBody?: () => Promise<ArrayBuffer>,
): Promise<Response> {
  const facts = describe(request, readParsedBody);
  if (!replay.hasPayment(facts)) return next();
  const decision = await replay.decide(facts);
  if (decision.kind === "answer") return toResponse(decision.response);
  if (decision.kind === "pass") return next();
  const { recording } = decision;
  try {
    const response = await next();
    record(response, recording);
    return response;
  } catch (error) {
    recording.discard();
    throw error;
  }
}

export async function respondHono(
  replay: Replay,
  context: HonoContextLike,
  next: () => Promise<unknown>,
): Promise<Response> {
  const run = async (): Promise<Response> => {
    await next();
    return context.res;
  };
  return respond(replay, context.req.raw, run, () => context.req.arrayBuffer());
}

function describe(request: Request, readParsedBody?: () => Promise<ArrayBuffer>): ReplayRequestWithBody {
  const url = new URL(request.url);
  return {
    method: request.method,
    host: url.host,
    path: url.pathname,
    query: url.search,
    header: (name) => request.headers.get(name) ?? undefined,
    async readBody(maxBytes) {
      if (request.bodyUsed) {
        const body = await readParsedBody?.();
        return body === undefined || body.byteLength > maxBytes ? undefined : new Uint8Array(body);
      }
      if (request.body === null) return new Uint8Array();
      if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return undefined;
      return readBounded(request.clone().body, maxBytes);
    },
  };
}

/** A copy is read beside the response, which goes to the client as it comes. */
function record(response: Response, recording: Recording): void {
  const headers = [...response.headers];
  if (!isServed(response.status, headers) || response.bodyUsed) {
    recording.discard();
    return;
  }
  recording.markPaid();
  const length = Number(response.headers.get("content-length") ?? 0);
  const copy = length > recording.maxBodyBytes ? undefined : response.clone();
  const read = copy === undefined ? Promise.resolve(undefined) : readBounded(copy.body, recording.maxBodyBytes);
  read.then((body) => {
    if (body === undefined) recording.discard();
    else recording.keep(response.status, headers, body);
  }, recording.discard);
}

/** undefined for more than `maxBytes`; the rest is then not read. */
async function readBounded(
  stream: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (stream === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(...chunks);
    length += value.length;
    if (length > maxBytes) {
      void reader.cancel().catch(() => undefined);
      return undefined;
    }
    chunks.push(value);
  }
}

function toResponse({ status, headers, body }: KeptResponse): Response {
  const lines = headers.map(([name, value]): [string, string] => [name, value]);
  return new Response(EMPTY.has(status) ? null : Uint8Array.from(body), { status, headers: lines });
}
