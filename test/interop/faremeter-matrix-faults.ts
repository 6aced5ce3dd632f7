/** A rejection that nobody handled: on Express 4 what a throw out of the middleware becomes, and the end of the process. */
export interface UnhandledRejections {
  /** `wait`, unless a rejection comes first: the request that caused it gets no answer on Express 4. */
  before<Result>(wait: Promise<Result>): Promise<Result>;
  readonly seen: readonly unknown[];
  stop(): void;
}

export function watchUnhandledRejections(): UnhandledRejections {
  const seen: unknown[] = [];
  const waiting = new Set<(reason: unknown) => void>();
  const listener = (reason: unknown): void => {
    seen.push(reason);
    for (const reject of waiting) reject(reason);
  };
  process.on("unhandledRejection", listener);
  return {
    seen,
    async before(wait) {
      let forget = (): void => undefined;
      const rejected = new Promise<never>((_resolve, reject) => {
        const tell = (cause: unknown): void => reject(new Error("a rejection that nobody handled", { cause }));
        waiting.add(tell);
        forget = () => waiting.delete(tell);
      });
      try {
        return await Promise.race([wait, rejected]);
      } finally {
        forget();
      }
    },
    stop: () => process.off("unhandledRejection", listener),
  };
}
