import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface Child {
  /** Resolves with the first match in what the process prints; rejects when it ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Everything it printed once it has ended. */
  ended(): Promise<{ code: number | null; output: string }>;
  stop(): Promise<void>;
}

/** Runs an example from its source, as `npx tsx examples/NAME.ts` does. */
export function runExample(name: string, env: Record<string, string>): Child {
  const child: ChildProcess = spawn(process.execPath, ["--import", "tsx", `examples/${name}.ts`], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  const closed = once(child, "close");
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      for (const listener of listeners) listener();
    });
  }
  return {
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(output);
          if (match === null) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        void closed.then(() => reject(new Error(`${name} ended without printing ${String(pattern)}:\n${output}`)));
        look();
      }),
    async ended() {
      await closed;
      return { code: child.exitCode, output };
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await closed;
    },
  };
}
