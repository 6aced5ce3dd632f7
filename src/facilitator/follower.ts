import { NanoError } from "../errors/index.js";
import type { BlockInfo, Ledger, ReadOptions } from "../ledger/port.js";
import type { BlockHash } from "../nano/index.js";

/** What follows a block's `previous` now: the block itself, a confirmed rival, one that may still lose, or nothing. */
export type Follower = "own" | "confirmed" | "unconfirmed" | "none";

export interface Followed {
  readonly hash: BlockHash;
  readonly previous: BlockHash;
}

/** The block may have come in since it was looked for: it is no rival of itself. */
export async function findFollower({ hash, previous }: Followed, ledger: Ledger, look: ReadOptions): Promise<Follower> {
  const successor = await findSuccessor(ledger, previous, look);
  if (successor === undefined) return "none";
  if (successor.hash === hash) return "own";
  if (!successor.info.confirmed) return "unconfirmed";
  // This one voids a payment, so it is not left to one endpoint where several must agree.
  const rival = await ledger.blockInfo(successor.hash, { anywhere: "confirmed" });
  return rival?.confirmed === true ? "confirmed" : "unconfirmed";
}

/** The block that follows `previous`, where the ledger has one. */
async function findSuccessor(
  ledger: Ledger,
  previous: BlockHash,
  look: ReadOptions,
): Promise<{ readonly hash: BlockHash; readonly info: BlockInfo } | undefined> {
  const hash = (await ledger.blockInfo(previous, look))?.successor;
  const info = hash === undefined ? undefined : await ledger.blockInfo(hash, look);
  if (info?.block !== undefined && info.block.previous !== previous) {
    throw new NanoError("ledger_unavailable", { why: "the node names a successor that follows another block" });
  }
  return hash === undefined || info === undefined ? undefined : { hash, info };
}
