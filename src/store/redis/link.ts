import type { Script } from "./scripts/index.js";

/** One run of a script. */
export interface ScriptCall {
  readonly script: Script;
  /** Of one slot. */
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** Every script answers a word, and what belongs to it. */
export type Reply = readonly string[];

export interface BatchReply {
  /** In the order of the calls; an error where that call failed alone. */
  readonly replies: readonly (Reply | Error)[];
  /** What the command after them answered. */
  readonly last: unknown;
}

/** What the store uses of Redis. Everything throws `store_unavailable`, within a couple of seconds. */
export interface RedisLink {
  readonly isCluster: boolean;
  /** May reach the server twice: it is sent again when the connection is lost before the answer. */
  run(call: ScriptCall): Promise<Reply>;
  /** The calls and the command `last` (which has no key), on one and the same connection, kept for such batches. */
  runBatch(calls: readonly ScriptCall[], last: readonly string[]): Promise<BatchReply>;
  close(): Promise<void>;
}
