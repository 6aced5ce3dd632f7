import { NanoError } from "../../errors/index.js";

const OLDEST_MAJOR = 7;

export interface ServerInfo {
  readonly version: string;
  readonly isMaster: boolean;
  readonly isCluster: boolean;
  readonly policy: string;
  readonly hasAppendOnlyFile: boolean;
  readonly replicas: number;
}

/** INFO is allowed where CONFIG is not, and names the policy too. */
export function readServerInfo(info: string): ServerInfo {
  const fields = new Map(
    info.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf(":");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
    }),
  );
  return {
    version: fields.get("redis_version") ?? "",
    isMaster: fields.get("role") === "master",
    isCluster: fields.get("cluster_enabled") === "1",
    policy: fields.get("maxmemory_policy") ?? "",
    hasAppendOnlyFile: fields.get("aof_enabled") === "1",
    replicas: Number(fields.get("connected_slaves") ?? 0),
  };
}

/**
 * Refuses a server that would lose what it must keep. A policy that evicts is refused without a `maxmemory` as well:
 * that can be set at any time, without a word to us. Valkey says 7.2.4 of itself, and is as good.
 */
export function checkServer(server: ServerInfo, isClusterClient: boolean): void {
  const refuse = (why: string): never => {
    throw new NanoError("invalid_configuration", { option: "redis", why });
  };
  if (!(Number.parseInt(server.version, 10) >= OLDEST_MAJOR)) {
    refuse(`Redis ${OLDEST_MAJOR} or Valkey is needed, this is ${server.version === "" ? "unknown" : server.version}`);
  }
  if (server.isCluster !== isClusterClient) {
    refuse(server.isCluster ? "the server is part of a Cluster: give a Cluster client" : "the server is no Cluster");
  }
  if (!server.isMaster) refuse("the server is a replica, which cannot be written to");
  if (server.policy !== "noeviction") {
    refuse(`maxmemory-policy is ${server.policy}: redeemed hashes would be evicted; it must be noeviction`);
  }
}

/** `snapshots`: what CONFIG GET save says; undefined where the server does not tell. */
export function warnOfPersistence(server: ServerInfo, snapshots: string | undefined): string | undefined {
  if (server.hasAppendOnlyFile || (snapshots !== undefined && snapshots !== "")) return undefined;
  const what =
    snapshots === undefined ? "has no append-only file, and does not tell whether it saves" : "saves nothing";
  return `x402-nano: the Redis server ${what}: a restart may forget what was redeemed. Use appendonly yes, appendfsync always.`;
}
