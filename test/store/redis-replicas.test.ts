import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { describeRedis, failureOf, hex, newPrefix, openStore, take, until, verifyOf } from "./redis-kit.js";

const DONE = { to: "redeemed", result: "done" } as const;
const UNACKNOWLEDGED = expect.objectContaining({ code: "store_unavailable", why: "replicas did not acknowledge" });

/** The server calls it a replica only once it has the whole data. */
async function untilOnline(primary: Redis): Promise<void> {
  await until(async () => (await primary.info("replication")).includes("state=online"));
}

describeRedis("a redemption on a server with a replica", () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let raw: Redis;
  let copy: Redis;
  beforeAll(async () => {
    primary = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
    replica = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${primary.port}`] });
    raw = new Redis(primary.url);
    copy = new Redis(replica.url);
    await untilOnline(raw);
  });
  afterAll(async () => {
    raw.disconnect();
    copy.disconnect();
    await Promise.all([primary.stop(), replica.stop()]);
  });

  test("is on the replica when it is answered", async () => {
    const keyPrefix = newPrefix();
    const store = await openStore(primary.url, { keyPrefix });
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    const tokens = await Promise.all(numbers.map((number) => take(store, verifyOf(number))));
    await Promise.all(
      tokens.map(async (token, number) => {
        expect(await store.advance(token, DONE)).toMatchObject({ outcome: "advanced" });
        expect(await copy.exists(`${keyPrefix}{${hex(0xacc)}}:${hex(number)}`)).toBe(1);
        expect(await copy.pttl(`${keyPrefix}{${hex(0xacc)}}:${hex(number)}`)).toBe(-1);
      }),
    );
    await store.close();
  });

  test("does not count while the replica is silent, and its result is not given out", async () => {
    const keyPrefix = newPrefix();
    const store = await openStore(primary.url, { keyPrefix });
    const careless = await openStore(primary.url, { keyPrefix, replicas: 0 });
    const strict = await openStore(primary.url, { keyPrefix, replicas: 2 });
    const [token, second, third, fourth] = await Promise.all(
      [1, 2, 3, 4].map((number) => take(store, verifyOf(number))),
    );
    await store.advance(fourth ?? "", DONE);
    replica.pause();
    const own = verifyOf(4, { purpose: "settle", token: fourth });
    const silent = [
      store.advance(token ?? "", DONE),
      strict.advance(third ?? "", DONE),
      store.claim(own),
      store.get(verifyOf(4)),
      store.advance(fourth ?? "", { to: "broadcasting", block: "{}", leaseMs: 1_000 }),
      store.advance(fourth ?? "", DONE),
    ];
    // Nobody else waits for it.
    expect(await store.claim(verifyOf(5))).toMatchObject({ outcome: "claimed" });
    expect(await store.claim(verifyOf(4))).toEqual({ outcome: "redeemed", byThisToken: false, result: undefined });
    expect(await careless.advance(second ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    expect(await Promise.all(silent.map(failureOf))).toEqual(silent.map(() => UNACKNOWLEDGED));
    replica.resume();
    // It was done where we could reach, and is the token's as soon as the replica has it.
    const again = { outcome: "redeemed", byThisToken: true, result: "done" };
    expect(await store.claim(verifyOf(1, { purpose: "settle", token }))).toEqual(again);
    expect(await store.claim(verifyOf(1))).toMatchObject({ outcome: "redeemed", byThisToken: false });
    await Promise.all([store, careless, strict].map((each) => each.close()));
  });
});

describeRedis("a replica", () => {
  test("that comes later is waited for from then on, and still when it is gone", async () => {
    const primary = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
    const replica = await startRedisServer();
    const [raw, copy] = [new Redis(primary.url), new Redis(replica.url, { maxRetriesPerRequest: null })];
    copy.on("error", () => undefined);
    const keyPrefix = newPrefix();
    const store = await openStore(primary.url, { keyPrefix });
    const [first, second, third] = await Promise.all([1, 2, 3].map((number) => take(store, verifyOf(number))));
    expect(await store.advance(first ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    await copy.replicaof("127.0.0.1", primary.port);
    await untilOnline(raw);
    expect(await store.advance(second ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    expect(await copy.exists(`${keyPrefix}{${hex(0xacc)}}:${hex(2)}`)).toBe(1);
    await replica.kill9();
    expect(await failureOf(store.advance(third ?? "", DONE))).toEqual(UNACKNOWLEDGED);
    await store.close();
    raw.disconnect();
    copy.disconnect();
    await Promise.all([primary.stop(), replica.stop()]);
  });
});
