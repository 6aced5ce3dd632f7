import type { BlockHash } from "../../nano/index.js";

/** Looks at the ledger for blocks, some at a time. */
export interface Looks<Block extends Wanted> {
  /** One that waits its turn will do; one under way began too early, another follows. */
  ask(block: Block): void;
  /** Calls off what is asked for, and aborts what is under way. */
  forget(block: Block): void;
}

interface Wanted {
  readonly hash: BlockHash;
}

export interface LooksOptions<Block extends Wanted> {
  readonly isConfirmed: (hash: BlockHash, signal: AbortSignal) => Promise<boolean>;
  readonly onLooked: (block: Block, isConfirmed: boolean) => void;
}

/**
 * A quarter of the transport's sockets: when a websocket is lost, hundreds of looks are due at once, and the calls of
 * new payments must not queue behind them.
 */
const MAX_UNDER_WAY = 32;

export function createLooks<Block extends Wanted>(options: LooksOptions<Block>): Looks<Block> {
  const { isConfirmed, onLooked } = options;
  const queue = new Set<Block>();
  const underWay = new Map<Block, { readonly stop: AbortController; isTooEarly: boolean }>();

  const tryToLook = async (hash: BlockHash, signal: AbortSignal): Promise<boolean> => {
    try {
      return await isConfirmed(hash, signal);
    } catch {
      return false;
    }
  };

  const look = async (block: Block): Promise<void> => {
    const mine = { stop: new AbortController(), isTooEarly: false };
    underWay.set(block, mine);
    const found = await tryToLook(block.hash, mine.stop.signal);
    if (underWay.get(block) !== mine) return;
    underWay.delete(block);
    if (mine.isTooEarly && !found) queue.add(block);
    else onLooked(block, found);
    lookOn();
  };

  const lookOn = (): void => {
    for (const block of queue) {
      if (underWay.size >= MAX_UNDER_WAY) return;
      queue.delete(block);
      void look(block);
    }
  };

  return {
    ask(block) {
      const current = underWay.get(block);
      if (current !== undefined) {
        current.isTooEarly = true;
        return;
      }
      queue.add(block);
      lookOn();
    },
    forget(block) {
      queue.delete(block);
      underWay.get(block)?.stop.abort();
      if (underWay.delete(block)) lookOn();
    },
  };
}
