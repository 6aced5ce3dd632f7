import type { Deadlines } from "../deadlines.js";
import type { Closing } from "./closing.js";

export interface Until {
  readonly deadlines: Deadlines;
  /** undefined: as long as it takes. */
  readonly ms: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly closing?: Closing | undefined;
}

/** The first of them; undefined where something else was first. Leaves no timer and no listener behind. */
export async function firstOf<Value>(
  calls: Iterable<Promise<Value>>,
  { deadlines, ms, signal, closing }: Until,
): Promise<Value | undefined> {
  let stop = (): void => undefined;
  const stopped = new Promise<undefined>((resolve) => {
    stop = () => {
      resolve(undefined);
    };
  });
  signal?.addEventListener("abort", stop, { once: true });
  closing?.add(stop);
  const callOff = ms === undefined ? undefined : deadlines.in(ms, stop);
  try {
    return await Promise.race([...calls, stopped]);
  } finally {
    callOff?.();
    closing?.delete(stop);
    signal?.removeEventListener("abort", stop);
  }
}
