import { inspect } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFreePort, type RedisServer, startRedisServer } from "../support/redis-server.js";
import {
  describeRedis,
  failureOf,
  hex,
  LEASE_MS,
  newPrefix,
  openStore,
  take,
  until,
  untilAnswered,
  verifyOf,
} from "./redis-kit.js";

const SECRET = "open-sesame-17";
const DONE = { to: "redeemed", result: "done" } as const;

describeRedis("a server that may not be used", () => {
  const servers: RedisServer[] = [];
  const start = async (...args: string[]): Promise<RedisServer> => {
    const server = await startRedisServer({ args });
    servers.push(server);
    return server;
  };
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  test.each(["allkeys-lru", "volatile-ttl"])("evicts: %s", async (policy) => {
    const { url } = await start("--maxmemory-policy", policy);
    const failure = await failureOf(openStore(url));
    expect(failure).toMatchObject({ code: "invalid_configuration", why: expect.stringContaining(policy) });
  });

  test("is a replica", async () => {
    const { url } = await start("--replicaof", "127.0.0.1 1");
    const failure = await failureOf(openStore(url));
    expect(failure).toMatchObject({ code: "invalid_configuration", why: expect.stringContaining("replica") });
  });

  test("is part of a Cluster, to a client that does not know", async () => {
    const { url } = await start("--cluster-enabled", "yes", "--cluster-port", `${await findFreePort()}`);
    const failure = await failureOf(openStore(url));
    expect(failure).toMatchObject({ code: "invalid_configuration", why: expect.stringContaining("Cluster client") });
  });

  test("knows another password; no error tells it", async () => {
    const { port } = await start("--requirepass", "another");
    for (const url of [`redis://:${SECRET}@127.0.0.1:${port}`, `redis://user:${SECRET}@127.0.0.1:${port}/2`]) {
      const error: unknown = await openStore(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "store_unavailable", facts: { why: expect.stringContaining("WRONGPASS") } });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SECRET);
    }
  });

  test("is not there, or is no URL; no error tells the password", async () => {
    for (const [url, code] of [
      [`redis://:${SECRET}@127.0.0.1:1`, "store_unavailable"],
      [`rediss://user:${SECRET}@127.0.0.1:1/?x=${SECRET}`, "store_unavailable"],
      [`http://user:${SECRET}@127.0.0.1`, "invalid_configuration"],
      [`redis://:${SECRET}@[`, "invalid_configuration"],
      [SECRET, "invalid_configuration"],
    ] as const) {
      const error: unknown = await openStore(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SECRET);
    }
  });

  test("keeps nothing on its disk: a warning, and only then", async () => {
    const forgetful = await start();
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    const stores = [await openStore(forgetful.url, { onWarning })];
    expect(warnings).toEqual([expect.stringContaining("saves nothing")]);
    for (const args of [
      ["--appendonly", "yes"],
      ["--save", "60 1"],
    ]) {
      stores.push(await openStore((await start(...args)).url, { onWarning }));
    }
    expect(warnings).toHaveLength(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  test.each([{ keyPrefix: "a{b}:" }, { replicas: -1 }, { replicas: 0.5 }])("options %o", async (options) => {
    expect(await failureOf(openStore("redis://127.0.0.1:1", options))).toMatchObject({ code: "invalid_configuration" });
  });
});

describeRedis("a server that", () => {
  let server: RedisServer;
  let raw: Redis;
  beforeAll(async () => {
    server = await startRedisServer({ isDurable: true });
    raw = new Redis(server.url, { maxRetriesPerRequest: null });
    raw.on("error", () => undefined);
  });
  afterAll(async () => {
    raw.disconnect();
    await server.stop();
  });

  test("forgot the scripts is told them again", async () => {
    const store = await openStore(server.url);
    await raw.script("FLUSH");
    const token = await take(store, verifyOf(1, { purpose: "settle" }));
    for (const step of [{ to: "broadcasting", block: "{}", leaseMs: LEASE_MS }, DONE] as const) {
      await raw.script("FLUSH");
      expect(await store.advance(token, step)).toMatchObject({ outcome: "advanced" });
    }
    await raw.script("FLUSH");
    expect(await store.get(verifyOf(1))).toMatchObject({ state: "redeemed" });
    await store.close();
  });

  test("hangs is given up within seconds, and used again when it goes on", async () => {
    const store = await openStore(server.url);
    const token = await take(store, verifyOf(1));
    server.pause();
    const calls = [store.claim(verifyOf(2)), store.get(verifyOf(1)), store.advance(token, DONE), store.listOpen()];
    // Nor does a queue add up, each call waiting for those before it.
    const many = Array.from({ length: 3_000 }, () => store.get(verifyOf(1)));
    const failures = await Promise.all([...calls, ...many].map(failureOf));
    expect(new Set(failures.map((failure) => JSON.stringify(failure).slice(0, 27)))).toEqual(
      new Set(['{"code":"store_unavailable"']),
    );
    server.resume();
    await untilAnswered(() => store.listOpen());
    // What it heard while it hung may have been done, and then it is done once.
    expect(await store.advance(token, DONE)).toMatchObject({ outcome: expect.stringMatching(/advanced|redeemed/) });
    await store.close();
  });

  test("dies amid a call gets the call again when it is back", async () => {
    const store = await openStore(server.url);
    server.pause();
    const claim = store.claim(verifyOf(1));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await server.restart();
    expect(await claim).toMatchObject({ outcome: "claimed" });
    expect(await store.claim(verifyOf(1))).toEqual({ outcome: "in_progress" });
    await store.close();
  });

  test("is gone fails at once, and nothing is carried out later", async () => {
    const store = await openStore(server.url);
    await server.kill9();
    await until(async () => {
      const failure = await failureOf(store.claim(verifyOf(1)));
      return JSON.stringify(failure).includes("writeable");
    });
    await server.restart();
    expect(await untilAnswered(() => store.get(verifyOf(1)))).toMatchObject({ state: "free" });
    await store.close();
  });

  test("was emptied makes the store be born anew, in every process (R6)", async () => {
    const keyPrefix = newPrefix();
    let nowMs = 1_750_000_000_000;
    const open = () => openStore(server.url, { keyPrefix, serverClock: () => nowMs });
    const [store, other] = [await open(), await open()];
    const token = await take(store, verifyOf(1));
    await store.advance(token, DONE);
    nowMs += 60_000;
    await raw.flushall();
    expect(await failureOf(store.claim(verifyOf(1)))).toMatchObject({
      code: "store_unavailable",
      why: expect.any(String),
    });
    expect(store.bornAtSeconds).toBe(1_750_000_060);
    nowMs += 60_000;
    const calls = [other.get(verifyOf(1)), other.advance(token, DONE), other.release(token), other.claim(verifyOf(1))];
    const failures = await Promise.all(calls.map(failureOf));
    expect(failures).toEqual(calls.map(() => expect.objectContaining({ code: "store_unavailable" })));
    expect(other.bornAtSeconds).toBe(1_750_000_060);
    for (const each of [store, other]) {
      expect(await each.advance(token, DONE)).toEqual({ outcome: "lost" });
      expect((await each.get(verifyOf(1))).state).toBe("free");
    }
    const late = await open();
    expect(late.bornAtSeconds).toBe(1_750_000_060);
    await Promise.all([store, other, late].map((each) => each.close()));
  });

  test("was reached by a client of the user's leaves that one as it is", async () => {
    const client = new Redis(server.url, { keyPrefix: "app:", lazyConnect: true });
    const errors: unknown[] = [];
    client.on("error", (error) => errors.push(error));
    await client.connect();
    const keyPrefix = newPrefix();
    const store = await openStore(client, { keyPrefix });
    const [first, second] = [verifyOf(1, { previous: hex(0xf0) }), verifyOf(2, { previous: hex(0xf0) })];
    const token = await take(store, first);
    expect(await store.claim(second)).toEqual({ outcome: "previous_taken", byHash: hex(1) });
    await store.advance(token, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    expect(await store.listOpen()).toHaveLength(1);
    expect(await store.advance(token, DONE)).toEqual({ outcome: "advanced", wasJournalled: true });
    expect(await raw.exists(`app:${keyPrefix}{${hex(0xacc)}}:${hex(1)}`)).toBe(1);
    await store.close();
    expect(await failureOf(store.get(first))).toMatchObject({ code: "store_unavailable", why: "closed" });
    expect([client.status, await client.ping(), errors]).toEqual(["ready", "PONG", []]);
    client.disconnect();
  });
});
