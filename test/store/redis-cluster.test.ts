import { Cluster, Redis } from "ioredis";
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

const SLOTS = 16_384;
const DONE = { to: "redeemed", result: "done" } as const;
const JOURNAL = { to: "broadcasting", block: "{}", leaseMs: LEASE_MS } as const;

describeRedis("a Cluster of three masters", () => {
  const servers: RedisServer[] = [];
  const nodes: Redis[] = [];
  let client: Cluster;

  beforeAll(async () => {
    for (let number = 0; number < 3; number += 1) {
      const bus = ["--cluster-port", `${await findFreePort()}`];
      const args = [
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "500",
        "--cluster-require-full-coverage",
        "no",
      ];
      const server = await startRedisServer({ args: [...args, ...bus], isDurable: true });
      servers.push(server);
      const node = new Redis(server.url, { maxRetriesPerRequest: null });
      node.on("error", () => undefined);
      nodes.push(node);
      const [from, to] = [Math.ceil((number * SLOTS) / 3), Math.ceil(((number + 1) * SLOTS) / 3) - 1];
      await node.cluster("ADDSLOTSRANGE", from, to);
      if (number > 0)
        await node.call("CLUSTER", "MEET", "127.0.0.1", `${servers[0]?.port}`, `${await busOf(nodes[0])}`);
    }
    await untilWhole();
    client = new Cluster(servers.map(({ port }) => ({ host: "127.0.0.1", port })));
    client.on("error", () => undefined);
  });
  afterAll(async () => {
    client.disconnect();
    for (const node of nodes) node.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  });

  async function busOf(node: Redis | undefined): Promise<string> {
    const answer = await node?.config("GET", "cluster-port");
    return Array.isArray(answer) ? String(answer[1]) : "";
  }

  /** A master that has just started waits for two seconds before it takes part. */
  async function untilWhole(): Promise<void> {
    await until(async () => {
      const infos = await Promise.all(nodes.map((node) => node.cluster("INFO")));
      return infos.every((info) => /state:ok\s[\s\S]*slots_ok:16384/.test(String(info)));
    });
  }

  test("has the payments of an account on one node, and of many accounts on all", async () => {
    const keyPrefix = newPrefix();
    const store = await openStore(client, { keyPrefix });
    const before = await Promise.all(nodes.map((node) => node.dbsize()));
    const numbers = Array.from({ length: 60 }, (_, number) => number);
    const claims = numbers.map((number) =>
      verifyOf(number, { account: hex(number), previous: hex(0x1000 + number), purpose: "settle" }),
    );
    const tokens = await Promise.all(claims.map((claim) => take(store, claim)));
    const rivals = claims.map((claim) => store.claim({ ...claim, hash: hex(0x2000) }));
    expect(await Promise.all(rivals)).toEqual(numbers.map((n) => ({ outcome: "previous_taken", byHash: hex(n) })));
    expect((await Promise.all(nodes.map((node) => node.dbsize()))).every((size, n) => size > (before[n] ?? 0))).toBe(
      true,
    );
    for (const token of tokens) await store.advance(token, JOURNAL);
    expect(new Set((await store.listOpen()).map(({ token }) => token))).toEqual(new Set(tokens));
    const results = await Promise.all(tokens.map((token) => store.advance(token, DONE)));
    expect(results.every(({ outcome }) => outcome === "advanced")).toBe(true);
    expect(await store.listOpen()).toEqual([]);
    const again = await Promise.all(claims.map((claim) => store.claim(claim)));
    expect(again.every(({ outcome }) => outcome === "redeemed")).toBe(true);
    await until(async () => (await client.exists(`${keyPrefix}journal`)) === 0);
    await store.close();
    expect(await client.ping()).toBe("PONG");
  });

  test("lists the journal in the order of time, whatever node a block is on", async () => {
    let nowMs = 1_750_000_000_000;
    const store = await openStore(client, { serverClock: () => nowMs });
    const tokens: string[] = [];
    for (const number of [5, 3, 9, 1, 7, 2]) {
      const token = await take(store, verifyOf(number, { account: hex(number) }));
      nowMs += 1;
      await store.advance(token, JOURNAL);
      tokens.push(token);
    }
    expect((await store.listOpen()).map(({ token }) => token)).toEqual(tokens);
    await store.close();
  });

  test("of which one master lost its data is born anew (R6)", async () => {
    const keyPrefix = newPrefix();
    const clock = { serverMs: 1_750_000_000_000, ownMs: 0 };
    const store = await openStore(client, { keyPrefix, serverClock: () => clock.serverMs, clock: () => clock.ownMs });
    const numbers = Array.from({ length: 30 }, (_, number) => number);
    const claims = numbers.map((number) => verifyOf(number, { account: hex(number) }));
    for (const claim of claims) await store.advance(await take(store, claim), DONE);
    clock.serverMs += 60_000;
    await nodes[1]?.flushall();
    clock.ownMs += 1_000;
    const failures = await Promise.all(claims.map((claim) => failureOf(store.claim(claim))));
    expect(failures).toEqual(claims.map(() => expect.objectContaining({ code: "store_unavailable" })));
    expect(store.bornAtSeconds).toBe(1_750_000_060);
    const outcomes = (await Promise.all(claims.map((claim) => store.claim(claim)))).map(({ outcome }) => outcome);
    expect(new Set(outcomes)).toEqual(new Set(["claimed", "redeemed"]));
    await store.close();
  });

  test("whose slots move goes on, redemptions too", async () => {
    const store = await openStore(client);
    const account = hex(0x51);
    const tokens = [await take(store, verifyOf(1, { account })), await take(store, verifyOf(2, { account }))];
    await store.advance(tokens[0] ?? "", DONE);
    const slot = Number(await client.cluster("KEYSLOT", `{${account}}`));
    const from = nodes[Math.floor((slot * 3) / SLOTS)];
    const to = nodes[(Math.floor((slot * 3) / SLOTS) + 1) % 3];
    await migrate(slot, from, to);
    expect(await store.advance(tokens[1] ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    expect(await store.claim(verifyOf(1, { account }))).toMatchObject({ outcome: "redeemed" });
    await migrate(slot, to, from);
    await store.close();
  });

  test("of which one master is gone answers for the others, and for all when it is back", async () => {
    const store = await openStore(client);
    const numbers = Array.from({ length: 12 }, (_, number) => number);
    const claims = numbers.map((number) => verifyOf(number, { account: hex(number) }));
    await servers[2]?.kill9();
    const failures = await Promise.all(claims.map((claim) => failureOf(store.claim(claim))));
    const codes = failures.map((failure) => (failure as { code?: string; outcome?: string }).code ?? "claimed");
    expect(codes).toContain("store_unavailable");
    await servers[2]?.restart();
    await untilWhole();
    for (const claim of claims) await untilAnswered(() => store.claim(claim));
    for (const claim of claims) expect(await store.claim(claim)).toEqual({ outcome: "in_progress" });
    await store.close();
  });

  async function migrate(slot: number, from: Redis | undefined, to: Redis | undefined): Promise<void> {
    const [fromId, toId] = [await from?.cluster("MYID"), await to?.cluster("MYID")];
    await to?.cluster("SETSLOT", slot, "IMPORTING", String(fromId));
    await from?.cluster("SETSLOT", slot, "MIGRATING", String(toId));
    const keys = (await from?.cluster("GETKEYSINSLOT", slot, 1_000)) ?? [];
    for (const key of keys) await from?.migrate("127.0.0.1", String(to?.options.port), key, 0, 1_000);
    for (const node of [to, from]) await node?.cluster("SETSLOT", slot, "NODE", String(toId));
  }
});
