import type { Cluster, ClusterOptions, Redis, RedisOptions } from "ioredis";
import { NanoError } from "../../errors/index.js";

/** A client of `ioredis`: a `Redis` (one server, or by Sentinel) or a `Cluster`. Its version need not be ours. */
export interface IoredisClient {
  readonly isCluster: boolean;
  readonly status: string;
}

/** Connections of the store's own, so that its time-outs hold and nothing of the user's is in the way. */
export type Clients =
  | { readonly isCluster: false; readonly main: Redis; readonly batches: Redis }
  | { readonly isCluster: true; readonly main: Cluster; readonly batches: Cluster };

const COMMAND_TIMEOUT_MS = 2_000;

const COMMON = {
  lazyConnect: true,
  // Calls are gathered here, beside which ioredis' own way waits for one pipeline before it sends the next.
  enableAutoPipelining: false,
  connectTimeout: 2_000,
  commandTimeout: COMMAND_TIMEOUT_MS,
  // A server that hangs: let go, so that what waits for it does not pile up.
  socketTimeout: 5_000,
  enableReadyCheck: true,
  stringNumbers: false,
  readOnly: false,
  monitor: false,
} as const satisfies RedisOptions;

/** What cannot be sent now fails now (R7): a queue would carry it out later, when nobody waits for it any more. */
const SINGLE = {
  ...COMMON,
  enableOfflineQueue: false,
  retryStrategy: (times: number) => Math.min(times * 50, 1_000),
  // After a fail-over: we are connected to what has become a replica.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY"),
} as const satisfies RedisOptions;

const MAIN = {
  ...SINGLE,
  autoResendUnfulfilledCommands: true,
  maxRetriesPerRequest: 3,
} as const satisfies RedisOptions;

/** WAIT speaks of the writes of its own connection: nothing may go again, half of it, on another one. */
const BATCHES = {
  ...SINGLE,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const satisfies RedisOptions;

/** Commands go one by one: where a slot has moved, ioredis leads only single commands there. */
const CLUSTER = {
  lazyConnect: true,
  enableAutoPipelining: false,
  enableOfflineQueue: false,
  scaleReads: "master",
  maxRedirections: 8,
  retryDelayOnFailover: 100,
  retryDelayOnClusterDown: 100,
  clusterRetryStrategy: (times: number) => Math.min(times * 50, 1_000),
  redisOptions: COMMON,
} as const satisfies ClusterOptions;

/** `source`: a URL, or a client of the user's, which is copied and else left alone. */
export async function createClients(source: string | IoredisClient): Promise<Clients> {
  if (typeof source === "string") {
    checkUrl(source);
    const { Redis } = await loadIoredis();
    return { isCluster: false, main: new Redis(source, MAIN), batches: new Redis(source, BATCHES) };
  }
  if (isCluster(source)) {
    return { isCluster: true, main: source.duplicate([], CLUSTER), batches: source.duplicate([], CLUSTER) };
  }
  if (isRedis(source)) return { isCluster: false, main: source.duplicate(MAIN), batches: source.duplicate(BATCHES) };
  throw new NanoError("invalid_configuration", { option: "redis", why: "neither a URL nor a client of ioredis" });
}

/** An optional peer, loaded where used. */
async function loadIoredis(): Promise<typeof import("ioredis")> {
  return import("ioredis").catch((cause: unknown) => {
    throw new NanoError("missing_dependency", { package: "ioredis", install: "npm install ioredis" }, cause);
  });
}

function checkUrl(text: string): void {
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (protocol === "redis:" || protocol === "rediss:") return;
  throw new NanoError("invalid_configuration", { option: "redis", why: "no URL of the form redis:// or rediss://" });
}

function isCluster(client: IoredisClient): client is Cluster {
  return client.isCluster && "nodes" in client && "duplicate" in client;
}

function isRedis(client: IoredisClient): client is Redis {
  return !client.isCluster && "evalsha" in client && "duplicate" in client;
}
