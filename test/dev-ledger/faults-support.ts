import { expect } from "vitest";

/** Holds once this many were spoiled, however busy the machine is. */
export async function reachesHits(faults: { readonly hits: number }, hits: number): Promise<void> {
  await expect.poll(() => faults.hits, { timeout: 20_000, interval: 5 }).toBe(hits);
}
