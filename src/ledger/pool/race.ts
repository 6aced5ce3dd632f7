import type { Deadlines } from "../deadlines.js";
import type { Asked } from "./ask-once.js";
import type { Member } from "./member.js";

/** undefined: late. */
export async function firstOf<Result>(
  running: ReadonlyMap<Member, Promise<Asked<Result>>>,
  patienceMs: number | undefined,
  { deadlines }: { readonly deadlines: Deadlines },
): Promise<Asked<Result> | undefined> {
  if (patienceMs === undefined) return Promise.race(running.values());
  let cancel = (): void => undefined;
  const late = new Promise<undefined>((resolve) => {
    cancel = deadlines.in(patienceMs, () => {
      resolve(undefined);
    });
  });
  const asked = await Promise.race([...running.values(), late]);
  cancel();
  return asked;
}

/** `AbortSignal.any` would leave a listener behind on a caller's long-lived signal. */
export function followSignal(signal: AbortSignal | undefined): {
  readonly stop: AbortController;
  readonly unlink: () => void;
} {
  const stop = new AbortController();
  const onAbort = (): void => {
    stop.abort();
  };
  if (signal?.aborted === true) stop.abort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    stop,
    unlink: () => {
      signal?.removeEventListener("abort", onAbort);
    },
  };
}
