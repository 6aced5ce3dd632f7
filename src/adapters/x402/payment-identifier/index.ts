import { type ExpressRequestLike, type ExpressResponseLike, serveExpress } from "./express-host.js";
import { type HonoContextLike, respond, respondHono } from "./fetch-host.js";
import { type ResponseReplayOptions, resolveOptions } from "./options.js";
import { Replay } from "./replay.js";

export { type PaymentIdentifierClientOptions, paymentIdentifierClientExtension } from "./client-extension.js";
export type { ReplayRequest } from "./fingerprint.js";
export {
  declarePaymentIdentifier,
  PAYMENT_IDENTIFIER,
  type PaymentIdentifierDeclaration,
  type PaymentIdentifierOptions,
} from "./identifier.js";
export type { ResponseReplayOptions } from "./options.js";
export type { PaymentIdentifierProblem } from "./problems.js";
export { type MemoryResponseStoreOptions, memoryResponseStore, type ResponseStore } from "./response-store.js";

/** One replay in front of the stock payment middleware, for whichever host. All share the same store. */
export interface ResponseReplay {
  /** `app.use(replay.express)`, after the body parser and before the payment middleware. Express 4 and 5. */
  readonly express: (
    request: ExpressRequestLike,
    response: ExpressResponseLike,
    next: (error?: unknown) => void,
  ) => void;
  /** `app.use(replay.hono)`, before the payment middleware. */
  readonly hono: (context: HonoContextLike, next: () => Promise<unknown>) => Promise<Response>;
  /** For any other: `GET = (request) => replay.fetch(request, () => paid(request))`. */
  readonly fetch: (request: Request, next: () => Response | Promise<Response>) => Promise<Response>;
}

/**
 * Gives a buyer whose response was lost that response again, for the same identifier and the very same payment and
 * request: the handler does not run, and nothing is verified or settled, for a block buys one response only once. The
 * same identifier with anything else is a conflict (409).
 */
export function createResponseReplay(options: ResponseReplayOptions = {}): ResponseReplay {
  const replay = new Replay(resolveOptions(options));
  return {
    express: (request, response, next) => {
      serveExpress(replay, request, response, next);
    },
    hono: (context, next) => respondHono(replay, context, next),
    fetch: (request, next) => respond(replay, request, next),
  };
}
