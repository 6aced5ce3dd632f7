import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redemptionStoreContract } from "../../src/store/contract/index.js";
import { createClients } from "../../src/store/redis/clients.node.js";
import { createKeys } from "../../src/store/redis/keys.js";
import type { RedisLink } from "../../src/store/redis/link.js";
import { openLink } from "../../src/store/redis/link.node.js";
import { CLOSE, RELEASE } from "../../src/store/redis/scripts/index.js";
import { createRedisStore } from "../../src/store/redis/store.js";
import { systemRandomBytes } from "../../src/store/token.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { describeRedis, newPrefix } from "./redis-kit.js";

/**
 * The connection was lost before the answer, and the client sent the call again: the second answer is as the first.
 * A close or a release leaves nothing behind that could tell; heard twice, it answers that there is nothing (more).
 */
function hearTwice(link: RedisLink): RedisLink {
  return {
    ...link,
    async run(call) {
      const first = await link.run(call);
      return call.script === CLOSE || call.script === RELEASE ? first : link.run(call);
    },
    async runBatch(calls, last) {
      await link.runBatch(calls, last);
      return link.runBatch(calls, last);
    },
  };
}

describeRedis("a server that hears everything twice", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  redemptionStoreContract(
    { describe, test, expect },
    {
      name: "redis",
      create: async (serverClock) =>
        createRedisStore({
          link: hearTwice(await openLink(await createClients(server.url))),
          keys: createKeys(newPrefix()),
          replicas: 0,
          hasReplicas: false,
          randomBytes: systemRandomBytes,
          clock: serverClock,
          serverClock,
        }),
    },
  );
});
