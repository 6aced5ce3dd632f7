import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisServer, startRedisServer } from "../support/redis-server.js";
import { describeRedis, hex, LEASE_MS, newPrefix, openStore, take, until, verifyOf } from "./redis-kit.js";

describeRedis("several processes on one server", () => {
  let server: RedisServer;
  let raw: Redis;
  beforeAll(async () => {
    server = await startRedisServer();
    raw = new Redis(server.url);
  });
  afterAll(async () => {
    raw.disconnect();
    await server.stop();
  });

  test("that start at once agree on the birth, and one that starts later too", async () => {
    const keyPrefix = newPrefix();
    let second = 1_750_000_000;
    const open = () =>
      openStore(server.url, {
        keyPrefix,
        serverClock: () => {
          second += 1;
          return second * 1_000;
        },
      });
    const stores = await Promise.all(Array.from({ length: 8 }, open));
    stores.push(await open());
    const births = new Set(stores.map(({ bornAtSeconds }) => bornAtSeconds));
    expect(births.size).toBe(1);
    // Whichever of the eight came to the server first.
    expect([...births][0]).toBeLessThanOrEqual(1_750_000_008);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("race for 200 hashes: each is claimed once and redeemed once", async () => {
    const keyPrefix = newPrefix();
    const stores = await Promise.all([openStore(server.url, { keyPrefix }), openStore(server.url, { keyPrefix })]);
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const claims = await Promise.all(
      numbers.flatMap((number) =>
        stores.map((store) =>
          store.claim(verifyOf(number, { account: hex(number % 7), previous: hex(0x1000 + number) })),
        ),
      ),
    );
    const tokens = claims.flatMap((claim) => (claim.outcome === "claimed" ? [claim.token] : []));
    expect(new Set(tokens.map((token) => token.slice(65, 129))).size).toBe(200);
    expect(tokens).toHaveLength(200);
    const results = await Promise.all(
      tokens.flatMap((token) =>
        stores.map((store, index) => store.advance(token, { to: "redeemed", result: `${index}` })),
      ),
    );
    expect(results.filter(({ outcome }) => outcome === "advanced")).toHaveLength(200);
    expect(results.filter((result) => result.outcome === "redeemed" && result.byThisToken)).toHaveLength(200);
    await Promise.all(stores.map((store) => store.close()));
  });

  test("a reservation goes by itself an hour after its lease, what is journalled or redeemed never", async () => {
    const keyPrefix = newPrefix();
    const store = await openStore(server.url, { keyPrefix });
    const entry = (number: number) => `${keyPrefix}{${hex(0xacc)}}:${hex(number)}`;
    const token = await take(store, verifyOf(1, { purpose: "settle", previous: hex(0xf0) }));
    const leftMs = await raw.pttl(entry(1));
    expect(leftMs).toBeGreaterThan(3_600_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000 + LEASE_MS);
    expect(await raw.pttl(`${keyPrefix}{${hex(0xacc)}}:on:${hex(0xf0)}`)).toBeGreaterThan(3_600_000);
    await store.advance(token, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    expect(await raw.pttl(entry(1))).toBe(-1);
    await store.claim(verifyOf(1, { purpose: "settle", token }));
    await store.release(token);
    await store.claim(verifyOf(1));
    expect(await raw.pttl(entry(1))).toBe(-1);
    await store.advance(await take(store, verifyOf(2)), { to: "redeemed", result: "done" });
    expect(await raw.pttl(entry(2))).toBe(-1);
    await store.close();
  });

  test("a settle that names no previous keeps the one that its verify took", async () => {
    const store = await openStore(server.url);
    const token = await take(store, verifyOf(1, { previous: hex(0xf0) }));
    await take(store, verifyOf(1, { purpose: "settle", token }));
    const rival = await store.claim(verifyOf(2, { previous: hex(0xf0) }));
    expect(rival).toEqual({ outcome: "previous_taken", byHash: hex(1) });
    await store.close();
  });

  test("a token is known by all of its parts", async () => {
    const store = await openStore(server.url);
    const token = await take(store, verifyOf(1));
    const [account, hash, secret] = token.split(".");
    for (const forged of [`${hex(0xbad)}.${hash}.${secret}`, `${account}.${hex(2)}.${secret}`]) {
      expect(await store.claim(verifyOf(1, { purpose: "settle", token: forged }))).toEqual({ outcome: "in_progress" });
      expect(await store.advance(forged, { to: "redeemed", result: "" })).toEqual({ outcome: "lost" });
      expect(await store.release(forged)).toBe(false);
    }
    await store.close();
  });

  test("leases run on the server's own clock", async () => {
    const store = await openStore(server.url);
    expect(Math.abs(store.bornAtSeconds - Number((await raw.time())[0]))).toBeLessThan(5);
    const token = await take(store, verifyOf(1, { leaseMs: 1 }));
    await until(async () => !(await store.get(verifyOf(1))).leaseOpen);
    expect(await store.claim(verifyOf(1, { leaseMs: 86_400_000 }))).toMatchObject({ outcome: "claimed" });
    expect(await store.release(token)).toBe(false);
    expect(await store.claim(verifyOf(1))).toEqual({ outcome: "in_progress" });
    await store.close();
  });

  test("the index of the journal holds what is open, and loses names that a crash left", async () => {
    const keyPrefix = newPrefix();
    const store = await openStore(server.url, { keyPrefix });
    const index = `${keyPrefix}journal`;
    const journalled = await take(store, verifyOf(1, { purpose: "settle" }));
    await store.advance(journalled, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    const waiting = await take(store, verifyOf(2));
    const done = await take(store, verifyOf(3));
    await store.advance(done, { to: "redeemed", result: "done" });
    // Added, and then the process died before it journalled; what nobody holds any more goes.
    await raw.sadd(index, waiting, done, `${hex(0xacc)}.${hex(4)}.${hex(5)}`, "no token");
    expect((await store.listOpen()).map(({ token }) => token)).toEqual([journalled]);
    await until(async () => (await raw.scard(index)) === 2);
    expect((await raw.smembers(index)).sort()).toEqual([journalled, waiting].sort());
    // It may still journal, and is then found.
    await store.advance(waiting, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
    expect(await store.listOpen()).toHaveLength(2);
    await store.advance(waiting, { to: "closed", as: "void", by: "holder" });
    await until(async () => (await raw.scard(index)) === 1);
    await store.close();
  });

  test("a journalled block that another token took over is listed once, under the new token", async () => {
    const keyPrefix = newPrefix();
    let nowMs = 1_750_000_000_000;
    const store = await openStore(server.url, { keyPrefix, serverClock: () => nowMs });
    const first = await take(store, verifyOf(1, { purpose: "settle" }));
    await store.advance(first, { to: "broadcasting", block: "first", leaseMs: LEASE_MS });
    nowMs += 2 * LEASE_MS;
    const heir = await take(store, verifyOf(1, { purpose: "settle" }));
    await store.advance(heir, { to: "broadcasting", block: "again", leaseMs: LEASE_MS });
    expect((await store.listOpen()).map(({ token, block }) => [token, block])).toEqual([[heir, "again"]]);
    await store.advance(heir, { to: "redeemed", result: "done" });
    await until(async () => (await raw.exists(`${keyPrefix}journal`)) === 0);
    await store.close();
  });

  test("thousands of open blocks are listed, each once", async () => {
    const store = await openStore(server.url);
    const numbers = Array.from({ length: 700 }, (_, number) => number);
    await Promise.all(
      numbers.map(async (number) => {
        const token = await take(store, verifyOf(number, { purpose: "settle", account: hex(number % 50) }));
        await store.advance(token, { to: "broadcasting", block: "{}", leaseMs: LEASE_MS });
      }),
    );
    const listed = (await store.listOpen()).map(({ hash }) => hash);
    expect(listed).toHaveLength(700);
    expect(new Set(listed).size).toBe(700);
    await store.close();
  });
});
