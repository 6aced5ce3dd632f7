import { type ErrorCode, isNanoError, NanoError } from "../errors/index.js";
import type { FacilitatorEngine, FacilitatorRequest } from "../facilitator/index.js";
import { X402_VERSION } from "../protocol/index.js";
import { type JsonObject, readJsonBody } from "./json-body.js";

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

const MAX_BODY_BYTES = 64 * 1024;
/** What is wrong with a request, and what can be asked again later; anything else is a fault of ours. */
const STATUS_OF: Partial<Record<ErrorCode, 400 | 503>> = {
  invalid_request: 400,
  invalid_requirements: 400,
  invalid_price: 400,
  ledger_unavailable: 503,
  store_unavailable: 503,
};

/**
 * `GET /supported`, `POST /verify`, `/settle`, `/accepts`, `/release`. For resource servers, not for buyers: put it on
 * loopback or behind a token. Throws `missing_dependency` without `hono`.
 */
export async function createFacilitatorRouter(
  engine: FacilitatorEngine,
  options: FacilitatorRouterOptions = {},
): Promise<FacilitatorRouter> {
  const { Hono, bodyLimit } = await loadHono();
  const app = new Hono();
  const allow = (path: string, methods: string): void => {
    app.all(path, (context) => context.json({ error: "method_not_allowed" }, 405, { Allow: methods }));
  };
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: (context) => context.json({ error: "body_too_large", maxBytes: MAX_BODY_BYTES }, 413),
  });
  const post = (path: string, answer: (body: JsonObject) => Promise<object> | object): void => {
    app.post(path, limit, async (context) => {
      const body = await readJsonBody(context.req.raw);
      return body === undefined
        ? context.json({ error: "unsupported_media_type", accepted: "application/json" }, 415)
        : context.json(await answer(body));
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
  app.onError((error, context) => {
    const status = isNanoError(error) ? STATUS_OF[error.code] : undefined;
    if (isNanoError(error) && status !== undefined) {
      return context.json({ error: error.code, message: error.message }, status);
    }
    options.onError?.(error);
    return context.json({ error: "internal_error" }, 500);
  });
  return { fetch: async (request) => app.fetch(request) };
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
  return { x402Version: X402_VERSION, resource: resource ?? { url: "" }, accepts: engine.accepts(accepts) };
}

function missing(field: string): NanoError<"invalid_request"> {
  return new NanoError("invalid_request", { field });
}

/** Optional, and loaded where used: who only registers the scheme in a host of their own does not need it. */
async function loadHono() {
  try {
    const [{ Hono }, { bodyLimit }] = await Promise.all([import("hono"), import("hono/body-limit")]);
    return { Hono, bodyLimit };
  } catch (cause) {
    throw new NanoError("missing_dependency", { package: "hono", install: "npm install hono" }, cause);
  }
}
