import { NanoError } from "../errors/index.js";
import { type BlockHash, hexToBytes, isWorkValid, keyBytes, type PublicKey } from "../nano/index.js";
import type { PurseParts } from "./parts.js";

/** Checked here: with weak work the block would be signed, journalled and refused. Throws `work_unavailable`. */
export async function findWork(parts: PurseParts, root: BlockHash | PublicKey, threshold: bigint): Promise<string> {
  const work = await parts.ledger.generateWork(root, threshold, { signal: parts.closing });
  if (isWorkValid(hexToBytes(work, 8), keyBytes(root), threshold)) return work;
  throw new NanoError("work_unavailable", { why: "the work found is too weak", threshold: threshold.toString(16) });
}
