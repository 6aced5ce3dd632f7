/**
 * What a redemption store does in a second: claims of a verify on Track A (hash and `previous` together), and whole
 * redemptions (claim, settle's claim, redeem). Each answer is durable before it is counted: SQLite with WAL and
 * synchronous FULL, Redis on loopback with an append-only file that is synced before each answer. Medians of five rounds.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, redisStore, sqliteStore } from "../src/facilitator.js";
import type { RedemptionStore } from "../src/store/port.js";
import { hasRedisServer, startRedisServer, warnWithoutRedis } from "../test/support/redis-server.js";
import { cpuMicrosecondsSince, describeMachine, median, type Row, report } from "./report.js";

const CLAIMS = 12_800;
let lastNumber = 0;
const RESULT = JSON.stringify({
  success: true,
  transaction: "A".repeat(64),
  network: "nano:mainnet",
  payer: `nano_${"1".repeat(60)}`,
  txHash: "A".repeat(64),
});
const ROUNDS = 5;

const directory = await mkdtemp(join(tmpdir(), "x402-nano-bench-"));
if (!hasRedisServer) warnWithoutRedis("the Redis store");
const server = hasRedisServer ? await startRedisServer({ isDurable: true }) : undefined;
const stores: Record<string, RedemptionStore> = {
  memory: memoryStore(),
  sqlite: await sqliteStore(join(directory, "redemptions.db")),
  ...(server === undefined ? {} : { redis: await redisStore(server.url) }),
};

console.log(describeMachine());
for (const callers of [1, 64]) {
  const claims: Row[] = [];
  const redemptions: Row[] = [];
  for (const [name, store] of Object.entries(stores)) {
    claims.push(await measure(name, callers, (number) => claim(store, number)));
    redemptions.push(await measure(name, callers, (number) => redeem(store, number)));
  }
  const who = callers === 1 ? "1 caller" : `${String(callers)} callers`;
  report(`Store: claims, ${who}`, "memory", claims);
  report(`Store: claim, settle's claim and redemption, ${who}`, "memory", redemptions);
}
for (const store of Object.values(stores)) await store.close();
await server?.stop();
await rm(directory, { recursive: true });

async function measure(name: string, callers: number, act: (number: number) => Promise<void>): Promise<Row> {
  const count = callers === 1 ? CLAIMS / 16 : CLAIMS;
  const [rates, costs, waits]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    let left = count;
    const [before, startedMs] = [process.cpuUsage(), performance.now()];
    const caller = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        lastNumber += 1;
        const askedMs = performance.now();
        await act(lastNumber);
        if (round > 0) waits.push((performance.now() - askedMs) * 1000);
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    // The first round is for the compiler.
    if (round === 0) continue;
    rates.push((count * 1000) / (performance.now() - startedMs));
    costs.push(cpuMicrosecondsSince(before) / count);
  }
  waits.sort((left, right) => left - right);
  const at = (share: number): string => (waits[Math.floor(waits.length * share)] ?? 0).toFixed(0);
  const more = { "CPU µs": median(costs).toFixed(0), "p50 µs": at(0.5), "p99 µs": at(0.99) };
  return { name, perSecond: median(rates), more };
}

async function claim(store: RedemptionStore, number: number): Promise<void> {
  await take(store, number, "verify");
}

async function redeem(store: RedemptionStore, number: number): Promise<void> {
  const token = await take(store, number, "verify");
  await take(store, number, "settle", token);
  const step = await store.advance(token, { to: "redeemed", result: RESULT });
  if (step.outcome !== "advanced") throw new Error(step.outcome);
}

async function take(
  store: RedemptionStore,
  number: number,
  purpose: "verify" | "settle",
  token?: string,
): Promise<string> {
  const result = await store.claim({
    purpose,
    token,
    // As hashes are: spread over the whole range.
    account: digits(number % 1_000),
    hash: digits(Math.imul(number, 0x9e3779b1) >>> 0),
    previous: digits(number),
    paymentId: digits(7),
    leaseMs: 60_000,
  });
  if (result.outcome !== "claimed") throw new Error(result.outcome);
  return result.token;
}

function digits(number: number): string {
  return number.toString(16).padStart(8, "0").padEnd(64, "0");
}
