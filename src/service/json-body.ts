import { NanoError } from "../errors/index.js";
import { isJsonObject } from "../protocol/index.js";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Why a body was left unread. */
export type UnreadBody = "unsupported_media_type" | "body_too_large";

export const MAX_BODY_BYTES = 64 * 1024;
/** Deeper than any extension goes. */
const MAX_DEPTH = 64;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i;

/** Throws `invalid_request` for what is no JSON object, and for a body that breaks off; repeats no value. */
export async function readJsonBody(request: Request): Promise<JsonObject | UnreadBody> {
  if (!JSON_TYPE.test(request.headers.get("Content-Type") ?? "")) return "unsupported_media_type";
  const text = await readText(request);
  if (text === undefined) return "body_too_large";
  const value = parse(text);
  if (!isJsonObject(value)) throw unreadable("the body is not a JSON object");
  return value;
}

/** For what an answer repeats: a few thousand levels overflow the stack as they are written. Throws `invalid_request`. */
export function refuseDeepNesting(value: unknown): void {
  if (isDeeperThan(MAX_DEPTH, value)) throw unreadable("the body is nested too deeply");
}

/** Counting a stream costs 0.1 ms. Over HTTP a declared length is kept; elsewhere the host has the whole body already. */
async function readText(request: Request): Promise<string | undefined> {
  const declared = request.headers.get("Content-Length");
  if (Number(declared) > MAX_BODY_BYTES) return undefined;
  if (declared === null) return readCounted(request.body);
  const text = await request.text().catch(brokenOff);
  return Buffer.byteLength(text) > MAX_BODY_BYTES ? undefined : text;
}

/** The rest of a body that is too large is left to the host, which can still answer on that connection then. */
async function readCounted(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const chunk = (await reader?.read().catch(brokenOff))?.value;
    if (chunk === undefined) return new TextDecoder().decode(Buffer.concat(chunks));
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
}

/** The sender hung up, which is no fault of ours. */
function brokenOff(cause: unknown): never {
  throw new NanoError("invalid_request", { why: "the body broke off" }, cause);
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw unreadable("the body is not JSON");
  }
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

function unreadable(why: string): NanoError {
  return new NanoError("invalid_request", { why });
}
