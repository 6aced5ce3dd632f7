import { z } from "zod";
import { decodeHeader } from "../../../protocol/index.js";

/** A response as it was sent, and as it is sent again. */
export interface KeptResponse {
  readonly status: number;
  /** One pair per header line, so that several cookies stay several. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export interface KeptRecord {
  readonly fingerprint: string;
  readonly untilMs: number;
  readonly response: KeptResponse;
}

const SETTLEMENT_HEADER = "payment-response";
/** They belong to one connection or one moment. `content-length` is kept where it is the length of what was kept. */
const OF_THE_CONNECTION = new Set([
  "connection",
  "date",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Only what was served and settled is kept. The host's own word for that is the settlement in the response. */
export function isServed(status: number, headers: KeptResponse["headers"]): boolean {
  const settlement = headers.find(([name]) => name.toLowerCase() === SETTLEMENT_HEADER)?.[1];
  if (status >= 400 || settlement === undefined) return false;
  try {
    return decodeHeader(settlement)["success"] === true;
  } catch {
    return false;
  }
}

export function keepResponse(status: number, headers: KeptResponse["headers"], body: Uint8Array): KeptResponse {
  const kept = headers.filter(([name, value]) => {
    const lower = name.toLowerCase();
    return lower === "content-length" ? Number(value) === body.length : !OF_THE_CONNECTION.has(lower);
  });
  return { status, headers: kept, body };
}

const recordSchema = z.object({
  version: z.literal(1),
  fingerprint: z.string(),
  untilMs: z.number(),
  status: z.number().int().min(200).max(399),
  headers: z.array(z.tuple([z.string(), z.string()])),
  body: z.string().transform((text, context) => {
    try {
      return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    } catch {
      context.addIssue({ code: "custom", message: "not base64" });
      return z.NEVER;
    }
  }),
});

export function encodeRecord({ fingerprint, untilMs, response }: KeptRecord): string {
  const { status, headers, body } = response;
  return JSON.stringify({ version: 1, fingerprint, untilMs, status, headers, body: toBase64(body) });
}

/** undefined for what an older version, or somebody else, put there. */
export function decodeRecord(text: string): KeptRecord | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = recordSchema.safeParse(json);
  if (!read.success) return undefined;
  const { fingerprint, untilMs, status, headers, body } = read.data;
  return { fingerprint, untilMs, response: { status, headers, body } };
}

/** In pieces: one call with a quarter of a million arguments would overflow the stack. */
function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}
