import { ERROR_SENTENCES, type ErrorCode, hasCode, isNanoError, NanoError } from "../errors/index.js";
import type { FacilitatorEngine, FacilitatorRequest } from "../facilitator/index.js";
import { X402_VERSION } from "../protocol/index.js";
import { type JsonObject, MAX_BODY_BYTES, readJsonBody, refuseDeepNesting } from "./json-body.js";

/**
 * The routes of a facilitator (SPEC 7), for stock x402 servers and for Faremeter's, as a function of the web's own
 * `Request`: for `serve` of `@hono/node-server`, for `mount` of Hono, for whatever speaks `fetch`.
 */
export interface FacilitatorRouter {
  fetch(request: Request): Promise<Response>;
}

export interface FacilitatorRouterOptions {
  /** Told of a fault of ours, which the caller sees as a bare 500. Default: nobody. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What the request has wrong; anything else but an outage of the store is a fault of ours. */
const BAD_REQUESTS = new Set<ErrorCode>(["invalid_request", "invalid_requirements", "invalid_price"]);

/**
 * `GET /supported`, `POST /verify`, `/settle`, `/accepts`, `/release`. For resource servers, not for buyers: put it on
 * loopback or behind a token, and before whatever else reads bodies. Throws `missing_dependency` without `hono`.
 */
export async function createFacilitatorRouter(
  engine: FacilitatorEngine,
  options: FacilitatorRouterOptions = {},
): Promise<FacilitatorRouter> {
  const Hono = await loadHono();
  const app = new Hono();
  const allow = (path: string, methods: string): void => {
    app.all(path, (context) => context.json({ error: "method_not_allowed" }, 405, { Allow: methods }));
  };
  const post = (path: string, answer: (body: JsonObject) => Promise<object> | object): void => {
    app.post(path, async (context) => {
      const body = await readJsonBody(context.req.raw);
      if (body === "unsupported_media_type") return context.json({ error: body, accepted: "application/json" }, 415);
      if (body === "body_too_large") return context.json({ error: body, maxBytes: MAX_BODY_BYTES }, 413);
      return context.json(await answer(body));
    });
    allow(path, "POST");
  };
  app.get("/supported", (context) => context.json(engine.supported()));
  allow("/supported", "GET, HEAD");
  post("/verify", (body) => engine.verify(paymentOf(body)));
  post("/settle", (body) => engine.settle(paymentOf(body)));
  post("/accepts", (body) => offer(engine, body));
  post("/release", async ({ lease }) => {
    if (typeof lease !== "string") throw missing("lease");
    return { released: await engine.release(lease) };
  });
  app.notFound((context) => context.json({ error: "not_found" }, 404));
  // Hono calls this for an `Error` only, and passes on what else is thrown: both are answered below.
  app.onError((error) => {
    throw error;
  });
  return {
    async fetch(request) {
      try {
        return await app.fetch(request);
      } catch (error) {
        return answerError(error, options);
      }
    },
  };
}

/** An outage in its fixed sentence alone: the facts are the operator's. A fault of ours says nothing at all. */
function answerError(error: unknown, { onError }: FacilitatorRouterOptions): Response {
  if (hasCode(error, "store_unavailable")) {
    return Response.json({ error: error.code, message: ERROR_SENTENCES[error.code] }, { status: 503 });
  }
  if (isNanoError(error) && BAD_REQUESTS.has(error.code)) {
    return Response.json({ error: error.code, message: error.message }, { status: 400 });
  }
  onError?.(error);
  return Response.json({ error: "internal_error" }, { status: 500 });
}

/** Present at least: what they hold is judged by the engine, whose refusals are answers and not errors (SPEC 6). */
function paymentOf({ paymentPayload, paymentRequirements, x402Version }: JsonObject): FacilitatorRequest {
  if (paymentPayload === undefined || paymentPayload === null) throw missing("paymentPayload");
  if (paymentRequirements === undefined || paymentRequirements === null) throw missing("paymentRequirements");
  return { paymentPayload, paymentRequirements, x402Version };
}

/** Faremeter refuses an answer that names no resource, and sends an empty one itself where it knows none. */
function offer(engine: FacilitatorEngine, { accepts, resource }: JsonObject): object {
  if (!Array.isArray(accepts)) throw missing("accepts");
  refuseDeepNesting([accepts, resource]);
  return { x402Version: X402_VERSION, resource: resource ?? { url: "" }, accepts: engine.accepts(accepts) };
}

function missing(field: string): NanoError<"invalid_request"> {
  return new NanoError("invalid_request", { field });
}

/** Optional, and loaded where used: who only registers the scheme in a host of their own does not need it. */
async function loadHono() {
  try {
    return (await import("hono")).Hono;
  } catch (cause) {
    throw new NanoError("missing_dependency", { package: "hono", install: "npm install hono" }, cause);
  }
}
