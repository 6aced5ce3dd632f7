import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redemptionStoreContract } from "../../src/store/contract/index.js";
import { redisStore } from "../../src/store/redis/index.js";
import type { RedemptionStore } from "../../src/store/index.js";
import { hasRedisServer, type RedisServer, startRedisServer, warnWithoutRedis } from "../support/redis-server.js";

let server: RedisServer;
let stores = 0;
const prefixes = new Map<RedemptionStore, string>();

async function openStore(keyPrefix: string, serverClock: () => number): Promise<RedemptionStore> {
  const store = await redisStore(server.url, { keyPrefix, serverClock, onWarning: () => undefined });
  prefixes.set(store, keyPrefix);
  return store;
}

if (hasRedisServer) {
  beforeAll(async () => {
    server = await startRedisServer({ isDurable: true });
  });
  afterAll(() => server.stop());

  redemptionStoreContract(
    { describe, test, expect },
    {
      name: "redis",
      create: (clock) => openStore(`store-${(stores += 1)}:`, clock),
      /** The server dies with the process. */
      async crash(store, clock) {
        await server.restart();
        const heir = await openStore(prefixes.get(store) ?? "", clock);
        await store.close();
        return heir;
      },
      async cutOff(store) {
        await server.kill9();
        return {
          async restore() {
            await server.restart();
            await untilItAnswers(store);
          },
        };
      },
    },
  );
} else {
  warnWithoutRedis("the Redis store against the contract");
  test("without redis-server nothing is tested here", () => expect(hasRedisServer).toBe(false));
}

/** The store's connection comes back by itself, within a second. */
async function untilItAnswers(store: RedemptionStore): Promise<void> {
  for (;;) {
    try {
      await store.listOpen();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
