import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { startRedisSentinel, startRedisServer } from "../support/redis-server.js";
import { describeRedis, failureOf, openStore, take, until, untilAnswered, verifyOf } from "./redis-kit.js";

const DONE = { to: "redeemed", result: "done" } as const;
const NAME = "payments";

describeRedis("a fail-over by Sentinel", () => {
  test("keeps what was redeemed; what the old primary had alone was never answered as done", async () => {
    const primary = await startRedisServer({ args: ["--repl-diskless-sync-delay", "0"] });
    const replica = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${primary.port}`] });
    const [raw, copy] = [new Redis(primary.url), new Redis(replica.url)];
    raw.on("error", () => undefined);
    await until(async () => (await raw.info("replication")).includes("state=online"));
    const sentinel = await startRedisSentinel(NAME, primary.port);
    const watcher = new Redis(`redis://127.0.0.1:${sentinel.port}`);
    await until(async () =>
      JSON.stringify(await watcher.call("SENTINEL", "REPLICAS", NAME)).includes(`${replica.port}`),
    );
    const client = new Redis({ sentinels: [{ host: "127.0.0.1", port: sentinel.port }], name: NAME });
    client.on("error", () => undefined);
    const store = await openStore(client);
    const { bornAtSeconds } = store;

    const tokens = await Promise.all([1, 2, 3].map((number) => take(store, verifyOf(number))));
    expect(await store.advance(tokens[0] ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    replica.pause();
    expect(await failureOf(store.advance(tokens[1] ?? "", DONE))).toMatchObject({ code: "store_unavailable" });
    await primary.kill9();
    replica.resume();
    await until(async () => (await copy.role())[0] === "master");

    const again = { outcome: "redeemed", byThisToken: true, result: "done" };
    const own = verifyOf(1, { purpose: "settle", token: tokens[0] });
    // The new primary has no replica, and is asked for an acknowledgement all the same: it had one.
    await until(async () => {
      const failure = await failureOf(store.claim(own));
      return JSON.stringify(failure).includes("did not acknowledge");
    });
    await primary.restart();
    await raw.replicaof("127.0.0.1", replica.port);
    await until(async () => (await copy.info("replication")).includes("state=online"));
    expect(await untilAnswered(() => store.claim(own))).toEqual(again);
    expect(await store.claim(verifyOf(1))).toMatchObject({ outcome: "redeemed", byThisToken: false });
    expect(await store.advance(tokens[2] ?? "", DONE)).toMatchObject({ outcome: "advanced" });
    expect(store.bornAtSeconds).toBe(bornAtSeconds);

    await store.close();
    for (const each of [client, raw, copy, watcher]) each.disconnect();
    await sentinel.stop();
    await Promise.all([primary.stop(), replica.stop()]);
  });
});

describeRedis("a stored result, where nothing else is written,", () => {
  test("is not given out while the replica is silent, though it had the redemption", async () => {
    const primary = await startRedisServer({
      args: ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "600"],
    });
    const replica = await startRedisServer({ args: ["--replicaof", `127.0.0.1 ${primary.port}`] });
    const raw = new Redis(primary.url);
    await until(async () => (await raw.info("replication")).includes("state=online"));
    const store = await openStore(primary.url);
    const token = await take(store, verifyOf(1));
    await store.advance(token, DONE);
    replica.pause();
    // One after the other: each write of one would hold up the other.
    for (const ask of [() => store.get(verifyOf(1)), () => store.advance(token, DONE)]) {
      expect(await failureOf(ask())).toMatchObject({ why: "replicas did not acknowledge" });
      replica.resume();
      await until(async () => (await raw.wait(1, 1_000)) === 1);
      replica.pause();
    }
    await store.close();
    raw.disconnect();
    await Promise.all([primary.stop(), replica.stop()]);
  });
});
