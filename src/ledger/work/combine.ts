import { NanoError } from "../../errors/index.js";
import type { WorkCallOptions, WorkRoot, WorkSource } from "../port.js";
import { createCalls } from "./calls.js";
import { askSource, noneOf } from "./check.js";

/** Asks the next source where one fails. Only the first that can work ahead does so: the others may never be asked. */
export function workInOrder(sources: readonly WorkSource[]): Required<WorkSource> {
  return combine(sources, {
    preparing: sources.filter((source) => source.prepareWork !== undefined).slice(0, 1),
    async find(root, threshold, options) {
      const failures: unknown[] = [];
      for (const source of sources) {
        if (options.signal?.aborted === true) break;
        try {
          return await askSource(source, root, threshold, options);
        } catch (error) {
          failures.push(error);
        }
      }
      throw noneOf(failures);
    },
  });
}

/** Asks all sources at once; the first valid work wins, and the others are told to stop. */
export function workRace(sources: readonly WorkSource[]): Required<WorkSource> {
  return combine(sources, {
    preparing: sources,
    async find(root, threshold, options) {
      try {
        return await Promise.any(sources.map((source) => askSource(source, root, threshold, options)));
      } catch (error) {
        throw noneOf(error instanceof AggregateError ? error.errors : [error]);
      }
    },
  });
}

interface Combination {
  readonly preparing: readonly WorkSource[];
  readonly find: (root: WorkRoot, threshold: bigint, options: WorkCallOptions) => Promise<string>;
}

function combine(sources: readonly WorkSource[], { preparing, find }: Combination): Required<WorkSource> {
  if (sources.length === 0) throw new NanoError("invalid_configuration", { option: "sources", why: "none is given" });
  const calls = createCalls();
  return {
    // The time of the whole call is kept by `calls`, so that a source keeps its own for each attempt.
    generateWork: (root, threshold, options) =>
      calls.run(options, (signal) => find(root, threshold, { signal, onProgress: options?.onProgress })),
    prepareWork(root, threshold) {
      for (const source of preparing) source.prepareWork?.(root, threshold);
    },
    async close() {
      calls.close();
      await Promise.all(sources.map(async (source) => source.close?.()));
    },
  };
}
