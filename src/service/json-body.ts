import { NanoError } from "../errors/index.js";

export type JsonObject = Readonly<Record<string, unknown>>;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:\s*;|$)/i;

/** undefined where the sender says that it is something else than JSON. Throws `invalid_request`; repeats no value. */
export async function readJsonBody(request: Request): Promise<JsonObject | undefined> {
  if (!JSON_TYPE.test(request.headers.get("Content-Type") ?? "")) return undefined;
  const value = parse(await request.text());
  if (!isObject(value)) throw new NanoError("invalid_request", { why: "the body is not a JSON object" });
  return value;
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new NanoError("invalid_request", { why: "the body is not JSON" });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
