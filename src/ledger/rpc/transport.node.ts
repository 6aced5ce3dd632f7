import type { IncomingHttpHeaders } from "node:http";
import { type Dispatcher, Pool } from "undici";
import { NanoError } from "../../errors/index.js";
import { startPatience } from "../patience.js";
import { errorCodeOf, type FaultKind } from "./fault.js";
import { type CreateTransport, type Exchange, type ExchangeOptions, MAX_ANSWER_BYTES } from "./transport.js";

/** Sockets to one endpoint; more calls wait for a free one. */
const MAX_CONNECTIONS = 128;

/** undici's Pool, driven by its dispatch: a tenth of the cost of fetch (MEASURED), and it tells when a request left. */
export const createTransport: CreateTransport = (endpoint) => {
  // The deadline of the whole exchange is kept here, so undici's two are off.
  const options = { connections: MAX_CONNECTIONS, headersTimeout: 0, bodyTimeout: 0 };
  const pools = {
    kept: new Pool(endpoint.origin, options),
    fresh: new Pool(endpoint.origin, { ...options, pipelining: 0 }),
  };
  const live = new Set<PooledExchange>();

  return {
    async post(body, exchangeOptions) {
      const exchange = new PooledExchange(exchangeOptions);
      if (exchange.isOver) return exchange.result;
      live.add(exchange);
      const { path, headers } = endpoint;
      pools[exchangeOptions.connection].dispatch({ path, method: "POST", headers: { ...headers }, body }, exchange);
      const result = await exchange.result;
      live.delete(exchange);
      return result;
    },
    async close() {
      for (const exchange of live) if (exchange.connection === "kept") exchange.giveUp("closed");
      await Promise.all([...live].map((exchange) => exchange.result));
      await Promise.all([pools.kept.destroy(), pools.fresh.destroy()]);
    },
  };
};

class PooledExchange implements Dispatcher.DispatchHandler {
  readonly result: Promise<Exchange>;
  readonly connection: ExchangeOptions["connection"];
  isOver = false;
  private resolve: (result: Exchange) => void = () => undefined;
  private readonly endPatience: () => void;
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private retryAfter: string | undefined;
  private length = 0;
  private readonly chunks: Buffer[] = [];

  constructor({ timeoutMs, signal, connection }: ExchangeOptions) {
    this.connection = connection;
    this.result = new Promise((resolve) => {
      this.resolve = resolve;
    });
    this.endPatience = startPatience(timeoutMs, signal, (kind) => {
      this.giveUp(kind);
    });
    if (signal?.aborted === true) this.giveUp("aborted");
  }

  /** undici calls this just before it writes; until then nothing has left. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A request that waited for a socket may be over by now, and a queue may hand one out again: never write twice.
    const isSecond = this.controller !== undefined;
    if (!this.isOver && !isSecond) this.controller = controller;
    else controller.abort(new NanoError("ledger_unavailable", { why: "aborted" }));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.status = status;
    this.retryAfter = [headers["retry-after"]].flat()[0];
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.length += chunk.length;
    if (this.length > MAX_ANSWER_BYTES) this.giveUp("answer too large");
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const text = Buffer.concat(this.chunks).toString("utf8");
    this.end({ ok: true, status: this.status, text, retryAfter: this.retryAfter });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(this.hasLeft ? "connection lost" : "unreachable", error);
  }

  giveUp(kind: FaultKind): void {
    this.fail(kind);
    this.controller?.abort(new NanoError("ledger_unavailable", { why: kind }));
  }

  private get hasLeft(): boolean {
    return this.controller !== undefined;
  }

  private fail(kind: FaultKind, error?: Error): void {
    this.end({ ok: false, fault: { kind, sent: this.hasLeft, facts: errorCodeOf(error) } });
  }

  private end(result: Exchange): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endPatience();
    this.resolve(result);
  }
}
