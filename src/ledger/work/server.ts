import { z } from "zod";
import { createTransport } from "#transport";
import { NanoError } from "../../errors/index.js";
import { MAX_DELAY_MS } from "../patience.js";
import type { WorkRoot, WorkSource } from "../port.js";
import { type Endpoint, parseEndpoint } from "../rpc/endpoint.js";
import { readExchange, type Understood } from "../rpc/exchange.js";
import { faultFacts } from "../rpc/fault.js";
import { askWork, type Question } from "../rpc/questions.js";
import { createCalls } from "./calls.js";
import { readSettings } from "./settings.js";

export interface WorkServerOptions {
  /** http or https. Keys in user info, path, query, headers or body are never shown. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Fields that go into every request, for providers that want their key there. */
  readonly body?: Readonly<Record<string, string>> | undefined;
  /** At most, whatever a call allows; default 120 s: a processor takes 40 s for a send on average (MEASURED). */
  readonly timeoutMs?: number | undefined;
}

/** For telling a server to stop. Whoever asks for the same work again waits for this first, and so does `close`. */
const CANCEL_MS = 1_000;

const texts = z.record(z.string(), z.string());
const schema = z.strictObject({
  url: z.string(),
  headers: texts.default({}),
  body: texts.default({}),
  timeoutMs: z.int().min(1).max(MAX_DELAY_MS).default(120_000),
});

/** nano-work-server, nano-pow and whatever else speaks `work_generate`, a node that is no ledger included. */
export function workServer(options: WorkServerOptions): Required<Omit<WorkSource, "prepareWork">> {
  const { url, headers, body, timeoutMs } = readSettings(schema, options);
  const endpoint = readEndpoint(url, headers, body);
  const transport = createTransport(endpoint);
  const calls = createCalls({ action: "work_generate", endpoint: endpoint.host });
  const running = new Set<{ readonly root: WorkRoot; readonly end: Promise<unknown> }>();
  const cancelling = new Map<WorkRoot, Promise<unknown>>();

  const post = async (question: Question<string>, connection: "kept" | "fresh", signal: AbortSignal) => {
    const limits = { connection, signal, timeoutMs: MAX_DELAY_MS };
    return readExchange(await transport.post(endpoint.addKeys(question.body), limits), question);
  };

  const ask = async (question: Question<string>, signal: AbortSignal): Promise<Understood<string>> => {
    const read = await post(question, "kept", signal);
    // A kept connection may have been dead already.
    return "fault" in read && read.fault.kind === "connection lost" ? post(question, "fresh", signal) : read;
  };

  /**
   * These servers do not notice that nobody listens any more. They stop all work for the root at once, though, so as
   * long as another call of ours wants it they go on.
   */
  const cancel = (root: WorkRoot): void => {
    if ([...running].some((call) => call.root === root)) return;
    const body = endpoint.addKeys(JSON.stringify({ action: "work_cancel", hash: root }));
    const told = transport.post(body, { connection: "fresh", timeoutMs: CANCEL_MS }).finally(() => {
      cancelling.delete(root);
    });
    cancelling.set(root, told);
  };

  const find = async (root: WorkRoot, threshold: bigint, signal: AbortSignal): Promise<string> => {
    // Else it might be our new question that is called off.
    await cancelling.get(root);
    const question = askWork(root, threshold);
    const asked = ask(question, signal);
    const call = { root, end: asked };
    running.add(call);
    const read = await asked;
    running.delete(call);
    if (!("fault" in read)) return read.result;
    if (read.fault.kind === "aborted" && read.fault.sent) cancel(root);
    throw new NanoError("work_unavailable", faultFacts(question.action, endpoint, read.fault));
  };

  return {
    generateWork: (root, threshold, call) =>
      calls.run({ signal: call?.signal, timeoutMs: Math.min(call?.timeoutMs ?? timeoutMs, timeoutMs) }, (signal) =>
        find(root, threshold, signal),
      ),
    async close() {
      calls.close();
      await Promise.all([...running].map(({ end }) => end));
      await Promise.all(cancelling.values());
      await transport.close();
    },
  };
}

function readEndpoint(url: string, headers: Record<string, string>, body: Record<string, string>): Endpoint {
  try {
    return parseEndpoint(url, headers, body);
  } catch {
    throw new NanoError("invalid_configuration", { option: "url", why: "not an http or https URL" });
  }
}
