import { describe, expect, test } from "vitest";
import { isNanoError } from "../../src/errors/index.js";
import type { Claim, RedemptionStore } from "../../src/store/index.js";
import { type RedisStoreOptions, redisStore } from "../../src/store/redis/index.js";
import { hasRedisServer, type RedisServer, warnWithoutRedis } from "../support/redis-server.js";

/** Tests that need a real server; left out, loudly, where there is none. */
export function describeRedis(name: string, body: () => void): void {
  if (hasRedisServer) {
    describe(name, body);
    return;
  }
  warnWithoutRedis(name);
  describe(name, () => {
    test("needs redis-server", () => expect(hasRedisServer).toBe(false));
  });
}

export const hex = (number: number): string => number.toString(16).padStart(64, "0");
export const LEASE_MS = 30_000;

export function verifyOf(number: number, changes: Partial<Claim> = {}): Claim {
  return {
    purpose: "verify",
    account: hex(0xacc),
    hash: hex(number),
    paymentId: "payment",
    leaseMs: LEASE_MS,
    ...changes,
  };
}

let prefixes = 0;

/** Data of its own on a server that several tests share. */
export function newPrefix(): string {
  prefixes += 1;
  return `test-${prefixes}:`;
}

export function openStore(
  source: Parameters<typeof redisStore>[0],
  options: RedisStoreOptions = {},
): Promise<RedemptionStore> {
  return redisStore(source, { keyPrefix: newPrefix(), onWarning: () => undefined, ...options });
}

export async function take(store: RedemptionStore, claim: Claim): Promise<string> {
  const result = await store.claim(claim);
  if (result.outcome !== "claimed") throw new Error(result.outcome);
  return result.token;
}

/** The code and the facts of what a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    return isNanoError(error) ? { code: error.code, ...error.facts } : error;
  }
}

/** Asks until it is answered without an error. */
export async function untilAnswered<Value>(ask: () => Promise<Value>): Promise<Value> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** Asks until the answer is the one that is waited for. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

export function closeAll(stores: readonly RedemptionStore[], servers: readonly RedisServer[]): Promise<unknown> {
  return Promise.all(stores.map((store) => store.close())).finally(() =>
    Promise.all(servers.map((server) => server.stop())),
  );
}
