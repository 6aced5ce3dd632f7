import type { Redis } from "ioredis";
import { NanoError } from "../../errors/index.js";
import type { RedemptionStore } from "../port.js";
import { type RandomBytes, systemRandomBytes } from "../token.js";
import { checkServer, readServerInfo, warnOfPersistence } from "./check-server.js";
import { type Clients, createClients, type IoredisClient } from "./clients.node.js";
import { unavailable } from "./explain.js";
import { createKeys } from "./keys.js";
import { openLink } from "./link.node.js";
import { createRedisStore } from "./store.js";

export interface RedisStoreOptions {
  /** Before every key; no braces. Default `x402-nano:`. */
  readonly keyPrefix?: string | undefined;
  /**
   * How many replicas must acknowledge a redemption before it counts. Default: 1 as soon as one was seen, else 0. A
   * process that starts while the server is cut off from its replicas sees none: name the number where it matters.
   */
  readonly replicas?: number | undefined;
  /** Told at the start where the server keeps nothing on its disk. Default `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly randomBytes?: RandomBytes | undefined;
  /** Milliseconds; how long ago a Cluster was last asked for its birth. */
  readonly clock?: (() => number) | undefined;
  /**
   * @internal For tests: stands in for the clock of the server, on which leases run. Every process that shares the data
   * must be given the same one.
   */
  readonly serverClock?: (() => number) | undefined;
}

/**
 * Redemptions in Redis 7 or Valkey, shared by any number of facilitators. `source` is a URL (`redis://`, `rediss://`),
 * or a client of `ioredis`: a `Redis`, by Sentinel too, or a `Cluster`. The client is copied, not used, and stays open.
 *
 * Throws `invalid_configuration` for a server that evicts keys, is a replica, or too old; `store_unavailable` where none
 * answers; `missing_dependency` without `ioredis`. A server that saves nothing is warned of. What is written with
 * `appendfsync everysec` may lose its last second at a power cut: use `always`.
 */
export async function redisStore(
  source: string | IoredisClient,
  options: RedisStoreOptions = {},
): Promise<RedemptionStore> {
  const { keyPrefix = "x402-nano:", replicas, onWarning = warnOnConsole, serverClock } = options;
  const { clock = Date.now, randomBytes = systemRandomBytes } = options;
  if (replicas !== undefined && !(Number.isSafeInteger(replicas) && replicas >= 0)) {
    throw new NanoError("invalid_configuration", { option: "replicas" });
  }
  const keys = createKeys(keyPrefix);
  const clients = await createClients(source);
  const link = await openLink(clients);
  try {
    const hasReplicas = await inspect(clients, onWarning);
    return await createRedisStore({ link, keys, replicas, hasReplicas, randomBytes, clock, serverClock });
  } catch (error) {
    await link.close();
    throw unavailable(error);
  }
}

/** Every master; says whether one of them has a replica. */
async function inspect(clients: Clients, onWarning: (message: string) => void): Promise<boolean> {
  const masters = clients.isCluster ? clients.main.nodes("master") : [clients.main];
  if (masters.length === 0) throw new NanoError("store_unavailable", { why: "no master" });
  const servers = await Promise.all(masters.map(async (node) => ({ node, server: readServerInfo(await node.info()) })));
  for (const { server } of servers) checkServer(server, clients.isCluster);
  const warnings = await Promise.all(
    servers.map(async ({ node, server }) => warnOfPersistence(server, await readSnapshots(node))),
  );
  for (const warning of new Set(warnings)) if (warning !== undefined) onWarning(warning);
  return servers.some(({ server }) => server.replicas > 0);
}

/** Undefined where a hosted server forbids CONFIG. */
async function readSnapshots(node: Redis): Promise<string | undefined> {
  const answer: unknown = await node.config("GET", "save").catch(() => undefined);
  return Array.isArray(answer) && typeof answer[1] === "string" ? answer[1] : undefined;
}

function warnOnConsole(message: string): void {
  console.warn(message);
}
