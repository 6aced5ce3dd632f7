import { test } from "vitest";
import { createFacilitatorEngine } from "x402-nano/facilitator";
import { type EngineWorld, startEngineWorld } from "../support/engine-world.js";
import { storeKinds } from "../support/stores.js";
import type { WorldOptions } from "../support/world.js";

export type AttackOptions = Omit<WorldOptions, "wrapLedger" | "openStore">;

/**
 * One attack, on each store. In its world `other` is a second facilitator: with a store of its own on the same data
 * where the kind allows several, as two processes on one Redis have; else on the very same store.
 */
export function attack(title: string, body: (world: EngineWorld) => Promise<void>, options: AttackOptions = {}): void {
  for (const kind of storeKinds) {
    test(`${title} [${kind.name}]`, async () => {
      const place = await kind.createPlace();
      try {
        const world = await startEngineWorld({ ...options, openStore: (clock) => place.open(clock) });
        try {
          const store = await place.open(world.clock);
          world.onClose(() => store.close());
          await body({ ...world, other: createFacilitatorEngine({ ...world.facilitatorOptions, store }) });
        } finally {
          await world.close();
        }
      } finally {
        await place.remove();
      }
    });
  }
}
