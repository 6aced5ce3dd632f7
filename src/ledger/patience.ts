/** The longest delay that timers take; they treat a longer one as none. */
export const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * Watches one exchange's timeout and its caller's signal until it is disposed of. `AbortSignal.any` would leave a
 * listener behind on a caller's long-lived signal for each call.
 */
export function startPatience(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  onEnd: (kind: "too late" | "aborted") => void,
): () => void {
  const onAbort = (): void => {
    onEnd("aborted");
  };
  const timer = setTimeout(
    () => {
      onEnd("too late");
    },
    Math.min(Math.max(timeoutMs, 0), MAX_DELAY_MS),
  );
  signal?.addEventListener("abort", onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  };
}

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Resolves when the time is over or the signal aborts; never rejects. */
export const sleep: Sleep = (ms, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const dispose = startPatience(ms, signal, () => {
      dispose();
      resolve();
    });
  });
