import type { BlockHash, PublicKey, SignedBlock } from "../nano/index.js";

/**
 * The only door to a Nano node. What a method resolves with is the ledger's answer; it throws `ledger_unavailable`
 * when the node is out of order (unreachable, rate-limited, not JSON, wrong types, too late). The two must never be
 * confused: "there is no such block" refuses a payment, an outage does not decide anything.
 */
export interface Ledger extends WorkSource {
  /** `account_info` with the confirmed part; undefined where the account has no block yet. */
  accountInfo(account: PublicKey, options?: ReadOptions): Promise<AccountInfo | undefined>;

  /** `block_info`; undefined where the node does not know the block. */
  blockInfo(hash: BlockHash, options?: ReadOptions): Promise<BlockInfo | undefined>;

  /**
   * `process` with `subtype`. The answer is a hint, the ledger decides (SPEC R10): after a refusal look up the hash and
   * the frontier where it came from. Never repeated blindly: an endpoint that got the block and gave no usable answer is
   * followed by a look for the hash, and by the next endpoint only where nobody shows it. Throws `ledger_unavailable`
   * with fact `mayHaveLanded: true` when the request left and no usable answer came back.
   */
  process(block: SignedBlock, subtype: BlockSubtype, options?: CallOptions): Promise<ProcessResult>;

  /**
   * Waits until `hash` is confirmed, at most `timeoutMs`: `true` when it is, `false` when the time is over or the node
   * could not be asked. Call it before `process` (a push carries no history); it looks once before it waits.
   */
  waitForConfirmation(hash: BlockHash, options: ConfirmationWait): Promise<boolean>;

  /** Confirmed incoming sends that were not received yet. */
  receivable(account: PublicKey, options?: CallOptions): Promise<readonly Receivable[]>;

  close(): Promise<void>;
}

/** Anything that finds proof of work: a node's `work_generate`, a work server, local threads. */
export interface WorkSource {
  /** 16 lower-case hexadecimal digits that meet `threshold` on `root`; throws `work_unavailable`. */
  generateWork(root: WorkRoot, threshold: bigint, options?: WorkCallOptions): Promise<string>;

  /** Starts in the background on work that will be asked for later; a source without a cache has no such thing. */
  prepareWork?(root: WorkRoot, threshold: bigint): void;

  /** Ends threads and files that it holds. */
  close?(): Promise<void>;
}

/** `previous`, or the account for the first block of its chain. */
export type WorkRoot = BlockHash | PublicKey;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, however many endpoints are asked. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions extends CallOptions {
  /**
   * The answer may be as old as an equal call that is under way already; the two share it. Never for a second look:
   * what has happened since that call began would be missed.
   */
  readonly share?: boolean | undefined;
  /**
   * One endpoint's "not found", or "not confirmed", is not believed before the others were asked: it may lag behind.
   * The first answer that shows as much counts; where none does, that of the preferred endpoint.
   */
  readonly anywhere?: "known" | "confirmed" | undefined;
  /** Asks this endpoint alone: who refused a block explains it (SPEC R10). */
  readonly at?: EndpointName | undefined;
}

/** Which of `rpcUrls` answered. Says nothing to anybody but the ledger it comes from. */
export type EndpointName = string;

export interface WorkCallOptions extends CallOptions {
  /** From time to time, by sources that know. */
  readonly onProgress?: ((progress: WorkProgress) => void) | undefined;
}

export interface WorkProgress {
  readonly attempts: number;
  /** Attempts per second, all threads together. */
  readonly rate: number;
  /** From now, on average: work has no memory, so this does not shrink with the attempts made. */
  readonly expectedSeconds: number;
}

export interface ConfirmationWait extends CallOptions {
  readonly timeoutMs: number;
  /** The account whose chain the block is on: a websocket subscription filters by it. */
  readonly account: PublicKey;
  /** For who broadcasts the block: it is watched for from now on, and looked for only when this has resolved. */
  readonly after?: Promise<unknown> | undefined;
}

export type BlockSubtype = "send" | "receive" | "open" | "change";

export interface AccountInfo {
  /** The head of the chain, confirmed or not. */
  readonly frontier: BlockHash;
  /** The confirmed head; undefined where no block of the account is confirmed. */
  readonly confirmedFrontier: BlockHash | undefined;
  readonly balanceRaw: bigint;
  readonly confirmedBalanceRaw: bigint;
  readonly representative: PublicKey;
}

export interface BlockInfo {
  readonly account: PublicKey;
  readonly amountRaw: bigint;
  readonly balanceRaw: bigint;
  readonly confirmed: boolean;
  /** When this ledger first saw the block; 0 where the node does not know. */
  readonly localTimestampSeconds: number;
  /** The next block of the chain, where there is one. */
  readonly successor: BlockHash | undefined;
  readonly subtype: string | undefined;
  /** undefined for legacy blocks (open, send, receive, change): nothing here pays with one. */
  readonly block: SignedBlock | undefined;
}

export interface Receivable {
  readonly hash: BlockHash;
  readonly amountRaw: bigint;
  readonly source: PublicKey;
}

export type ProcessResult =
  | { readonly outcome: "accepted"; readonly hash: BlockHash }
  | {
      readonly outcome: "refused";
      readonly nodeError: string;
      /** Whom to ask what it goes by. */
      readonly at?: EndpointName | undefined;
      /** Another endpoint got the block before and gave no usable answer: it may land all the same. */
      readonly mayHaveLanded?: boolean | undefined;
    };
