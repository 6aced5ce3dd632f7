import type { Cluster, Redis } from "ioredis";
import { NanoError } from "../../errors/index.js";
import type { Clients } from "./clients.node.js";
import { unavailable } from "./explain.js";
import type { BatchReply, RedisLink, ScriptCall } from "./link.js";
import { createPipelined, isUnknownScript, runScript, sendPipeline, toReply } from "./run-script.node.js";

/** Beyond what the client's own limits add up to: several tries, one after the other. */
const DEADLINE_MS = 3_000;
/** The slot is elsewhere, or on its way. Only a single command is led there. */
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/;

/** Connects, and fails with the reason where that is not possible now. */
export async function openLink(clients: Clients): Promise<RedisLink> {
  const { main, batches } = clients;
  let reason: unknown;
  for (const client of [main, batches]) {
    // Also for later: without a listener, ioredis writes to the console what our callers are told anyway.
    client.on("error", (error: unknown) => {
      reason = error;
    });
  }
  try {
    await within(DEADLINE_MS, Promise.all([main.connect(), batches.connect()]));
  } catch (error) {
    main.disconnect();
    batches.disconnect();
    throw unavailable(reason ?? error);
  }
  return {
    isCluster: clients.isCluster,
    // One server's client ends every command in time by itself; in a Cluster the tries add up.
    run: clients.isCluster ? async (call) => within(DEADLINE_MS, runScript(main, call)) : createPipelined(clients.main),
    runBatch: async (calls, last) => within(DEADLINE_MS, runBatch(batches, calls, last)),
    close: async () => {
      await Promise.all([disconnect(main), disconnect(batches)]);
    },
  };
}

async function runBatch(
  client: Redis | Cluster,
  calls: readonly ScriptCall[],
  last: readonly string[],
): Promise<BatchReply> {
  let answers = await sendPipeline(client, calls, last);
  const errors = answers.flatMap(([error]) => error ?? []);
  if (errors.some(isUnknownScript)) {
    answers = await sendPipeline(client, calls, last, "in full");
  } else if (errors.some(({ message }) => ELSEWHERE.test(message))) {
    // One by one they are led to where the slot is now, and the client learns it; then all at once for `last`.
    await Promise.all(calls.map((call) => runScript(client, call)));
    answers = await sendPipeline(client, calls, last);
  }
  const [lastError, lastResult] = answers[calls.length] ?? [null, undefined];
  return {
    replies: answers
      .slice(0, calls.length)
      .map(([error, result]) => (error === null ? toReply(result) : unavailable(error))),
    last: lastError ?? lastResult,
  };
}

/** Waits for what is under way; a connection that is lost has nothing under way. */
async function disconnect(client: Redis | Cluster): Promise<void> {
  await within(DEADLINE_MS, client.quit()).catch(() => undefined);
  client.disconnect();
}

async function within<Value>(ms: number, work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NanoError("store_unavailable", { why: "no answer in time", timeoutMs: ms }));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw unavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
