import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** A child process that is started again whenever it was killed, as an init system does. */
export interface KeptProcess {
  /** Where it listens; waits while it is away. */
  origin(): Promise<string>;
  /** SIGKILL, at once. It is started again as soon as it has ended. */
  kill(): void;
  readonly isUp: boolean;
  /** A process is there that does not listen yet. */
  readonly isStarting: boolean;
  readonly kills: number;
  /** Rejects at once where it ended by itself. */
  readonly failed: Promise<never>;
  /** From each start to listening. */
  readonly startsMs: readonly number[];
  /** For good. Rejects where one ended by itself or complained. */
  stop(): Promise<void>;
}

export interface KeptProcessOptions {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onStart?: () => void;
  readonly onUp?: () => void;
}

interface Waiter {
  resolve(origin: string): void;
  reject(error: Error): void;
}

export function keepProcess({ path, env, onStart, onUp }: KeptProcessOptions): KeptProcess {
  const startsMs: number[] = [];
  const faults: string[] = [];
  const waiters = new Set<Waiter>();
  let kills = 0;
  let isStopped = false;
  let origin: string | undefined;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  let current = start();

  function start(): { readonly child: ChildProcess; isKilled: boolean; readonly ended: Promise<void> } {
    const beganMs = performance.now();
    const child = spawn(process.execPath, [path], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      // It ends when its standard input does: with this process, however that ends.
      stdio: ["pipe", "pipe", "pipe"],
    });
    let complaint = "";
    let printed = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.stdout.on("data", (chunk: Buffer) => {
      printed += chunk.toString();
      const port = /listening on (\d+)\n/.exec(printed)?.[1];
      if (port === undefined || origin !== undefined || started.isKilled) return;
      origin = `http://127.0.0.1:${port}`;
      startsMs.push(performance.now() - beganMs);
      for (const { resolve } of waiters) resolve(origin);
      waiters.clear();
      onUp?.();
    });
    const ended = once(child, "close").then(() => {
      if (complaint !== "") faults.push(complaint);
      if (started.isKilled) {
        if (isStopped) return;
        current = start();
        onStart?.();
        return;
      }
      // One that ends by itself would do so again and again.
      origin = undefined;
      faults.push(`it ended by itself, with ${String(child.exitCode)}`);
      for (const { reject } of waiters) reject(fault());
      waiters.clear();
      fail(fault());
    });
    const started = { child, isKilled: false, ended };
    return started;
  }

  function end(): void {
    origin = undefined;
    current.isKilled = true;
    current.child.kill("SIGKILL");
  }

  function fault(): Error {
    return new Error(faults.join("\n"));
  }

  return {
    origin() {
      if (origin !== undefined) return Promise.resolve(origin);
      return new Promise((resolve, reject) => {
        if (isStopped || (current.child.exitCode !== null && !current.isKilled)) reject(fault());
        else waiters.add({ resolve, reject });
      });
    },
    kill() {
      if (current.isKilled) return;
      kills += 1;
      end();
    },
    get isUp() {
      return origin !== undefined;
    },
    get isStarting() {
      return origin === undefined && !current.isKilled;
    },
    get kills() {
      return kills;
    },
    failed,
    startsMs,
    async stop() {
      isStopped = true;
      end();
      await current.ended;
      for (const { reject } of waiters) reject(new Error("stopped"));
      if (faults.length > 0) throw fault();
    },
  };
}
