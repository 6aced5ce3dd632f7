import { test } from "vitest";
import { createFacilitatorEngine, type FacilitatorOptions } from "x402-nano/facilitator";
import type { RedemptionStore } from "../../src/store/port.js";
import { type EngineWorld, startEngineWorld } from "./engine-world.js";
import { type StoreKind, storeKinds } from "./stores.js";
import type { WorldOptions } from "./world.js";

export type StoreWorldOptions = Omit<WorldOptions, "wrapLedger" | "openStore">;

export interface StoreWorld extends EngineWorld {
  /** What `other` was made of, for a second host in front of the second facilitator. */
  readonly otherOptions: FacilitatorOptions;
  /** An empty store of the same kind, born now. Closed with the world. */
  createEmptyStore(): Promise<RedemptionStore>;
}

/**
 * One test, on each store. In its world `other` is a second facilitator: with a store of its own on the same data
 * where the kind allows several, as two processes on one Redis have; else on the very same store.
 */
export function onEachStore(
  title: string,
  body: (world: StoreWorld) => Promise<void>,
  options: StoreWorldOptions = {},
): void {
  for (const kind of storeKinds) {
    test(`${title} [${kind.name}]`, async () => {
      const place = await kind.createPlace();
      try {
        const world = await startEngineWorld({ ...options, openStore: (clock) => place.open(clock) });
        try {
          const store = await place.open(world.clock);
          world.onClose(() => store.close());
          const otherOptions = { ...world.facilitatorOptions, store };
          await body({
            ...world,
            other: createFacilitatorEngine(otherOptions),
            otherOptions,
            createEmptyStore: () => createEmptyStore(kind, world),
          });
        } finally {
          await world.close();
        }
      } finally {
        await place.remove();
      }
    });
  }
}

async function createEmptyStore(kind: StoreKind, { clock, onClose }: EngineWorld): Promise<RedemptionStore> {
  const place = await kind.createPlace();
  onClose(() => place.remove());
  const store = await place.open(clock);
  onClose(() => store.close());
  return store;
}
