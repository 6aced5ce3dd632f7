import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether this machine can run the tests of the Redis store. */
export const hasRedisServer = spawnSync("redis-server", ["--version"]).status === 0;

/** Says loudly that they are left out; a file that calls it defines no Redis test. */
export function warnWithoutRedis(what: string): void {
  process.stderr.write(`\n*** NOT TESTED: ${what}: there is no redis-server on this machine ***\n\n`);
}

export interface RedisServerOptions {
  /** Keeps what it was told through a SIGKILL: an append-only file, written before each answer; no test can cut the power. */
  readonly isDurable?: boolean;
  /** More of the command line: `["--maxmemory-policy", "allkeys-lru"]`. */
  readonly args?: readonly string[];
}

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
  /** SIGKILL, in the middle of whatever it does. */
  kill9(): Promise<void>;
  /** On the same port, with the files that are there. */
  restart(): Promise<void>;
  /** Goes on holding its connections, and answers nothing. */
  pause(): void;
  resume(): void;
}

/** Not to outlive a test run that ends in the middle. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

const READY = /Ready to accept connections|\+monitor master/;

/** A server of the test's own, on a free port of loopback, in a directory of its own. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), "x402-nano-redis-"));
  const port = await findFreePort();
  const durable = ["--appendonly", "yes", "--appendfsync", "no"];
  const args = [
    ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--daemonize", "no"],
    ...(options.isDurable === true ? durable : []),
    ...(options.args ?? []),
  ];
  let child = await launch(args);
  const end = async (signal: "SIGTERM" | "SIGKILL"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill("SIGCONT");
      await end("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
    kill9: () => end("SIGKILL"),
    async restart() {
      await end("SIGKILL");
      child = await launch(args);
    },
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
  };
}

/** Watches a primary, and alone decides that it is down, after half a second. */
export async function startRedisSentinel(
  name: string,
  primaryPort: number,
): Promise<Pick<RedisServer, "port" | "stop">> {
  const directory = mkdtempSync(join(tmpdir(), "x402-nano-sentinel-"));
  const port = await findFreePort();
  const file = join(directory, "sentinel.conf");
  const lines = [
    ...[`port ${port}`, "bind 127.0.0.1", `dir ${directory}`, `sentinel monitor ${name} 127.0.0.1 ${primaryPort} 1`],
    ...[`sentinel down-after-milliseconds ${name} 500`, `sentinel failover-timeout ${name} 2000`],
  ];
  writeFileSync(file, lines.join("\n"));
  const child = await launch([file, "--sentinel"]);
  return {
    port,
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves once it accepts connections; rejects with what it printed where it ends before. */
async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn("redis-server", args, { stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (READY.test(output)) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`redis-server ended:\n${output}`)));
  });
  return child;
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  const address = await new Promise<ReturnType<typeof server.address>>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server.address()));
  });
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
