import { type BlockHash, hashBlock, parseBlockHash } from "../../src/nano/index.js";
import { readPrintedBlock } from "../support/nano.js";

// biome-ignore lint/suspicious/noExplicitAny: bodies of several protocols, of which this test wrote one end
export type Body = any;

/** The block that a request to verify or settle speaks of, or one to process. */
export function hashIn({ paymentPayload, block, action }: Body): BlockHash {
  const payload = action === "process" ? { block } : paymentPayload.payload;
  return payload.block === undefined ? parseBlockHash(payload.blockHash) : hashBlock(readPrintedBlock(payload.block));
}

export function leaseIn({ paymentPayload }: Body): string | undefined {
  return paymentPayload?.payload?.lease;
}
