import { describe, expect, test } from "vitest";
import { isNanoError } from "../../../src/errors/index.js";
import { Births } from "../../../src/store/redis/births.js";
import { checkServer, readServerInfo, warnOfPersistence } from "../../../src/store/redis/check-server.js";
import { explain } from "../../../src/store/redis/explain.js";
import { createKeys } from "../../../src/store/redis/keys.js";
import type { BatchReply, RedisLink, Reply, ScriptCall } from "../../../src/store/redis/link.js";
import { Redemptions } from "../../../src/store/redis/redemptions.js";
import { CONFIRM } from "../../../src/store/redis/scripts/index.js";

describe("a server's INFO", () => {
  const info = (changes: Record<string, string> = {}): string =>
    Object.entries({
      redis_version: "7.0.15",
      role: "master",
      cluster_enabled: "0",
      maxmemory_policy: "noeviction",
      aof_enabled: "0",
      connected_slaves: "2",
      ...changes,
    })
      .map(([name, value]) => `${name}:${value}`)
      .join("\r\n");
  const verdictOn = (text: string, isCluster = false): unknown => {
    try {
      checkServer(readServerInfo(`# Server\r\n${text}\r\n\r\n# Memory\r\n`), isCluster);
      return "usable";
    } catch (error) {
      return isNanoError(error) ? `${error.code} ${String(error.facts["why"])}` : error;
    }
  };

  test.each([{}, { redis_version: "7.2.4", server_name: "valkey" }, { redis_version: "8.10.0" }])(
    "usable: %o",
    (it) => {
      expect(verdictOn(info(it))).toBe("usable");
    },
  );

  test.each([
    [{ redis_version: "6.2.7" }, "6.2.7"],
    [{ redis_version: "" }, "unknown"],
    [{ maxmemory_policy: "allkeys-lfu" }, "allkeys-lfu"],
    [{ maxmemory_policy: "" }, "noeviction"],
    [{ role: "slave" }, "replica"],
    [{ role: "" }, "replica"],
    [{ cluster_enabled: "1" }, "Cluster client"],
  ])("refused: %o", (changes, word) => {
    expect(verdictOn(info(changes))).toMatch(new RegExp(`^invalid_configuration .*${word}`));
  });

  test("of a single server is refused to a Cluster client", () => {
    expect(verdictOn(info(), true)).toMatch(/no Cluster/);
    expect(verdictOn(info({ cluster_enabled: "1" }), true)).toBe("usable");
  });

  test("names the replicas and what is saved", () => {
    const server = readServerInfo(info());
    expect(server.replicas).toBe(2);
    expect(warnOfPersistence(server, "")).toMatch(/saves nothing/);
    expect(warnOfPersistence(server, undefined)).toMatch(/does not tell/);
    expect(warnOfPersistence(server, "3600 1")).toBeUndefined();
    expect(warnOfPersistence({ ...server, hasAppendOnlyFile: true }, "")).toBeUndefined();
  });
});

describe("what an error of the client tells", () => {
  test.each([
    ["connect ECONNREFUSED 127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
    ["WRONGPASS invalid username-password pair", "WRONGPASS invalid username-password pair"],
    ["ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 's3cret'", "ERR unknown command"],
    ["ERR unknown command `AUTH`, with args beginning with: `s3cret`", "ERR unknown command"],
    ["ERR wrong args beginning with: s3cret", "ERR wrong"],
    ["Stream isn't writeable", "Stream isn't writeable"],
  ])("%s", (message, told) => {
    expect(explain(new Error(message))).toBe(told);
  });
  test("is never long, and nothing where it is no error", () => {
    expect(explain(new Error("x".repeat(1_000)))).toHaveLength(120);
    expect(explain("s3cret")).toBe("unknown");
  });
});

const noLink: RedisLink = {
  isCluster: false,
  run: async () => [],
  runBatch: async () => ({ replies: [], last: undefined }),
  close: async () => undefined,
};

describe("a birth", () => {
  function birthsOn(marks: () => string, isCluster = false) {
    const room = { nowMs: 0, reads: 0, shown: [] as number[] };
    const births: Births = new Births({
      link: {
        ...noLink,
        isCluster,
        run: async () => {
          room.reads += 1;
          room.shown.push(births.bornAtSeconds);
          return [marks()];
        },
      },
      keys: createKeys("x:"),
      serverTime: () => "",
      clock: () => room.nowMs,
    });
    return { births, room };
  }

  test("is shown before its mark counts: what was judged by the old one comes under the old mark", async () => {
    let mark = "100";
    const { births, room } = birthsOn(() => mark);
    await births.read();
    mark = "200";
    const reading = births.read();
    await Promise.all([reading, births.read()]);
    expect([births.bornAtSeconds, births.mark, room.reads]).toEqual([200, "200", 4]);
    // The second reading of each pair was made when the new birth was already shown.
    expect(room.shown).toEqual([0, 100, 100, 200]);
  });

  test("never goes back while we run", async () => {
    let mark = "200";
    const { births } = birthsOn(() => mark);
    await births.read();
    mark = "100";
    await births.read();
    expect([births.bornAtSeconds, births.mark]).toEqual([200, "100"]);
  });

  test("of a Cluster is the youngest of its marks, and read again after a second, or when the clock is set back", async () => {
    let count = 0;
    const { births, room } = birthsOn(() => {
      count += 1;
      return String(100 + (count % 128));
    }, true);
    await births.read();
    expect([births.bornAtSeconds, births.mark]).toEqual([227, "227"]);
    const due = [0, 999, 1_000, -1].map((nowMs) => {
      room.nowMs = nowMs;
      return births.isDue;
    });
    expect(due).toEqual([false, false, true, true]);
    expect(await births.check()).toBeUndefined();
    expect(birthsOn(() => "1").births.isDue).toBe(false);
  });

  test("that no server tells is an outage", async () => {
    for (const mark of ["", "soon", "-1", "1.5"]) {
      await expect(birthsOn(() => mark).births.read()).rejects.toMatchObject({ code: "store_unavailable" });
    }
  });
});

describe("redemptions", () => {
  const callOf = (name: string): ScriptCall => ({ script: CONFIRM, keys: [name], args: [] });

  function redemptionsOn(last: (command: readonly string[]) => unknown, replicas?: number, isCluster = false) {
    const batches: string[][] = [];
    const redemptions = new Redemptions({
      link: {
        ...noLink,
        isCluster,
        async runBatch(calls, command): Promise<BatchReply> {
          batches.push([...calls.map(({ keys }) => keys[0] ?? ""), command.join(" ")]);
          const replies = calls.map(({ keys }): Reply | Error => (keys[0] === "bad" ? new Error("bad") : ["done"]));
          return { replies, last: last(command) };
        },
      },
      replicas,
      hasReplicas: false,
    });
    return { redemptions, batches };
  }

  test("of one turn share a WAIT, an account of a Cluster has its own", async () => {
    const single = redemptionsOn(() => 1, 1);
    await Promise.all(["a", "b", "c"].map((name) => single.redemptions.run(name, callOf(name))));
    expect(single.batches).toEqual([["a", "b", "c", "WAIT 1 1000"]]);
    const cluster = redemptionsOn(() => 1, 1, true);
    await Promise.all(["a", "b", "a"].map((name) => cluster.redemptions.run(name, callOf(name))));
    expect(cluster.batches).toEqual([
      ["a", "a", "WAIT 1 1000"],
      ["b", "WAIT 1 1000"],
    ]);
  });

  test("go again under a WAIT when the first replica is seen, which is then always waited for", async () => {
    let role: unknown = ["master", 7, []];
    const { redemptions, batches } = redemptionsOn((command) => (command[0] === "ROLE" ? role : 1));
    await redemptions.run("a", callOf("a"));
    role = ["master", 7, [["127.0.0.1", "1", "7"]]];
    await redemptions.run("a", callOf("a"));
    role = ["master", 7, []];
    await redemptions.run("a", callOf("a"));
    const commands = batches.map((batch) => batch.at(-1));
    expect(commands).toEqual(["ROLE", "ROLE", "WAIT 1 1000", "WAIT 1 1000"]);
    expect(redemptions.needed).toBe(1);
  });

  test.each([1, undefined, new Error("closed"), "no number"])(
    "are refused where WAIT answers %s of 2",
    async (answer) => {
      const { redemptions } = redemptionsOn(() => answer, 2);
      await expect(redemptions.run("a", callOf("a"))).rejects.toMatchObject({ code: "store_unavailable" });
    },
  );

  test("fail alone where their script fails alone", async () => {
    const { redemptions } = redemptionsOn(() => 2, 2);
    const results = await Promise.allSettled(["a", "bad", "c"].map((name) => redemptions.run(name, callOf(name))));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
