import { z } from "zod";
import { workPlatform } from "#work-threads";
import { NanoError } from "../../errors/index.js";
import { compileWorkModule } from "../../nano/index.js";
import { type Sleep, sleep } from "../patience.js";
import type { WorkSource } from "../port.js";
import { systemRandomBytes } from "../random.js";
import { createCalls } from "./calls.js";
import { createSearches, type Searches } from "./searches.js";
import { functionOption, readSettings } from "./settings.js";
import type { WorkPlatform } from "./threads.js";

export interface LocalWorkOptions {
  /** Default: one core fewer than there are, at least 1. */
  readonly threads?: number | undefined;
  /** Milliseconds; for the progress that is reported. */
  readonly clock?: (() => number) | undefined;
  readonly sleep?: Sleep | undefined;
  /** Where each search starts. */
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
}

const MAX_THREADS = 256;
const WORK_LIMIT = 2n ** 64n;

const schema = z.strictObject({
  threads: z.int().min(1).max(MAX_THREADS).optional(),
  clock: functionOption<() => number>().default(() => Date.now),
  sleep: functionOption<Sleep>().default(() => sleep),
  randomBytes: functionOption<(length: number) => Uint8Array>().default(() => systemRandomBytes),
});

/**
 * Worker threads of this process: 40 s on average for a send on one thread of 13 MH/s, and three times that now and
 * then (MEASURED). They start when they are first needed, wait without keeping the process alive, and end with `close`.
 * Several searches take turns. On Node only; elsewhere `generateWork` throws `missing_dependency`.
 */
export function localWork(options: LocalWorkOptions = {}): Required<Omit<WorkSource, "prepareWork">> {
  return createLocalWork(options, workPlatform);
}

export function createLocalWork(options: LocalWorkOptions, platform: WorkPlatform): ReturnType<typeof localWork> {
  const { threads, ...settings } = readSettings(schema, options);
  const calls = createCalls();
  let opening: Promise<Searches> | undefined;

  const open = async (): Promise<Searches> => {
    const module = await compileWorkModule();
    const threadCount = threads ?? Math.max(1, platform.countCores() - 1);
    return createSearches({ ...settings, module, platform, threadCount });
  };

  return {
    generateWork: (root, threshold, call) =>
      calls.run(call, async (signal) => {
        // The kernel would count modulo 2^64, and search for ever or not at all.
        if (threshold < 0n || threshold >= WORK_LIMIT) throw new NanoError("work_unavailable", { why: "no threshold" });
        opening ??= open();
        const searches = await opening;
        return searches.find(root, threshold, signal, call?.onProgress);
      }),
    async close() {
      calls.close();
      const searches = await opening?.catch(() => undefined);
      await searches?.close();
    },
  };
}
