import { type ErrorFacts, NanoError } from "../../errors/index.js";
import { MAX_DELAY_MS, startPatience } from "../patience.js";
import type { CallOptions } from "../port.js";

/** What all sources of work have in common: how a caller leaves, and how everybody is told that it is over. */
export interface Calls {
  /**
   * As `task` ends, or earlier: with `work_unavailable` when the caller aborts, its time is over or the source is
   * closed, whether or not `task` heeds its signal. The signal aborts in every case, at the latest when `task` ends.
   */
  run<Result>(call: CallOptions | undefined, task: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  close(): void;
}

type End = "aborted" | "too late" | "closed";

/** `facts` go into every error, to tell which source it was. */
export function createCalls(facts: ErrorFacts = {}): Calls {
  const live = new Set<(end: End) => void>();
  let isClosed = false;
  const endedBy = (why: End): NanoError<"work_unavailable"> => new NanoError("work_unavailable", { ...facts, why });

  return {
    async run(call, task) {
      if (isClosed) throw endedBy("closed");
      if (call?.signal?.aborted === true) throw endedBy("aborted");
      const stop = new AbortController();
      let end: (end: End) => void = () => undefined;
      const ended = new Promise<never>((_resolve, reject) => {
        end = (why) => {
          reject(endedBy(why));
          stop.abort();
        };
      });
      const endPatience = startPatience(call?.timeoutMs ?? MAX_DELAY_MS, call?.signal, end);
      live.add(end);
      try {
        return await Promise.race([ended, task(stop.signal)]);
      } finally {
        live.delete(end);
        endPatience();
        stop.abort();
      }
    },
    close() {
      isClosed = true;
      for (const end of live) end("closed");
    },
  };
}
