import { createHash } from "node:crypto";
import type { Cluster, Redis } from "ioredis";
import { NanoError } from "../../errors/index.js";
import { unavailable } from "./explain.js";
import type { Reply, ScriptCall } from "./link.js";
import type { Script } from "./scripts/index.js";

const MAX_PIPELINE = 32;
const MAX_UNDER_WAY = 3;

export type Answers = readonly (readonly [error: Error | null, result: unknown])[];

interface Waiter {
  readonly call: ScriptCall;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

const digests = new WeakMap<Script, string>();

/** The server knows a script by this once it has run it. */
function digestOf(script: Script): string {
  const known = digests.get(script);
  if (known !== undefined) return known;
  const digest = createHash("sha1").update(script.lua).digest("hex");
  digests.set(script, digest);
  return digest;
}

export async function runScript(client: Redis | Cluster, call: ScriptCall): Promise<Reply> {
  const { script, keys, args } = call;
  try {
    return toReply(await client.evalsha(digestOf(script), keys.length, ...keys, ...args));
  } catch (error) {
    if (isUnknownScript(error)) return runInFull(client, call);
    throw unavailable(error);
  }
}

/**
 * Whatever is called in one turn goes out together. Few pipelines at once, so that they fill: a write each costs as much
 * as ten commands. More than one, so that the server works while we read what it answered before.
 */
export function createPipelined(client: Redis): (call: ScriptCall) => Promise<Reply> {
  let waiting: Waiter[] = [];
  let underWay = 0;
  const send = async (part: readonly Waiter[]): Promise<void> => {
    underWay += 1;
    const failure = await runTogether(client, part);
    underWay -= 1;
    if (failure === undefined) {
      setImmediate(flush);
      return;
    }
    // They would find the same, each in their turn, and wait for all turns before.
    const others = waiting;
    waiting = [];
    for (const { reject } of others) reject(failure);
  };
  const flush = (): void => {
    while (waiting.length > 0 && underWay < MAX_UNDER_WAY) {
      void send(waiting.slice(0, MAX_PIPELINE));
      waiting = waiting.slice(MAX_PIPELINE);
    }
  };
  return (call) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ call, resolve, reject });
    });
}

/** Answers every waiter; says why where none of them could be answered. */
async function runTogether(client: Redis, waiters: readonly Waiter[]): Promise<Error | undefined> {
  const calls = waiters.map(({ call }) => call);
  const answers = await sendPipeline(client, calls).catch((error: unknown) =>
    calls.map(() => [unavailable(error), 0] as const),
  );
  waiters.forEach(({ call, resolve, reject }, index) => {
    const [error, result] = answers[index] ?? [null, undefined];
    if (isUnknownScript(error)) runInFull(client, call).then(resolve, reject);
    else if (error !== null) reject(unavailable(error));
    else settle(() => toReply(result), resolve, reject);
  });
  const [failure] = answers[0] ?? [null];
  const isAnswered = answers.some(([error]) => error === null || isUnknownScript(error));
  return isAnswered || failure === null ? undefined : unavailable(failure);
}

function settle(read: () => Reply, resolve: Waiter["resolve"], reject: Waiter["reject"]): void {
  try {
    resolve(read());
  } catch (error) {
    reject(error);
  }
}

/** One write to one connection; `last` is a command without a key. */
export async function sendPipeline(
  client: Redis | Cluster,
  calls: readonly ScriptCall[],
  last: readonly string[] = [],
  how?: "in full",
): Promise<Answers> {
  const pipeline = client.pipeline();
  for (const { script, keys, args } of calls) {
    if (how === undefined) pipeline.evalsha(digestOf(script), keys.length, ...keys, ...args);
    else pipeline.eval(script.lua, keys.length, ...keys, ...args);
  }
  const [command, ...args] = last;
  if (command !== undefined) pipeline.call(command, ...args);
  return (await pipeline.exec()) ?? [];
}

/** After a restart, SCRIPT FLUSH, or on a master that has not run it yet. */
async function runInFull(client: Redis | Cluster, { script, keys, args }: ScriptCall): Promise<Reply> {
  try {
    return toReply(await client.eval(script.lua, keys.length, ...keys, ...args));
  } catch (error) {
    throw unavailable(error);
  }
}

export function toReply(result: unknown): Reply {
  if (Array.isArray(result) && result.every((part) => typeof part === "string")) return result;
  throw new NanoError("store_unavailable", { why: "an answer that no script gives" });
}

export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}
