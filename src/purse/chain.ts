import { NanoError } from "../errors/index.js";
import { type BlockHash, hashBlock, type PublicKey, type SignedBlock, ZERO_HASH } from "../nano/index.js";
import { type Broadcast, type BroadcastOutcome, type BroadcastTools, broadcast } from "./broadcast.js";
import { createQueue } from "./queue.js";

/** The last block of the purse's account. Balance and representative are what the block itself says. */
export interface Head {
  readonly hash: BlockHash;
  readonly block: SignedBlock;
  readonly isConfirmed: boolean;
}

/** The account's chain. Whatever builds on it runs alone, inside `exclusively`. */
export interface Chain {
  exclusively<Result>(job: () => Promise<Result>): Promise<Result>;
  idle(): Promise<void>;

  /**
   * The head to build on; undefined where the account has no block. A block of ours that the ledger does not show yet
   * is handed in again first: throws `payment_unresolved` while it is undecided.
   */
  settledHead(untilMs: number): Promise<Head | undefined>;

  publish(block: Broadcast, untilMs: number): Promise<BroadcastOutcome>;

  /** The ledger has shown a send of ours: a head without it comes from a node that lags behind. */
  noteLanded(block: SignedBlock): void;

  /** Stops insisting on a block that the user has written off. */
  abandon(hash: BlockHash): void;
}

/** How many of our own blocks are known by their `previous`, against nodes that lag behind. */
const REMEMBERED_BLOCKS = 256;
/** For a node that took a block to show it as the frontier. */
const LAG_PAUSE_MS = 100;

export function createChain(account: PublicKey, tools: BroadcastTools): Chain {
  const { ledger, clock } = tools;
  const queue = createQueue();
  /** What this purse has broadcast, by `previous`: on none of these is anything else ever built. */
  const ownByPrevious = new Map<BlockHash, Broadcast>();

  const remember = (sent: Broadcast): void => {
    ownByPrevious.set(sent.block.previous, sent);
    const oldest = ownByPrevious.keys().next();
    if (ownByPrevious.size > REMEMBERED_BLOCKS && oldest.done !== true) ownByPrevious.delete(oldest.value);
  };

  const publish = async (sent: Broadcast, untilMs: number): Promise<BroadcastOutcome> => {
    const { previous } = sent.block;
    const known = ownByPrevious.get(previous);
    const isOut = known !== undefined && hashBlock(known.block) === hashBlock(sent.block);
    remember(sent);
    const result = await broadcast(sent, tools, { untilMs, isOut });
    if (result.outcome === "void" || (result.outcome === "undecided" && !result.isOut)) ownByPrevious.delete(previous);
    return result;
  };

  const readHead = async (): Promise<Head | undefined> => {
    const info = await ledger.accountInfo(account);
    if (info === undefined) return undefined;
    const block = await readFrontier(info.frontier);
    return { hash: info.frontier, block, isConfirmed: info.confirmedFrontier === info.frontier };
  };

  /**
   * The signature commits to a balance, not to an amount: a node that overstates the balance before would make us send
   * less than we mean, one that understates it more. So both come from the block that the frontier's hash stands for.
   */
  const readFrontier = async (frontier: BlockHash): Promise<SignedBlock> => {
    const info = await ledger.blockInfo(frontier);
    const block = info?.block;
    if (info !== undefined && block === undefined) {
      throw new NanoError("invalid_block", { hash: frontier, why: "the account's last block is no state block" });
    }
    if (block === undefined || hashBlock(block) !== frontier || block.account !== account) {
      throw new NanoError("ledger_unavailable", { why: "the node contradicts itself about the frontier" });
    }
    return block;
  };

  return {
    exclusively: (job) => queue.run(job),
    idle: () => queue.idle(),
    publish,
    noteLanded(block) {
      remember({ block, subtype: "send" });
    },
    async settledHead(untilMs) {
      for (let before: Broadcast | undefined; ; ) {
        const head = await readHead();
        const missing = ownByPrevious.get(head?.hash ?? ZERO_HASH);
        if (missing === undefined) return head;
        if (tools.closing.aborted) throw new NanoError("purse_closed");
        if (clock() >= untilMs) {
          throw new NanoError("ledger_unavailable", { why: "the node lags behind", hash: hashBlock(missing.block) });
        }
        if (missing === before) await tools.sleep(LAG_PAUSE_MS, tools.closing);
        const result = await publish(missing, untilMs);
        if (result.outcome === "undecided") throw undecided(missing.block, result);
        before = missing;
      }
    },
    abandon(hash) {
      for (const [previous, { block }] of ownByPrevious) if (hashBlock(block) === hash) ownByPrevious.delete(previous);
    },
  };
}

/** What a caller is told whose way is blocked by a block that may still land. */
export function undecided(block: SignedBlock, result: { why: string; cause?: unknown }): NanoError {
  return new NanoError("payment_unresolved", { hash: hashBlock(block), why: result.why }, result.cause);
}
