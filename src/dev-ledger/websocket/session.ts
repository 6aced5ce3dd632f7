import { JsonFields, parseJson } from "../json-fields.js";
import { printJson } from "../print-json.js";
import type { Subscriber } from "./confirmation-feed.js";
import { ConfirmationOptions } from "./confirmation-options.js";

/** All that a node knows; here nothing is ever said on the others, but they can be subscribed to. */
const TOPICS = new Set([
  "ack",
  "bootstrap",
  "confirmation",
  "new_unconfirmed_block",
  "started_election",
  "stopped_election",
  "telemetry",
  "vote",
  "work",
]);

/** A filter that keeps growing would take memory without end. */
const MAX_FILTER_ACCOUNTS = 16_384;

export interface SessionOptions {
  /** Milliseconds. */
  readonly clock: () => number;
  readonly send: (text: string) => void;
}

/** One client of the websocket: what it says, and what it subscribed to. Knows nothing of sockets. */
export class Session implements Subscriber {
  readonly #options: SessionOptions;
  #confirmationOptions: ConfirmationOptions | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get confirmationOptions(): ConfirmationOptions | undefined {
    return this.#confirmationOptions;
  }

  send(text: string): void {
    this.#options.send(text);
  }

  /** false: the connection has to go, because of malformed JSON or a filter without bounds. */
  receive(text: string): boolean {
    const json = parseJson(text);
    if (json === undefined) return false;
    const request = new JsonFields(json.value);
    const action = request.optionalText("action") ?? "";
    const isDone = this.#perform(action, request);
    if (isDone && action === "ping") this.#acknowledge("pong", request);
    else if (isDone && request.flag("ack")) this.#acknowledge(action, request);
    return (this.#confirmationOptions?.accountCount ?? 0) <= MAX_FILTER_ACCOUNTS;
  }

  /** What cannot be done, and what is not known, gets no answer, not even where one was asked for. */
  #perform(action: string, request: JsonFields): boolean {
    const topic = request.optionalText("topic") ?? "";
    const options = request.child("options");
    const isConfirmation = topic === "confirmation";
    switch (action) {
      case "ping":
        return true;
      case "subscribe":
        if (isConfirmation) this.#confirmationOptions = new ConfirmationOptions(options);
        return TOPICS.has(topic);
      case "unsubscribe":
        if (isConfirmation) this.#confirmationOptions = undefined;
        return TOPICS.has(topic);
      case "update":
        return isConfirmation && options !== undefined && this.#confirmationOptions?.update(options) === true;
      default:
        return false;
    }
  }

  #acknowledge(ack: string, request: JsonFields): void {
    const id = request.optionalText("id") ?? "";
    this.send(printJson({ ack, time: this.#options.clock().toString(), ...(id !== "" && { id }) }));
  }
}
