import type { TestProject } from "vitest/node";
import { hasRedisServer, startRedisServer, warnWithoutRedis } from "./redis-server.js";

declare module "vitest" {
  interface ProvidedContext {
    /** Of the one server that the scenarios of a run share; undefined where this machine has none. */
    readonly redisUrl: string | undefined;
  }
}

/** One Redis server for all scenarios of a run: each place on it has a prefix of its own. */
export default async function startOneRedis(project: TestProject): Promise<() => Promise<void>> {
  if (!hasRedisServer) {
    warnWithoutRedis("every attack and scenario on the Redis store");
    project.provide("redisUrl", undefined);
    return async () => undefined;
  }
  const server = await startRedisServer();
  project.provide("redisUrl", server.url);
  return () => server.stop();
}
