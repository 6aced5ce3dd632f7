import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { memoryStore, redisStore, sqliteStore } from "x402-nano/facilitator";
import type { RedemptionStore } from "../../src/store/port.js";

/** Data of its own, and as many stores on it as a test opens: each is what one facilitator process holds. */
export interface StorePlace {
  open(clock: () => number): Promise<RedemptionStore>;
  /** Whether several stores may be open on the same data, as of several processes. Else `open` gives the same one. */
  readonly isShared: boolean;
  /** After the stores were closed. */
  remove(): Promise<void>;
}

export interface StoreKind {
  readonly name: "memory" | "sqlite" | "redis";
  createPlace(): Promise<StorePlace>;
}

const memory: StoreKind = {
  name: "memory",
  async createPlace() {
    let store: RedemptionStore | undefined;
    return {
      isShared: false,
      open: async (clock) => {
        store ??= memoryStore({ clock });
        return store;
      },
      remove: async () => undefined,
    };
  },
};

const sqlite: StoreKind = {
  name: "sqlite",
  async createPlace() {
    const directory = await mkdtemp(join(tmpdir(), "x402-nano-store-"));
    let store: Promise<RedemptionStore> | undefined;
    return {
      isShared: false,
      open: (clock) => {
        store ??= sqliteStore(join(directory, "redemptions.db"), { clock });
        return store;
      },
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

const redis = (url: string): StoreKind => ({
  name: "redis",
  async createPlace() {
    const keyPrefix = `test-${randomUUID()}:`;
    return {
      isShared: true,
      open: (clock) => redisStore(url, { keyPrefix, clock, serverClock: clock, onWarning: () => undefined }),
      remove: async () => undefined,
    };
  },
});

const redisUrl = inject("redisUrl");
const all: readonly StoreKind[] = redisUrl === undefined ? [memory, sqlite] : [memory, sqlite, redis(redisUrl)];

/** The stores that this machine can run; X402_NANO_STORES names those that are enough. */
export const storeKinds: readonly StoreKind[] = all.filter(({ name }) => {
  const wanted = process.env["X402_NANO_STORES"];
  return wanted === undefined || wanted.split(",").includes(name);
});
