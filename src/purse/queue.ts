/** Runs jobs one after the other, in the order they came. A job that fails does not stop the next one. */
export interface Queue {
  run<Result>(job: () => Promise<Result>): Promise<Result>;
  /** Resolves when nothing that was queued before is left. */
  idle(): Promise<void>;
}

export function createQueue(): Queue {
  let tail: Promise<void> = Promise.resolve();
  return {
    run(job) {
      const result = tail.then(job);
      tail = result.then(ignore, ignore);
      return result;
    },
    idle: () => tail,
  };
}

/** A queue per key; a key nobody waits for takes no memory. */
export interface Turns {
  run<Result>(key: string, job: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  const lines = new Map<string, { readonly queue: Queue; waiting: number }>();
  return {
    async run(key, job) {
      const line = lines.get(key) ?? { queue: createQueue(), waiting: 0 };
      lines.set(key, line);
      line.waiting += 1;
      try {
        return await line.queue.run(job);
      } finally {
        line.waiting -= 1;
        if (line.waiting === 0) lines.delete(key);
      }
    },
  };
}

function ignore(): void {
  // The caller of `run` gets the result or the error; the queue only wants to know that the job is over.
}
