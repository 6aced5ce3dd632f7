import { memoryStore, redisStore, sqliteStore } from "x402-nano/facilitator";
import type { RedemptionStore } from "../../src/store/port.js";

/** In memory everything is lost with the process: the harness has to see it. */
export type StoreKind = "sqlite" | "redis" | "memory";

/** The store that a killed process comes back to: `at` is a path or a URL. */
export async function openStore(kind: string, at: string): Promise<RedemptionStore> {
  switch (kind) {
    case "sqlite":
      return sqliteStore(at);
    case "redis":
      return redisStore(at, { onWarning: () => undefined });
    case "memory":
      return memoryStore();
    default:
      throw new TypeError(`no store is called ${kind}`);
  }
}
