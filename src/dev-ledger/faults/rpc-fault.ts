/** A JSON object: a request, or an answer of the node. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Before or after the node takes the request; with `process`: before or after the block is on its ledger. */
export type FaultMoment = "before" | "after";

/**
 * What can go wrong with one request, at a node or at what stands before it. Each kind says whether the node takes the
 * request: a `process` that it takes puts the block on the ledger, whatever the client hears of it.
 */
export type RpcFault =
  | LateAnswer
  | HeldAnswer
  | DroppedRequest
  | SilentRequest
  | StatusAnswer
  | HtmlAnswer
  | TruncatedAnswer
  | ErrorAnswer
  | WrongAnswer
  | RewrittenAnswer
  | Meanwhile;

/** Taken, and answered honestly `ms` later. With `before` it is taken `ms` later, though the client may be gone. */
export interface LateAnswer {
  readonly kind: "late";
  readonly ms: number;
  /** Default "after": taken at once. */
  readonly when?: FaultMoment | undefined;
}

/** Like `late`, until the promise is settled, either way. */
export interface HeldAnswer {
  readonly kind: "held";
  readonly until: PromiseLike<unknown>;
  /** Default "after": taken at once. */
  readonly when?: FaultMoment | undefined;
}

/** The connection breaks off without an answer: before the node took the request, or after. */
export interface DroppedRequest {
  readonly kind: "dropped";
  readonly when: FaultMoment;
}

/** No answer, ever, and the connection stays open until the client or the node closes it. */
export interface SilentRequest {
  readonly kind: "silent";
  /** Default "after": taken. With "before" it never is. */
  readonly when?: FaultMoment | undefined;
}

/** Not taken; answered with this status, as by a provider's front: 429, 401, 503. */
export interface StatusAnswer {
  readonly kind: "status";
  /** 200 … 599. */
  readonly status: number;
  /** Seconds, or a date as HTTP spells it. */
  readonly retryAfter?: number | string | undefined;
  /** A text, or an object that is sent as JSON; default: the status in words. */
  readonly body?: string | JsonObject | undefined;
}

/** Not taken; answered with a page for people. */
export interface HtmlAnswer {
  readonly kind: "html";
  /** Default 200. */
  readonly status?: number | undefined;
}

/** Taken, and the honest answer is cut in the middle. */
export interface TruncatedAnswer {
  readonly kind: "truncated";
  /**
   * `short`, the default: a whole HTTP answer with half the JSON. `full`: the length of all of it is announced, then
   * the connection breaks off half-way.
   */
  readonly announced?: "short" | "full" | undefined;
}

/** Not taken; the answer is `{"error": …}` with status 200, as a node refuses. */
export interface ErrorAnswer {
  readonly kind: "error";
  readonly error: string;
}

/**
 * Taken, and answered with other values: with whatever `answer` makes of the honest one, sent as JSON. The honest answer
 * is a copy that may be changed. What a callback throws is answered with status 500.
 */
export interface WrongAnswer {
  readonly kind: "wrong";
  readonly answer: (honest: JsonObject, request: JsonObject) => unknown;
}

/** The same with the text of the answer, for what JSON.stringify does not write. */
export interface RewrittenAnswer {
  readonly kind: "rewritten";
  readonly text: (honest: string, request: JsonObject) => string | PromiseLike<string>;
}

/**
 * Taken, and answered honestly; something happens right before or after it is taken: a frontier moves between two
 * calls. What `run` asks of the same node over HTTP can meet this fault too, unless `times` or `action` prevent it.
 */
export interface Meanwhile {
  readonly kind: "meanwhile";
  readonly when: FaultMoment;
  readonly run: (request: JsonObject) => unknown;
}
