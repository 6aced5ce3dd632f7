import type { Sleep } from "../ledger/index.js";

/** Waits for whichever comes first: the event, the time, or the abort. A timer that was not needed is called off. */
export async function waitForEither(event: Promise<unknown>, ms: number, sleep: Sleep, abort: AbortSignal) {
  const over = linkedController(abort);
  try {
    await Promise.race([event, sleep(ms, over.controller.signal)]);
  } finally {
    over.controller.abort();
    over.unlink();
  }
}

/** A controller that follows `parent`; `AbortSignal.any` would leave a listener on the long-lived parent. */
export function linkedController(parent: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const follow = (): void => {
    controller.abort();
  };
  if (parent.aborted) controller.abort();
  parent.addEventListener("abort", follow, { once: true });
  return {
    controller,
    unlink: () => {
      parent.removeEventListener("abort", follow);
    },
  };
}
