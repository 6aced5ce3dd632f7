import { STATUS_CODES } from "node:http";
import type { RpcReply } from "../http-server.js";
import { isObject, parseJson } from "../json-fields.js";
import { printJson } from "../print-json.js";
import { callbackFailed, isCallbackFailed } from "./callback-failed.js";
import type { Delays } from "./delays.js";
import type { FaultMoment, JsonObject, RpcFault, StatusAnswer } from "./rpc-fault.js";

/** Makes a reply of its own. `take` lets the node take the request, and holds the honest answer's text. */
export type SpoilRequest = (request: JsonObject, take: () => Promise<string>) => Promise<RpcReply>;

const HTML_HEADERS = { "Content-Type": "text/html; charset=utf-8" };
const TEXT_HEADERS = { "Content-Type": "text/plain" };
const HTML = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head><body>Please wait.</body></html>\n";

export function createSpoiler(fault: RpcFault, delays: Delays): SpoilRequest {
  const spoil = spoilerOf(fault, delays);
  return async (request, take) => {
    try {
      return await spoil(request, take);
    } catch (error) {
      if (!isCallbackFailed(error)) throw error;
      return { kind: "answer", status: 500, headers: TEXT_HEADERS, text: error.message };
    }
  };
}

function spoilerOf(fault: RpcFault, delays: Delays): SpoilRequest {
  switch (fault.kind) {
    case "late":
      return interrupted(fault.when, () => delays.wait(fault.ms));
    case "held": {
      const isOver = settled(fault.until);
      return interrupted(fault.when, () => isOver);
    }
    case "meanwhile":
      return interrupted(fault.when, (request) => runCallback(() => fault.run(request)));
    case "dropped":
      return unanswered(fault.when, { kind: "dropped" });
    case "silent":
      return unanswered(fault.when, { kind: "silent" });
    case "status":
      return async () => describeStatus(fault);
    case "html":
      return async () => ({ kind: "answer", status: fault.status ?? 200, headers: HTML_HEADERS, text: HTML });
    case "error":
      return async () => ({ kind: "answer", text: printJson({ error: fault.error }) });
    case "truncated":
      return async (_request, take) => truncate(await take(), fault.announced);
    case "wrong":
      return changed(async (honest, request) => {
        const answer = await fault.answer(toObject(parseJson(honest)?.value), request);
        return printJson(answer);
      });
    case "rewritten":
      return changed(fault.text);
  }
}

/** An object of its own, so that a callback may change it; empty for anything but an object. */
export function toObject(value: unknown): JsonObject {
  return isObject(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function interrupted(when: FaultMoment = "after", interrupt: (request: JsonObject) => Promise<unknown>): SpoilRequest {
  return async (request, take) => {
    if (when === "before") await interrupt(request);
    const text = await take();
    if (when === "after") await interrupt(request);
    return { kind: "answer", text };
  };
}

function unanswered(when: FaultMoment = "after", reply: RpcReply): SpoilRequest {
  return async (_request, take) => {
    if (when === "after") await take();
    return reply;
  };
}

function changed(change: (honest: string, request: JsonObject) => string | PromiseLike<string>): SpoilRequest {
  return async (request, take) => {
    const honest = await take();
    return { kind: "answer", text: await runCallback(() => change(honest, request)) };
  };
}

function truncate(text: string, announced: "short" | "full" = "short"): RpcReply {
  const half = text.slice(0, text.length / 2);
  return announced === "full" ? { kind: "cut", text, sent: half } : { kind: "answer", text: half };
}

function describeStatus({ status, retryAfter, body }: StatusAnswer): RpcReply {
  const isText = body === undefined || typeof body === "string";
  return {
    kind: "answer",
    status,
    headers: {
      ...(isText && TEXT_HEADERS),
      ...(retryAfter !== undefined && { "Retry-After": String(retryAfter) }),
    },
    text: isText ? (body ?? `${STATUS_CODES[status] ?? status}\n`) : printJson(body),
  };
}

async function settled(promise: PromiseLike<unknown>): Promise<void> {
  await promise.then(
    () => undefined,
    () => undefined,
  );
}

async function runCallback<Result>(run: () => Result): Promise<Awaited<Result>> {
  try {
    return await run();
  } catch (error) {
    throw callbackFailed(error);
  }
}
