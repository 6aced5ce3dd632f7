import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redemptionStoreContract } from "../../src/store/contract/index.js";
import type { RedemptionStore } from "../../src/store/index.js";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { describeRedis, newPrefix, openStore, untilAnswered } from "./redis-kit.js";

describeRedis("on a server", () => {
  let server: RedisServer;
  const prefixes = new Map<RedemptionStore, string>();

  beforeAll(async () => {
    server = await startRedisServer({ isDurable: true });
  });
  afterAll(() => server.stop());

  async function open(serverClock: () => number, keyPrefix = newPrefix()): Promise<RedemptionStore> {
    const store = await openStore(server.url, { keyPrefix, serverClock });
    prefixes.set(store, keyPrefix);
    return store;
  }

  redemptionStoreContract(
    { describe, test, expect },
    {
      name: "redis",
      create: (clock) => open(clock),
      /** The server dies too. */
      async crash(store, clock) {
        await server.restart();
        const heir = await open(clock, prefixes.get(store));
        await store.close();
        return heir;
      },
      async cutOff(store) {
        await server.kill9();
        return {
          async restore() {
            await server.restart();
            await untilAnswered(() => store.listOpen());
          },
        };
      },
    },
  );
});
