import { z } from "zod";
import type { BlockHash } from "../../nano/index.js";
import { decodeHeader } from "../../protocol/index.js";
import { type PaymentOutcome, readSettlement, withoutSettlement } from "../../purse/index.js";
import type { TrafficAnswer } from "./fetch-traffic.js";

const SETTLEMENT_HEADERS = ["PAYMENT-RESPONSE", "X-PAYMENT-RESPONSE"] as const;

const payloadSchema = z.union([
  z.object({ blockHash: z.string() }).transform(({ blockHash }) => blockHash),
  z.object({ block: z.object({ signature: z.string() }) }).transform(({ block }) => block.signature),
]);

/** What tells our own proofs in a request: a block's hash, or its signature where the whole block is presented. */
export function keyOf(payload: unknown): string | undefined {
  const read = payloadSchema.safeParse(payload);
  return read.success ? read.data : undefined;
}

export function keyOfHeader(header: string): string | undefined {
  return keyOf(tryDecode(header)?.["payload"]);
}

/** The settlement decides, whatever the status: an error page after it has been paid for all the same. */
export function judge(hash: BlockHash, { status, header }: TrafficAnswer): PaymentOutcome {
  for (const name of SETTLEMENT_HEADERS) {
    const text = header(name);
    const outcome = text === undefined ? undefined : readSettlement(hash, tryDecode(text) ?? null);
    if (outcome !== undefined) return outcome;
  }
  return withoutSettlement(status === 402 ? (tryDecode(header("PAYMENT-REQUIRED") ?? "") ?? {}) : undefined);
}

function tryDecode(header: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeHeader(header);
  } catch {
    return undefined;
  }
}
