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

/** One listener for each parent: hundreds of waits would each leave theirs on a long-lived signal, and Node warns of a leak. */
const followers = new WeakMap<AbortSignal, Set<AbortController>>();

/** A controller that follows `parent`; `AbortSignal.any` would leave a listener on the long-lived parent. */
export function linkedController(parent: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  if (parent.aborted) controller.abort();
  const linked = followers.get(parent) ?? listenTo(parent);
  linked.add(controller);
  return {
    controller,
    unlink: () => {
      linked.delete(controller);
    },
  };
}

function listenTo(parent: AbortSignal): Set<AbortController> {
  const linked = new Set<AbortController>();
  const abortAll = (): void => {
    for (const controller of linked) controller.abort();
  };
  parent.addEventListener("abort", abortAll, { once: true });
  followers.set(parent, linked);
  return linked;
}
