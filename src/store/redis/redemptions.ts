import { NanoError } from "../../errors/index.js";
import type { BatchReply, RedisLink, Reply, ScriptCall } from "./link.js";

const MAX_BATCH = 500;
/** A replica on the same network acknowledges within a millisecond. */
const WAIT_MS = 1_000;

interface Waiter {
  readonly call: ScriptCall;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

export interface RedemptionsOptions {
  readonly link: RedisLink;
  /** How many must acknowledge; undefined: one as soon as a replica was ever seen. */
  readonly replicas: number | undefined;
  readonly hasReplicas: boolean;
}

/**
 * What counts only once replicas have it: many redemptions under one WAIT, on a connection of their own, because WAIT
 * stalls whatever comes behind it. The scripts go again where needed, they answer a second time as the first.
 */
export class Redemptions {
  readonly #options: RedemptionsOptions;
  readonly #queues = new Map<string, Waiter[]>();
  #hasReplicas: boolean;

  constructor(options: RedemptionsOptions) {
    this.#options = options;
    this.#hasReplicas = options.hasReplicas;
  }

  /** A server that had a replica and has none is cut off from it, or about to be replaced by it. */
  get needed(): number {
    return this.#options.replicas ?? (this.#hasReplicas ? 1 : 0);
  }

  /** Not acknowledged in time: `store_unavailable`, though the server that we reached has it done. */
  run(account: string, call: ScriptCall): Promise<Reply> {
    // One pipeline goes to one node, and only the account says which.
    const lane = this.#options.link.isCluster ? account : "";
    return new Promise((resolve, reject) => {
      const waiter = { call, resolve, reject };
      const queue = this.#queues.get(lane);
      if (queue !== undefined) {
        queue.push(waiter);
        return;
      }
      this.#queues.set(lane, [waiter]);
      void this.#work(lane);
    });
  }

  /** Each batch takes whoever came while the one before was under way. */
  async #work(lane: string): Promise<void> {
    const queue = this.#queues.get(lane) ?? [];
    while (queue.length > 0) {
      // Whoever is ready in this turn joins the first batch.
      await Promise.resolve();
      const batch = queue.splice(0, MAX_BATCH);
      try {
        const replies = await this.#runAcknowledged(batch.map(({ call }) => call));
        batch.forEach(({ resolve, reject }, index) => {
          const reply = replies[index];
          if (reply === undefined || reply instanceof Error) reject(reply ?? new NanoError("store_unavailable"));
          else resolve(reply);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#queues.delete(lane);
  }

  async #runAcknowledged(calls: readonly ScriptCall[]): Promise<BatchReply["replies"]> {
    const { link, replicas } = this.#options;
    const needed = this.needed === 0 ? 1 : this.needed;
    if (this.needed === 0) {
      const { replies, last } = await link.runBatch(calls, ["ROLE"]);
      if (replicas === 0 || !namesReplicas(last)) return replies;
      // The first replica has come: what was just written counts once it has it.
      this.#hasReplicas = true;
    }
    const { replies, last } = await link.runBatch(calls, ["WAIT", String(needed), String(WAIT_MS)]);
    const acknowledged = Number(last);
    if (acknowledged >= needed) return replies;
    throw new NanoError("store_unavailable", { why: "replicas did not acknowledge", needed, acknowledged });
  }
}

/** ROLE of a master: "master", offset, its replicas. */
function namesReplicas(role: unknown): boolean {
  return Array.isArray(role) && role[0] === "master" && Array.isArray(role[2]) && role[2].length > 0;
}
